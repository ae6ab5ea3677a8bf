"""Pictures that are coded smaller than they are: downscaled before, upscaled by integers behind.

Few bits are better spent on fewer pixels. The factor is in quarters: at 8 the sides are halved. Only upscaling has
to be the same everywhere; no file depends on how a picture was downscaled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...io.images import resized
from .model import Levels

UNSCALED, MOST_DOWNSCALED = 4, 64
STRIP = 64
"""Rows that are upscaled at once, so that memory does not grow with the picture."""
POSITION, TAP, KEPT = 10, 12, 4
"""Fraction bits of positions between pixels, of weights, and of the levels between the two directions."""


def downscaled_size(size: tuple[int, int], downscale: int) -> tuple[int, int]:
    """Height and width of what is coded of a picture."""
    height, width = (-(-UNSCALED * side // downscale) for side in size)
    return height, width


def downscaled(levels: Levels, downscale: int) -> Levels:
    """Return the picture (H, W, 3) that is coded, uint8 too."""
    height, width = downscaled_size(levels.shape[:2], downscale)
    if (height, width) == levels.shape[:2]:
        return levels
    return resized(levels, height, width)


def upscale(levels: Levels, size: tuple[int, int]) -> Levels:
    """Resize a picture (h, w, 3) to (H, W), uint8: each side by cubic convolution (Keys 1981, a = -3/4)."""
    if levels.shape[:2] == size:
        return levels
    (rows, down), (columns, across) = (_taps(*sides) for sides in zip(levels.shape[:2], size, strict=True))
    out = np.empty((*size, levels.shape[2]), np.uint8)
    for first in range(0, size[0], STRIP):
        part = slice(first, first + STRIP)
        high = _sum(levels, rows[:, part], down[:, part], TAP - KEPT)
        wide = _sum(high.swapaxes(0, 1), columns, across, TAP + KEPT)
        out[part] = wide.swapaxes(0, 1).clip(0, 255)
    return out


def _sum(
    levels: NDArray[Any], positions: NDArray[np.intp], weights: NDArray[np.int32], shift: int
) -> NDArray[np.int32]:
    """Weighted sums of four rows each, rounded to 2^shift."""
    total = sum(weight[:, None, None] * levels[position] for position, weight in zip(positions, weights, strict=True))
    return np.asarray((total + (1 << shift >> 1)) >> shift)


def _taps(old: int, new: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Return the four pixels of `old` under each of `new`, and their weights in units of 2^-12, (4, new)."""
    centres = (2 * np.arange(new, dtype=np.int64) + 1) * old - new
    base, between = np.divmod(centres, 2 * new)
    d = (between << POSITION) // (2 * new)
    one = 1 << POSITION
    far, near, last = _outer(d + one), _inner(one - d), _outer(2 * one - d)
    weights = np.stack([far, (1 << TAP) - far - near - last, near, last])
    positions = base + np.arange(-1, 3)[:, None]
    return positions.clip(0, old - 1), weights.astype(np.int32)


def _inner(d: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the weight of a pixel at a distance up to 1."""
    return _rounded(5 * d**3 - (9 * d**2 << POSITION) + (4 << 3 * POSITION))


def _outer(d: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the weight of a pixel at a distance from 1 to 2."""
    return _rounded(-3 * d**3 + (15 * d**2 << POSITION) - (24 * d << 2 * POSITION) + (12 << 3 * POSITION))


def _rounded(quadruple: NDArray[np.int64]) -> NDArray[np.int64]:
    """Four times a number in units of 2^-30, in units of 2^-12."""
    shift = 3 * POSITION + 2 - TAP
    return (quadruple + (1 << shift >> 1)) >> shift
