"""Analysis and synthesis transform of the photo family, in bands of rows that bound the memory.

A band is computed with the rows around it that its values depend on, so that pictures do not depend on the bands.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...exact.backend import Array
from .model import HYPER_PATCH, PATCH, PhotoModel

Levels = NDArray[np.uint8]
Progress = Callable[[int, int], None]
"""Callback with the rows done since the last call, and the number of all."""
BAND, ANALYSIS_BAND = 1 << 21, 1 << 22
"""Pixels of a band of the synthesis, and of the analysis, which reads further and cannot drop rows on the way."""


def padded(levels: Levels) -> Levels:
    """Return a picture (H, W, 3) with its last row and column repeated to sides that are multiples of 64."""
    below, beside = (-side % HYPER_PATCH for side in levels.shape[:2])
    return np.pad(levels, ((0, below), (0, beside), (0, 0)), mode="edge")


def analyse(model: PhotoModel, levels: Levels) -> Array:
    """Return the latents y (L, H / 16, W / 16) of a padded picture (H, W, 3), float32: they stay below 2^20."""
    height, width = levels.shape[:2]
    out = model.ops.empty((sum(model.slices), height // PATCH, width // PATCH), False)
    halo = PATCH * -(-model.analysis.halo()[0] // PATCH)
    for top, bottom in _bands(height, width, PATCH, ANALYSIS_BAND):
        first, last = max(0, top - halo), min(height, bottom + halo)
        x = np.ascontiguousarray(levels[first:last].transpose(2, 0, 1)).astype(np.float32) - 128
        deep = model.analysis(model.ops.load(x, False))
        flat = model.linear(model.ops.load(x[:, top - first : bottom - first], False))
        rows = slice((top - first) // PATCH, (bottom - first) // PATCH)
        out[:, top // PATCH : bottom // PATCH] = deep[:, rows]
        out[:, top // PATCH : bottom // PATCH] += flat
    return out


def synthesise(
    model: PhotoModel, values: Array, level: int, size: tuple[int, int], progress: Progress | None = None
) -> Levels:
    """Return the picture (H, W, 3) of rounded latents.

    Args:
        model: the model.
        values: rounded latents in sixteenths of a step, (L, h, w).
        level: of quality, 0 ... 255.
        size: height and width of the picture, which the grid may exceed.
        progress: Callback with rows.
    """
    ops = model.ops
    out = np.empty((*size, 3), np.uint8)
    rows, columns = values.shape[1:]
    halo = model.synthesis.halo()[0]
    for top, bottom in _bands(rows * PATCH, columns * PATCH, PATCH, BAND):
        start, end = top // PATCH, bottom // PATCH
        first, last = max(0, start - halo), min(rows, end + halo)
        v = model.inverse(ops, values[:, first:last], level)
        flat = model.synthesis_linear(v[:, start - first : end - first], level)
        deep = model.synthesis.rows(v, level, start - first, end - first)
        deep += flat
        ops.scale(deep, 2.0**-model.picture_shift, 128.5, deep)
        ops.round_down(deep)
        ops.clip(deep, 0, 255, deep)
        count = min(bottom, size[0]) - top
        if count > 0:
            out[top : top + count] = ops.to_numpy(ops.permute(deep[:, :count, : size[1]], (1, 2, 0)))
            if progress:
                progress(count, size[0])
    return out


def _bands(height: int, width: int, unit: int, pixels: int) -> list[tuple[int, int]]:
    """Bands of rows of about so many pixels, their borders multiples of `unit`, all of about one height."""
    count = max(1, round(height * width / pixels))
    step = unit * max(1, -(-height // (count * unit)))
    return [(top, min(height, top + step)) for top in range(0, height, step)]
