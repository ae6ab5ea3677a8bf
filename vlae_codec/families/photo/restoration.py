"""The restoration filter: a symmetric Wiener filter that the sender fits to one picture, as AV1's loop restoration.

With L = red + 2 green + blue of the synthesised levels x and the offsets o_k of the 12 pixels before the middle of a
square of 5 x 5, row by row, a level x_c at p becomes

    x_c(p) + (sum over k of a_k (L(p + o_k) + L(p - o_k) - 2 L(p)) + m_c (x_c(p) - 128) + 64 b_c + 2^9) >> 10

clamped to 0 ... 255. The 18 numbers are bytes of a file: a (12), m (red, green, blue), b (likewise), each signed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .transform import Levels

Maps = NDArray[np.int32]
OFFSETS = tuple((row, column) for row in range(-2, 1) for column in range(-2, 3) if (row, column) < (0, 0))
REACH = 2
SHIFT = 10
TAPS, SIZE = len(OFFSETS), len(OFFSETS) + 6
OFFSET_UNIT = 64
"""Of b: sixteenths of a level."""
PIXELS = 1 << 17
"""Pixels that are filtered at once."""


def restore(levels: Levels, data: bytes) -> None:
    """Filter a picture (H, W, 3) in place.

    Args:
        levels: the synthesised picture, overwritten.
        data: the SIZE bytes of a file.
    """
    taps, gains, offsets = np.split(np.frombuffer(data, np.int8).astype(np.int32), [TAPS, TAPS + 3])
    above = None
    for top, bottom, rows in _parts(levels):
        if above is not None:
            rows[:REACH] = above  # rows that are filtered already, as they were
        above = rows[bottom - top : bottom - top + REACH].copy()
        moves = (int(tap) * one for tap, one in zip(taps, _differences(rows), strict=True) if tap)
        change = np.asarray(sum(moves))
        part = levels[top:bottom].astype(np.int32)
        change = change[..., None] + gains * (part - 128) + (OFFSET_UNIT * offsets + (1 << SHIFT - 1))
        levels[top:bottom] = (part + (change >> SHIFT)).clip(0, 255)


def fitted(levels: Levels, original: Levels) -> tuple[bytes, float]:
    """Return the bytes of the filter that brings a picture nearest to its original, and the squared error saved.

    Args:
        levels: the synthesised picture (H, W, 3).
        original: of the same shape.
    """
    gram, target = np.zeros((SIZE, SIZE)), np.zeros(SIZE)
    for top, bottom, rows in _parts(levels):
        part = levels[top:bottom].astype(np.float64).reshape(-1, 3)
        left = original[top:bottom].reshape(-1, 3) - part
        common = np.stack([one.ravel() for one in _differences(rows)], 1).astype(np.float64)
        for channel in range(3):
            columns = [*range(TAPS), TAPS + channel, TAPS + 3 + channel]
            own = np.stack([part[:, channel] - 128, np.full(len(part), float(OFFSET_UNIT))], 1)
            terms = np.concatenate([common, own], 1) / (1 << SHIFT)
            gram[np.ix_(columns, columns)] += terms.T @ terms
            target[columns] += terms.T @ left[:, channel]
    nearest = np.rint(np.linalg.lstsq(gram, target, rcond=1e-9)[0]).clip(-128, 127)
    return nearest.astype(np.int8).tobytes(), float(2 * nearest @ target - nearest @ gram @ nearest)


def _parts(levels: Levels) -> Iterator[tuple[int, int, Maps]]:
    """Yield the first and the last row of parts of a picture, and L of these rows with two on each side, int32."""
    height, width = levels.shape[:2]
    step = max(REACH, PIXELS // width)
    for top in range(0, height, step):
        bottom = min(height, top + step)
        rows = np.arange(top - REACH, bottom + REACH).clip(0, height - 1)
        part = levels[rows].astype(np.int32)
        yield top, bottom, np.pad(part[..., 0] + 2 * part[..., 1] + part[..., 2], ((0, 0), (REACH, REACH)), "edge")


def _differences(rows: Maps) -> Iterator[Maps]:
    """Yield L(p + o) + L(p - o) - 2 L(p) of all pixels but for a margin, offset by offset."""
    height, width = (side - 2 * REACH for side in rows.shape)

    def moved(row: int, column: int) -> Maps:
        return rows[REACH + row : REACH + row + height, REACH + column : REACH + column + width]

    middle = 2 * moved(0, 0)
    for row, column in OFFSETS:
        yield moved(row, column) + moved(-row, -column) - middle
