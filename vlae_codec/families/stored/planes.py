"""Samples of a picture in planes, in the order in which they are predicted, and what is known around each of them.

Sample (c, r, x), of plane c, is coded at step t = x + SLANT r + DELAY c: with it lines of all planes, and behind each
line of a plane those of the planes before it run so far ahead that samples below and to the right are known there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...coding.wavefront import Wavefront
from ...io.images import Pixels

SLANT, DELAY = 2, 5
"""Steps by which a row runs behind the row above it, and a plane behind the one before it."""
COST = 4
"""Of a step and a pixel, as times that of palettes."""
ABOVE, BELOW, BESIDE = 4, 2, 6
"""Rows and columns of a plane's border, which repeats the samples next to it."""
WEST, NORTH = (0, -1), (-1, 0)
_OWN = (
    (-1, -1), (-1, 1), (0, -2), (-2, 0), (-2, 1), (-1, -2), (-2, -1), (-2, 2), (0, -3), (-3, 0), (-2, -2), (-3, 1),
    (0, -4), (-3, -1), (-1, -3), (-3, 2), (-2, 3), (-3, 3), (-2, -3), (-4, 0), (-3, -2), (0, -5), (-4, 1),
)  # fmt: skip
_OTHER = ((0, 0), WEST, (0, 1), (1, 0), (-1, 1), (-1, -1), (1, 1), (1, -1))


def _own(first: int, end: int) -> list[tuple[int, int, int]]:
    return [(0, *place) for place in _OWN[first:end]]


def _other(plane: int, first: int, end: int) -> list[tuple[int, int, int]]:
    return [(plane, *place) for place in _OTHER[first:end]]


NEIGHBOURS = (
    [(0, *WEST), *_own(0, 23)],
    [(0, *WEST), *_other(1, 0, 2), *_own(0, 2), *_other(1, 2, 4), *_own(2, 4), *_other(1, 4, 7), *_own(4, 10),
     *_other(1, 7, 8), *_own(10, 15)],
    [(0, *WEST), (1, 0, 0), (2, 0, 0), (1, *WEST), (2, *WEST), *_own(0, 2), *_other(1, 2, 4), *_other(2, 2, 4),
     *_own(2, 7), *_other(1, 4, 8), *_other(2, 4, 8)],
)  # fmt: skip
"""Neighbours of a sample of the first, the second and a later plane, nearest first: planes before, rows and columns."""
FEATURES = len(NEIGHBOURS[0])

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Part(NamedTuple):
    """The samples of a line that are of one plane.

    Attributes:
        plane: which.
        first, end: their rows, from the one to before the other.
        where: where they are in the line.
    """

    plane: int
    first: int
    end: int
    where: slice


class Line(NamedTuple):
    """The samples of a step, (N,), those of each plane from the top.

    Attributes:
        time: number of the step.
        parts: of the planes that have samples in it.
        planes: the plane of each sample.
        at: where it is in flat planes.
    """

    time: int
    parts: list[Part]
    planes: Indices
    at: Indices


class Planes:
    """Samples, (C, rows, columns), with borders.

    Args:
        count, height, width: C, and the sizes of a plane without its border.
    """

    def __init__(self, count: int, height: int, width: int) -> None:
        self.count, self.front = count, Wavefront(height, width, SLANT, COST)
        self.samples = np.zeros((count, ABOVE + height + BELOW, width + 2 * BESIDE), np.uint8)
        self.stride = width + 2 * BESIDE
        self.size = (ABOVE + height + BELOW) * self.stride
        self._flat = self.samples.reshape(-1)
        offsets = np.array([[self._offset(*one) for one in NEIGHBOURS[min(plane, 2)]] for plane in range(count)])
        self._offsets = offsets[:, :, None]
        self._before = np.array([[one[0] for one in NEIGHBOURS[min(plane, 2)]] for plane in range(count)])
        self._sides = np.array([[[self._offset(before, *side)] for before in range(3)] for side in (WEST, NORTH)])

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.front.steps + DELAY * (self.count - 1)

    @property
    def inside(self) -> Pixels:
        """Return the samples without borders, (C, H, W)."""
        return self.samples[:, ABOVE : ABOVE + self.front.height, BESIDE : BESIDE + self.front.width]

    def line(self, time: int) -> Line:
        """Return the samples of a step; there may be none, as of pictures of a column."""
        parts, at, start = list[Part](), [np.empty(0, np.int64)], 0
        for plane in range(self.count):
            own = time - DELAY * plane
            first, end = self.front.rows(own)
            if end > first:
                rows = np.arange(first, end)
                at.append(rows * (self.stride - SLANT) + (plane * self.size + ABOVE * self.stride + BESIDE + own))
                parts.append(Part(plane, first, end, slice(start, start + end - first)))
                start += end - first
        planes = np.repeat([part.plane for part in parts], [part.end - part.first for part in parts])
        return Line(time, parts, planes, np.concatenate(at))

    def take(self, line: Line) -> Indices:
        """Return the samples of a line, (N,)."""
        return self._flat.take(line.at).astype(np.int64)

    def near(self, line: Line, before: int, place: tuple[int, int]) -> Indices:
        """Return the samples beside those of a line, in as many planes before; 0 where there is no such plane."""
        found = self._flat.take(line.at + self._offset(before, *place), mode="clip").astype(np.int64)
        return found if before == 0 else np.where(line.planes >= before, found, 0)

    def base(self, line: Line) -> Floats:
        """Return the sums of the samples to the west and to the north of a line's, (N,)."""
        return (self.near(line, 0, WEST) + self.near(line, 0, NORTH)).astype(np.float64)

    def features(self, line: Line) -> Floats:
        """Return twice the neighbours less such sums in the neighbours' planes, (FEATURES, N)."""
        found = np.empty((FEATURES, len(line.at)))
        for part in line.parts:
            at, own = line.at[part.where], found[:, part.where]
            np.multiply(self._flat.take(self._offsets[part.plane] + at), 2.0, out=own)
            sides = self._flat.take(self._sides[:, : part.plane + 1] + at)
            own -= sides.sum(axis=0, dtype=np.float64).take(self._before[part.plane], axis=0)
        return found

    def write(self, line: Line, samples: Indices) -> None:
        """Store the samples of a line, and repeat those at an edge in the border."""
        self._flat[line.at] = samples
        height, width = self.front.height, self.front.width
        for plane, first, end, _ in line.parts:
            picture, own = self.samples[plane], line.time - DELAY * plane
            if own == SLANT * (end - 1):
                row = ABOVE + end - 1
                picture[row + 1, :BESIDE] = picture[row, :BESIDE] = picture[row, BESIDE]
                if end == 1:
                    picture[:ABOVE, : BESIDE + 1] = picture[row, BESIDE]
            if own - SLANT * first == width - 1:
                picture[ABOVE + first, BESIDE + width :] = picture[ABOVE + first, BESIDE + width - 1]
            if first == 0:
                column = BESIDE + own
                picture[:ABOVE, column + 1 : column + 4] = picture[ABOVE, column]
            if end == height:
                column = BESIDE + own - SLANT * (height - 1)
                picture[ABOVE + height :, column] = picture[ABOVE + height - 1, column]

    def _offset(self, before: int, row: int, column: int) -> int:
        return -before * self.size + row * self.stride + column
