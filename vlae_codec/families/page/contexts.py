"""The causal neighbourhood of pixels on a line of the wavefront, and what was counted in it.

Pixel (r, x) is coded at step t = x + SLANT r, so that the pixels of a step lie on a line, one in each row, and know the
rows above up to SLANT - 1 columns further to the right. A row's last 32 pixels are the bits of one number, the newest
the lowest bit: the neighbourhoods of all pixels of a line are slices of one array.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Bits = NDArray[np.uint8]

SLANT = 4
"""Steps by which a row runs behind the row above it."""
ROWS = 9
"""Rows of a neighbourhood, the pixel's own first."""
REACH = 7
"""The most columns to the right of the pixel that a neighbourhood has."""
SHIFTS = np.array([max(0, SLANT * row - 1 - REACH) for row in range(ROWS)], np.uint32)[:, None]
"""Newest pixels of each row above that lie beyond the reach."""
NEAR = ((0, 4), (0, 7), (4, 7), (9, 4))
"""First bit and number of bits, in the pixel's row and the three above, that decide whether a neighbourhood is flat."""
ALL_NEAR = np.uint32((1 << sum(count for _, count in NEAR)) - 1)
FAR = ((0,), (1,), (2,), (3, 4), (5, 6, 7))
"""Groups of rows; whether any of a group's 32 pixels has another colour distinguishes the flat contexts."""
FLAT = 2 << len(FAR)
"""Flat contexts: of paper, then of ink."""
HASH_BITS = 20
"""Logarithm of the cells that a template's contexts are hashed to."""
FACTORS = np.array(
    [0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB55A4F09, 0x4CF5AD43],
    np.uint32,
)[:, None]
"""Odd factors of the rows in a hash."""
MOST = 250
"""The most pixels that a cell counts: beyond, its counts are halved."""


class Rows:
    """The rows of a picture in the making.

    Args:
        height: rows of the picture.
    """

    def __init__(self, height: int) -> None:
        self._words = np.zeros(height + ROWS, np.uint32)

    def flat(self, first: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which pixels of a line have no flat neighbourhood, and the flat context of each of the others.

        Args:
            first: row of the first pixel.
            end: row behind that of the last one.
        """
        rows = [self._words[first + ROWS - row : end + ROWS - row] for row in range(ROWS - 1)]
        near = rows[0] & np.uint32((1 << NEAR[0][1]) - 1)
        place = NEAR[0][1]
        for (start, count), row in zip(NEAR[1:], rows[1:4], strict=True):
            field = row & np.uint32(((1 << count) - 1) << start)
            near |= field << np.uint32(place - start) if place >= start else field >> np.uint32(start - place)
            place += count
        near -= np.uint32(1)  # flat ones are the largest number now, or ALL_NEAR - 1
        active = np.flatnonzero(near < ALL_NEAR - np.uint32(1))
        ink = near == ALL_NEAR - np.uint32(1)
        colour = np.negative(ink.view(np.uint8).astype(np.uint32))
        context = ink.astype(np.int64) << len(FAR)
        for number, group in enumerate(FAR):
            other = rows[group[0]] ^ colour
            for further in group[1:]:
                other |= rows[further] ^ colour
            context |= (other != 0).astype(np.int64) << number
        return active, context

    def near(self, rows: NDArray[np.int64]) -> Words:
        """Return the neighbourhoods of the pixels of a line in some rows, (ROWS, N), shifted by `SHIFTS`."""
        found: Words = self._words.take(rows + (ROWS - np.arange(ROWS)[:, None]))
        found >>= SHIFTS
        return found

    def push(self, first: int, end: int, pixels: Bits) -> None:
        """Append the pixels of a line to their rows; rows that have ended get paper."""
        self._words[max(0, first) : first + ROWS] <<= np.uint32(1)
        line = self._words[first + ROWS : end + ROWS]
        line <<= np.uint32(1)
        line |= pixels


class Counts:
    """How often each colour followed a context, for each of some templates.

    Args:
        templates: the bits of each row of the neighbourhood that make a context, (T, ROWS).
    """

    def __init__(self, templates: Words) -> None:
        self._masks = templates[:, :, None]
        self._starts = np.arange(len(templates), dtype=np.int64)[:, None] << HASH_BITS
        self._cells = np.zeros(len(templates) << HASH_BITS, np.uint32)  # ink in the high half, paper in the low one

    def cells(self, near: Words) -> NDArray[np.int64]:
        """Return the cell of each template for each neighbourhood, (T, N)."""
        hashed = ((near & self._masks) * FACTORS).sum(axis=1, dtype=np.uint32)
        hashed >>= np.uint32(32 - HASH_BITS)
        found: NDArray[np.int64] = hashed + self._starts
        return found

    def of(self, cells: NDArray[np.int64]) -> Words:
        """Return how often paper and ink followed, (2 T, N)."""
        found = self._cells.take(cells)
        return np.concatenate([found & np.uint32(0xFFFF), found >> np.uint32(16)])

    def add(self, cells: NDArray[np.int64], pixels: Bits) -> None:
        """Count the pixels (N,); what exceeds `MOST` afterwards is halved once, each of the two rounded up."""
        units = np.where(pixels, np.uint32(1 << 16), np.uint32(1))
        np.add.at(self._cells, cells.reshape(-1), np.tile(units, len(cells)))
        found = self._cells.take(cells)
        full = (found & np.uint32(0xFFFF)) + (found >> np.uint32(16)) > MOST
        if full.any():
            self._cells[cells[full]] = (found[full] + np.uint32(0x10001)) >> np.uint32(1) & np.uint32(0xFFFF7FFF)
