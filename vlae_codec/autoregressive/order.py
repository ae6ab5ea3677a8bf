"""The order in which a local decoder can draw pixels, and the plainest way to draw them (design D7).

. . . . 6 7 8      window: 3 rows above, 3 columns to each side. A pixel in row r and column c
. . . . . . .      may be drawn at step t = c + s r, with s = 1 + columns to the right, because
0 1 2 3 4 5 6      all of its window has a smaller t: the pixels of one slanted line need each
row 1: 4 5 6 ...   other for nothing and are drawn together, for all images of the batch.

`engine` draws in this order; `benchmarks.plain_drawing` has a definition to read and to test it against.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Window(NamedTuple):
    """The pixels that the decoder reads: whole rows above, and to the left in its own row."""

    above: int
    left: int
    right: int

    def offsets(self) -> list[tuple[int, int]]:
        """Offsets (row, column) from the pixel drawn, in raster order."""
        rows = [(-r, c) for r in range(self.above, 0, -1) for c in range(-self.left, self.right + 1)]
        return rows + [(0, c) for c in range(-self.left, 0)]

    @property
    def slant(self) -> int:
        """Steps by which a row runs behind the row above it."""
        return self.right + 1 if self.above else 0


class Step(NamedTuple):
    """Pixels that are drawn together: their rows and columns, int64 (P,) each."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


@dataclass(frozen=True)
class Diagonal:
    """A step as a line: the pixels (r, time - slant r) for r = first ... first + count - 1."""

    time: int
    first: int
    count: int
    slant: int

    def pixels(self) -> Step:
        """Yield the pixels one by one."""
        rows = np.arange(self.first, self.first + self.count, dtype=np.int64)
        return Step(rows, self.time - self.slant * rows)

    def parts(self, most: int) -> Iterator[Diagonal]:
        """Yield pieces of about equal length, at most `most` pixels each, that make up the line."""
        pieces = -(-self.count // most)
        if pieces == 1:
            yield self
            return
        cuts = [self.count * index // pieces for index in range(pieces + 1)]
        for start, end in itertools.pairwise(cuts):
            yield Diagonal(self.time, self.first + start, end - start, self.slant)


def diagonals(height: int, width: int, slant: int) -> Iterator[Diagonal]:
    """Yield the lines t = column + slant * row of an image in the order of t, those outside it left out.

    Any slant of at least `Window.slant` keeps each pixel behind its window; with slant = width the
    lines are single pixels in raster order.
    """
    for time in range(width + slant * (height - 1)):
        first = max(0, -(-(time - width + 1) // slant)) if slant else 0
        last = min(height - 1, time // slant) if slant else height - 1
        if first <= last:
            yield Diagonal(time, first, last - first + 1, slant)
