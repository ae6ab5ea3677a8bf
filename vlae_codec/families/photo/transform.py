"""Analysis and synthesis transform of the photo family, in bands of rows that bound the memory.

Pictures do not depend on the bands: the rows that a band does not settle come with the next one (`exact.flow`).
Latents have a margin of one position of zeros on all sides, (L, H / 16 + 2, W / 16 + 2), which the prior reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ...exact.backend import Array
from ...exact.flow import Flow
from ..result import Progress
from .model import HYPER_PATCH, PATCH, PhotoModel

Levels = NDArray[np.uint8]
BAND = 1 << 19
"""Pixels of a band: some 70 bytes each are in memory at once."""


def padded(levels: Levels) -> Levels:
    """Return a picture (H, W, 3) with its last row and column repeated to sides that are multiples of 64."""
    below, beside = (-side % HYPER_PATCH for side in levels.shape[:2])
    return np.pad(levels, ((0, below), (0, beside), (0, 0)), mode="edge")


def grid(size: tuple[int, int]) -> tuple[int, int]:
    """Return the rows and columns of the latents of a picture of a height and width."""
    rows, columns = (-(-side // HYPER_PATCH) * (HYPER_PATCH // PATCH) for side in size)
    return rows, columns


def framed(model: PhotoModel, rows: int, columns: int) -> Array:
    """Return zeros for the latents of a grid, with their margin."""
    return model.ops.zeros((sum(model.slices), rows + 2, columns + 2), False)


def analyse(model: PhotoModel, levels: Levels) -> Array:
    """Return the latents y of a picture (H, W, 3), with their margin, float32: they stay below 2^20."""
    ops, out = model.ops, framed(model, *grid(levels.shape[:2]))
    # Of a thin picture one row or column of latents has all there is; the others repeat it, as they would its pixels.
    rows, columns = (
        1 if side <= PATCH else positions for side, positions in zip(levels.shape, grid(levels.shape[:2]), strict=False)
    )
    inner, flow, settled = out[:, 1:-1, 1:-1], Flow(model.analysis), 0
    for top, bottom in bands(rows, PATCH**2 * columns):
        samples = repeated(levels, PATCH * top, PATCH * bottom, PATCH * columns).astype(np.float32)
        samples -= 128
        x = ops.load(samples.transpose(2, 0, 1), False)
        inner[:, top:bottom] = Flow(model.linear).push(x, True)
        deep = flow.push(x, bottom == rows)
        inner[:, settled : settled + deep.shape[1]] += deep
        settled += deep.shape[1]
    inner[:, rows:, :columns] = inner[:, rows - 1 : rows, :columns]
    inner[:, :, columns:] = inner[:, :, columns - 1 : columns]
    return out


def repeated(levels: Levels, top: int, bottom: int, width: int) -> Levels:
    """Return rows of a picture (H, W, 3), to so many columns, its last row and column repeated."""
    found = levels[min(top, len(levels) - 1) : bottom]
    spread = ((0, bottom - top - len(found)), (0, width - found.shape[1]), (0, 0))
    return np.pad(found, spread, mode="edge")


def synthesise(
    model: PhotoModel,
    latents: Array,
    level: int,
    size: tuple[int, int],
    progress: Progress | None = None,
    prepare: Callable[[Array], Array] | None = None,
) -> Levels:
    """Return the picture (H, W, 3) of rounded latents.

    Args:
        latents: rounded latents in sixteenths of a step, with their margin.
        level: of quality, 0 ... 255.
        size: height and width of the picture, which the grid may exceed.
        progress: Callback with rows.
        prepare: makes such latents of a band of those given.
    """
    ops, out, done = model.ops, np.empty((*size, 3), np.uint8), 0
    rows, columns = latents.shape[1] - 2, latents.shape[2] - 2
    deep, linear = (Flow(one, level, wanted=size) for one in (model.synthesis, model.synthesis_linear))
    waiting = None
    for top, bottom in bands(rows, PATCH**2 * columns):
        part = latents[:, 1 + top : 1 + bottom, 1:-1]
        v = model.inverse(ops, prepare(part) if prepare else part, level)
        flat = linear.push(v, bottom == rows)
        waiting = flat if waiting is None else ops.join(waiting, flat)
        band = deep.push(v, bottom == rows)
        settled = band.shape[1]
        band += waiting[:, :settled, : band.shape[2]]
        waiting = ops.copy(waiting[:, settled:])
        ops.scale(band, 2.0**-model.picture_shift, 128.5, band)
        ops.round_down(band)
        ops.clip(band, 0, 255, band)
        count = max(0, min(settled, size[0] - done))
        out[done : done + count] = ops.to_numpy(ops.permute(band[:, :count, : size[1]], (1, 2, 0)))
        done += settled
        if progress and count:
            progress(count, size[0])
    return out


def bands(rows: int, row: int) -> Iterator[tuple[int, int]]:
    """Yield bands of rows of a grid, each row of so many pixels: where they start and end."""
    step = max(1, BAND // row)
    for top in range(0, rows, step):
        yield top, min(rows, top + step)
