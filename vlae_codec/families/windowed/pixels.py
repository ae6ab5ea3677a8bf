"""Pictures given z: the base reconstruction, drawn ones with noise or held near it, and exact ones.

`pixels.levels` has the wavefront that all but the first take.
"""

from __future__ import annotations

import functools

import numpy as np

from ...autoregressive.engine import Load
from ...coding.binary_coder import Reader, Writer
from ...exact.arrays import Array, namespace
from ...pixels import levels as window_levels
from ...pixels.levels import COLD, COLOURS, MEAN_STEPS, PIXEL_SHIFT, Choose, Progress, Sampler, noise_rows
from ...pixels.logistic_mixture import Mixture
from .model import WIDTHS, FeatureRows, Integers, Levels, WindowedModel

MEAN_ROWS = 64
"""Rows of the base reconstruction that are made at once, in more memory than they are kept in."""
HELD = 4 * WIDTHS
"""Parts of a level without noise, of which the base reconstruction has as many as the number of the width."""


def base_reconstruction(model: WindowedModel, z: Integers, width: int, height: int, across: int) -> Levels:
    """Return the base reconstruction of z, drawn at once without the local decoder: uint8 (H, W, 3)."""
    rows = FeatureRows(model, z, width, across, noised=False)
    picture = np.empty((height, across, COLOURS), np.uint8)
    for first in range(0, height, model.patch):
        last = min(height, first + model.patch)
        picture[first:last] = model.to_numpy(_mean_rows(model, rows, first, last)) + 128
    return picture


def _mean_rows(model: WindowedModel, rows: FeatureRows, first: int, last: int) -> Array:
    """Rows of the base reconstruction, levels less 128, (rows, W, 3), float32."""
    features = rows(first, last)[:, :, :-1, 0]
    xp = namespace(features)
    parts = (features[row : row + MEAN_ROWS] for row in range(0, last - first, MEAN_ROWS))
    return xp.concat([xp.astype(model.base_reconstruction(xp.astype(part, xp.float64)), xp.float32) for part in parts])


def draw(
    model: WindowedModel,
    z: Integers,
    width: int,
    size: tuple[int, int],
    *,
    grey: bool = False,
    seed: int = 0,
    number: int = 0,
    temperature: float = 1.0,
    progress: Progress | None = None,
) -> Levels:
    """Return a picture of p(x|z), uint8 (H, W, 3).

    Args:
        model: the model.
        z: latents, (h, w, C).
        width: index of the quantisation step that z has.
        size: height and width of the picture.
        grey: draw one channel and repeat it.
        seed, number: decide the noise.
        temperature: of the noise; 1 is that of p(x|z), at 0 each level is near its distribution's mean.
        progress: called with the number of rows newly finished.
    """
    heat = round(COLD * temperature)
    features = FeatureRows(model, z, width, size[1], noised=True)
    choose: Choose
    if heat:
        choose, positions = Sampler(model, heat), noise_rows(model, size[1], seed, number)
    else:
        choose, positions = functools.partial(_held_mean, width), functools.partial(_mean_rows, model, features)
    return window_levels.draw(model, size, choose, features, positions, grey=grey, progress=progress)


def push_pixels(
    model: WindowedModel, writer: Writer, levels: Levels, z: Integers, width: int, grey: bool, progress: Progress | None
) -> None:
    """Write a picture's exact levels, uint8 (H, W, 3)."""
    features = _features_to_code(model, z, width, levels.shape[1])
    window_levels.push(model.coder, writer, levels, features, grey, progress)


def pop_pixels(
    model: WindowedModel,
    reader: Reader,
    size: tuple[int, int],
    z: Integers,
    width: int,
    grey: bool,
    progress: Progress | None,
) -> Levels:
    """Read a picture's exact levels, uint8 (H, W, 3)."""
    return window_levels.pop(model.coder, reader, size, _features_to_code(model, z, width, size[1]), grey, progress)


def _features_to_code(model: WindowedModel, z: Integers, width: int, columns: int) -> Load:
    """Features of known pixels, where these are coded."""
    rows = FeatureRows(model, z, width, columns, noised=False)
    return rows if model.coder is model else lambda first, last: model.to_numpy(rows(first, last))


def _held_mean(width: int, channel: int, outputs: Array, here: Array) -> Array:
    """Means of the distributions, held near the base reconstruction, the more the finer the width.

    A mean is a guess, and the next ones are made from it: without something to hold on to, errors grow along the way.
    """
    mean = Mixture.of(outputs, PIXEL_SHIFT).mean()
    both = (HELD - width) * mean + width * MEAN_STEPS * here[:, channel, None]
    return namespace(mean).floor((both + HELD * MEAN_STEPS // 2) / (HELD * MEAN_STEPS)).clip(-128, 127)
