"""The order in which a local decoder can draw pixels, and the plainest way to draw them (design D7).

. . . . 6 7 8      window: 3 rows above, 3 columns to each side. A pixel in row r and column c
. . . . . . .      may be drawn at step t = c + s r, with s = 1 + columns to the right, because
0 1 2 3 4 5 6      all of its window has a smaller t: the pixels of one slanted line need each
row 1: 4 5 6 ...   other for nothing and are drawn together, for all images of the batch.

`engine` has the fast engine for this order; `draw` below is the one to read and to test it against.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exact.arrays import Array
from ..exact.kernels import on_device_of, zeros


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
            yield replace(self, first=self.first + start, count=end - start)


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


def wavefront_steps(height: int, width: int, window: Window) -> Iterator[Step]:
    """Yield the steps that draw an image of height x width, every pixel once and after all of its window."""
    return (line.pixels() for line in diagonals(height, width, window.slant))


def raster_steps(height: int, width: int, window: Window) -> Iterator[Step]:
    """One pixel a step, row by row: the order of comparison."""
    return (line.pixels() for line in diagonals(height, width, width))


class Canvas:
    """Pictures in the making, with a border of zeros that every window stays inside.

    Args:
        batch, height, width: shape of the pictures.
        window: the decoder's window.
        like: an array whose namespace, device and dtype the pictures take.
    """

    def __init__(self, batch: int, height: int, width: int, window: Window, like: Array) -> None:
        above, left, right = window
        self.stride = width + left + right
        self.origin = above * self.stride + left
        self.height, self.width, self.window = height, width, window
        self.pixels = zeros((batch, (height + above) * self.stride), like)
        offsets = [r * self.stride + c for r, c in window.offsets()]
        self.offsets = on_device_of(np.array(offsets, np.int64), like)

    def positions(self, step: Step) -> Array:
        """Where the step's pixels lie in the padded rows, (P,)."""
        return on_device_of(self.origin + step.rows * self.stride + step.columns, self.offsets)

    def windows(self, positions: Array) -> Array:
        """Return the windows of these positions, (B, P, K)."""
        return self.pixels[:, positions[:, None] + self.offsets[None, :]]

    def picture(self) -> Array:
        """Return the pictures without their border, (B, H, W)."""
        rows = self.pixels.reshape(len(self.pixels), -1, self.stride)
        return rows[:, self.window.above :, self.window.left : self.window.left + self.width]


def draw(canvas: Canvas, steps: Iterator[Step], value: Callable[[Step, Array], Array]) -> Array:
    """Fill the canvas step by step; the pictures come back, (B, H, W). It holds them whole.

    Args:
        canvas: an empty canvas.
        steps: an order that `wavefront_steps` or `raster_steps` gave for the canvas.
        value: gives the pixels (B, P) of a step from their windows (B, P, K).
    """
    for step in steps:
        positions = canvas.positions(step)
        canvas.pixels[:, positions] = value(step, canvas.windows(positions))
    return canvas.picture()
