"""The search for the level of quality whose payload fills a number of bytes."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...errors import ImageError
from .coding import Coded
from .model import LEVELS

TRIALS = 8
"""The most runs of the entropy coder that a target may take."""
CLOSE = 0.98
"""Share of the target's bytes that is near enough."""

Code = Callable[[int], Coded]
"""Codes the latents of one picture at a level of quality."""


class Search:
    """Payloads of a picture by level, each coded but once.

    Args:
        code: codes it at a level.
        target: the most bytes of the file.
        room: those of them that the payload may have.
    """

    def __init__(self, code: Code, target: int, room: int) -> None:
        self.code, self.target, self.room = code, target, room
        self.found: dict[int, Coded] = {}

    def level(self, spare: int) -> int:
        """Return the best level whose payload leaves some bytes of its room to spare, or the coarsest.

        The logarithm of the bytes is nearly linear in the level: a search by secants in a shrinking bracket.

        Raises:
            ImageError: the coarsest one does not fit.
        """
        most = max(0, self.room - spare)
        sizes = {level: len(one.payload) for level, one in self.found.items()}
        low = max((level for level, size in sizes.items() if size <= most), default=-1)
        high = min((level for level in sizes if level > low), default=LEVELS)
        while len(sizes) < TRIALS and high - low > 1 and sizes.get(low, -1) < CLOSE * most:
            level = _next_level(sizes, low, high, most, len(sizes) >= TRIALS - 1) if sizes else LEVELS // 2
            sizes[level] = self._size(level)
            low, high = (level, high) if sizes[level] <= most else (low, level)
        if low >= 0:
            return low
        if (size := self._size(0)) > self.room:
            least = self.target - self.room + size
            raise ImageError(f"{self.target} bytes are too few for this picture: its coarsest file has {least}")
        return 0

    def _size(self, level: int) -> int:
        if level not in self.found:
            self.found[level] = self.code(level)
        return len(self.found[level].payload)


def _next_level(sizes: dict[int, int], low: int, high: int, most: int, last: bool) -> int:
    """Return a level between two: where the secant through the two nearest sizes meets the target."""
    nearest = sorted(sizes, key=lambda level: abs(math.log((sizes[level] + 1) / (most + 1))))[:2]
    slope = 0.018  # of the logarithm of the bytes by level, in the middle of the range
    if len(nearest) == 2 and nearest[0] != nearest[1]:
        a, b = (math.log(sizes[level] + 1) for level in nearest)
        slope = min(0.1, max(0.004, (a - b) / (nearest[0] - nearest[1])))
    start = nearest[0]
    # A little below the target: what fits can be kept, what does not is a wasted trial.
    aim = math.log((most + 1) * (0.97 if last else 0.99))
    guess = start + math.floor((aim - math.log(sizes[start] + 1)) / slope)
    return min(high - 1, max(low + 1, guess))
