"""What an error is worth at each position of the latents: texture hides errors that a smooth surface shows.

The worth falls with the variance of brightness there, as in the adaptive quantisation of video encoders, whose steps
grow with it. Here one step serves a whole picture, so that only what a sender chooses follows: more latents become 0 in
texture, fewer on smooth surfaces. The first slice, which has the lowest frequencies, is hidden by variation that is as
coarse.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .model import PATCH
from .transform import Levels, bands, grid, repeated

BLOCK = 4
"""Pixels of the side of blocks: variances within them are the fine variation, that of their means the coarse one."""
BLOCKS = PATCH // BLOCK
AROUND = 2
"""Blocks on each side of a position whose means count as well."""
BRIGHTNESS = (1 / 4, 1 / 2, 1 / 4)
"""Shares of red, green and blue."""
FLOOR = 30.0
"""Variance that is added, in squared levels: what is far below it hides nothing."""
EXPONENT = 0.4
"""Of one over the variance."""
LEAST, MOST = 0.4, 2.5
"""Bounds of the worth."""

Floats = NDArray[np.float64]


class Masking(NamedTuple):
    """What a squared error is worth at each position, about 1 in the mean, (rows, columns).

    Attributes:
        coarse: of the first slice of latents.
        fine: of the others.
    """

    coarse: Floats
    fine: Floats

    def of(self, part: int) -> Floats:
        """Return the worths of a slice."""
        return self.coarse if part == 0 else self.fine


def masking(levels: Levels) -> Masking:
    """Return what errors are worth in a picture (H, W, 3)."""
    rows, columns = grid(levels.shape[:2])
    means, fine, coarse = np.empty((rows * BLOCKS, columns * BLOCKS)), *np.empty((2, rows, columns))
    for top, bottom in bands(rows, PATCH**2 * columns):
        bright = repeated(levels, PATCH * top, PATCH * bottom, PATCH * columns) @ np.array(BRIGHTNESS)
        blocks = bright.reshape(bottom - top, BLOCKS, BLOCK, columns, BLOCKS, BLOCK)
        means[BLOCKS * top : BLOCKS * bottom] = blocks.mean((2, 5)).reshape(-1, columns * BLOCKS)
        fine[top:bottom] = np.log2(blocks.var((2, 5)) + FLOOR).mean((1, 3))
    side = BLOCKS + 2 * AROUND
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(means, AROUND, mode="edge"), (side, side))
    for row in range(rows):
        coarse[row] = np.log2(windows[BLOCKS * row, ::BLOCKS].var((1, 2)) + FLOOR)
    return Masking(_worth(coarse), _worth(fine))


def _worth(variation: Floats) -> Floats:
    """Return worths by the logarithms of variances."""
    return np.asarray(np.exp2(EXPONENT * (variation.mean() - variation)).clip(LEAST, MOST))
