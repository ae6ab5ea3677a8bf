"""Orders in which the pixels of a slanted line are coded together, each of them knowing the rows above and its left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

LONGEST, FRONTIER = 1 << 15, 64
"""Steps up to which no wavefront is long, and pixels for each of them from which on none is."""
FREE_PIXELS, PIXELS_A_BYTE = 1 << 20, 1 << 15
"""Pixels that take no byte, and those beyond that a byte pays for: a file of a few bytes must not cause much work."""
SHOWN = 64
"""Steps from one report of progress to the next."""


class Wavefront(NamedTuple):
    """The pixels (r, x) of a picture in steps t = x + slant r.

    Attributes:
        height, width: of the picture.
        slant: steps by which a row runs behind the row above it.
        cost: of a step and a pixel, as times that of the cheapest walk.
    """

    height: int
    width: int
    slant: int
    cost: int = 1

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.width + self.slant * (self.height - 1)

    @property
    def is_long(self) -> bool:
        """Whether it takes far longer than the area of the picture says, as through thin and high ones."""
        return self.cost * self.steps > LONGEST and self.height * self.width <= FRONTIER * self.steps

    @property
    def least_bytes(self) -> int:
        """The fewest bytes that its decisions may be coded in, whole words of 4: shorter ones are filled up."""
        return max(0, self.cost * self.height * self.width - FREE_PIXELS) // PIXELS_A_BYTE // 4 * 4

    def rows(self, time: int) -> tuple[int, int]:
        """Return the first row of a step and the one behind the last; there may be none."""
        return max(0, -(-(time - self.width + 1) // self.slant)), min(self.height - 1, time // self.slant) + 1

    def lines(self, progress: Callable[[int, int], object] | None = None) -> Iterator[tuple[int, int, int]]:
        """Yield each step with the first of its rows and the one behind the last, none where slant exceeds width.

        Args:
            progress: Callback with rows.
        """
        for time in times(self.steps, self.height, progress):
            yield time, *self.rows(time)


def times(steps: int, height: int, progress: Callable[[int, int], object] | None = None) -> Iterator[int]:
    """Yield 0 ... steps - 1, and report them as the rows of a picture of so much height.

    Args:
        progress: Callback with rows.
    """
    shown = 0
    for time in range(steps):
        yield time
        if progress and (time % SHOWN == 0 or time == steps - 1):
            done = height * (time + 1) // steps
            progress(done - shown, height)
            shown = done
