"""Pictures given z: drawn with noise, or exact ones through an entropy coder, both along the same wavefront.

A channel's distribution is a mixture over levels less 128; it reads the window, the features of z, and the channels of
the pixel that are drawn already. A grey picture has one channel in truth: the others are equal to the first and neither
drawn nor coded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, namespace
from ..captured import draw_captured
from ..frontier import Load, Shape, sweep
from ..in_place import on_device_of
from ..randomness import PIXEL_DOMAIN, philox
from ..tables import LOGISTIC_RANGE, load_tables
from .bits import Reader, Writer
from .logistic import LEVELS, Mixture, digits
from .model import COLOURS, WIDTHS, FeatureRows, Integers, Levels, PhotoModel

MEAN_STEPS = 32
"""Steps of a mean to a level."""
PIXEL_SHIFT = 7
"""Edges in 2^-5 levels times inverse scales in 2^-14 and 4 is in units of 2^-17; the table steps by 2^-10."""
COLD = 1024
"""A temperature of 1."""
MEAN_ROWS = 64
"""Rows of the mean picture that are made at once, in more memory than they are kept in."""
HELD = 4 * WIDTHS
"""Parts of a level without noise, of which the mean picture has as many as the number of the width."""

CAPTURED = 1 << 24
"""Pixels of the largest picture that a GPU draws whole, in some 200 bytes each."""

Choose = Callable[[int, Array, Any], Array]
Progress = Callable[[int], None]


def decisions(height: int, width: int, grey: bool) -> int:
    """How many decisions an exact picture takes."""
    return LEVELS * height * width * (1 if grey else COLOURS)


def mean_picture(model: PhotoModel, z: Integers, width: int, height: int, across: int) -> Levels:
    """The mean picture of z, drawn at once without the local decoder: uint8 (H, W, 3)."""
    rows = FeatureRows(model, z, width, across, drifts=False)
    picture = np.empty((height, across, COLOURS), np.uint8)
    for first in range(0, height, model.patch):
        last = min(height, first + model.patch)
        picture[first:last] = model.to_numpy(_mean_rows(model, rows, first, last)) + 128
    return picture


def _mean_rows(model: PhotoModel, rows: FeatureRows, first: int, last: int) -> Array:
    """Rows of the mean picture, levels less 128, (rows, W, 3), float32."""
    features = rows(first, last)[:, :, :-1, 0]
    xp = namespace(features)
    parts = (features[row : row + MEAN_ROWS] for row in range(0, last - first, MEAN_ROWS))
    return xp.concat([xp.astype(model.mean_picture(xp.astype(part, xp.float64)), xp.float32) for part in parts])


def draw(
    model: PhotoModel,
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
    """A picture of p(x|z), uint8 (H, W, 3).

    Args:
        model: the model.
        z: latents, (h, w, C).
        width: number of the quantisation width that z has.
        size: height and width of the picture.
        grey: draw one channel and repeat it.
        seed, number: decide the noise.
        temperature: of the noise; 1 is that of p(x|z), at 0 each level is near its distribution's mean.
        progress: told how many more rows are finished.
    """
    heat = round(COLD * temperature)
    features = FeatureRows(model, z, width, size[1], drifts=True)
    choose: Choose
    if heat:
        choose, places = _Sampler(model, heat), _noise_rows(model, size[1], seed, number)
    else:
        choose, places = functools.partial(_held_mean, width), functools.partial(_mean_rows, model, features)
    choose = _repeated(choose) if grey else choose
    if model.on_gpu and size[0] * size[1] <= CAPTURED:
        return _draw_captured(model, size, choose, features, places, progress)
    return _sweep(model, size, choose, features, places, progress)


def push_pixels(
    model: PhotoModel, writer: Writer, levels: Levels, z: Integers, width: int, grey: bool, progress: Progress | None
) -> None:
    """Write a picture's exact levels, uint8 (H, W, 3)."""

    def choose(channel: int, outputs: Array, here: Array) -> Array:
        pushed: list[tuple[Array, Array]] = []
        bits = iter(digits(here[:, channel, None] + 128))

        def known_bit(one: Array) -> Array:
            bit = next(bits)
            pushed.append((bit, one))
            return bit

        level = _walk(outputs, known_bit)
        for bit, one in pushed:
            writer.push(coder.to_numpy(bit).reshape(-1), coder.to_numpy(one).reshape(-1).astype(np.int64))
        return level

    def known(first: int, last: int) -> Array:
        return coder.to_device(levels[first:last].astype(np.float64) - 128)

    coder, features = model.coder, _features_to_code(model, z, width, levels.shape[1])
    _sweep(coder, levels.shape[:2], _repeated(choose) if grey else choose, features, known, progress)


def pop_pixels(
    model: PhotoModel,
    reader: Reader,
    size: tuple[int, int],
    z: Integers,
    width: int,
    grey: bool,
    progress: Progress | None,
) -> Levels:
    """Read a picture's exact levels, uint8 (H, W, 3)."""

    def read(one: Array) -> Array:
        found = reader.pop(coder.to_numpy(one).reshape(-1).astype(np.int64))
        return coder.to_device(found.reshape(one.shape))

    def choose(channel: int, outputs: Array, here: Array) -> Array:
        return _walk(outputs, read)

    coder, features = model.coder, _features_to_code(model, z, width, size[1])
    return _sweep(coder, size, _repeated(choose) if grey else choose, features, None, progress)


def _features_to_code(model: PhotoModel, z: Integers, width: int, columns: int) -> Load:
    """Features of known pixels, where these are coded."""
    rows = FeatureRows(model, z, width, columns, drifts=False)
    return rows if model.coder is model else lambda first, last: model.to_numpy(rows(first, last))


def _walk(outputs: Array, decide: Callable[[Array], Array]) -> Array:
    """Levels less 128 of the pixels of a step, (P, 1), by decisions."""
    mixture = Mixture.of(outputs, PIXEL_SHIFT)
    return mixture.descend(lambda level: (level - 128) * MEAN_STEPS - MEAN_STEPS // 2, decide) - 128


def _repeated(choose: Choose) -> Choose:
    """The same with one channel, which all are equal to."""
    first: list[Array] = []

    def choose_once(channel: int, outputs: Array, here: Array) -> Array:
        if channel == 0:
            first[:] = [choose(channel, outputs, here)]
        return first[0]

    return choose_once


def _held_mean(width: int, channel: int, outputs: Array, here: Array) -> Array:
    """Means of the distributions, held near the mean picture, the more the finer the width.

    A mean is a guess, and the next ones are made from it: without something to hold on to, errors grow along the way.
    """
    mean = Mixture.of(outputs, PIXEL_SHIFT).mean()
    both = (HELD - width) * mean + width * MEAN_STEPS * here[:, channel, None]
    return namespace(mean).floor((both + HELD * MEAN_STEPS // 2) / (HELD * MEAN_STEPS)).clip(-128, 127)


@functools.cache
def _logistic_quantiles() -> NDArray[np.int64]:
    """Where the logistic distribution reaches (k + 1/2) / 2^16, units of 1/1024, from the committed table."""
    half_way = (2 * np.arange(1 << 16) + 1) << 7
    return np.searchsorted(load_tables().logistic, half_way) - LOGISTIC_RANGE


class _Sampler:
    """Levels from mixtures and two random words a channel: one picks the component, one the place in it."""

    def __init__(self, model: PhotoModel, heat: int) -> None:
        like = model.to_device(np.zeros(1))
        self.heat = heat
        self.quantiles = on_device_of(np.floor(_logistic_quantiles() * (heat / COLD)), like)

    def __call__(self, channel: int, outputs: Array, here: Array) -> Array:
        xp = namespace(outputs)
        if self.heat != COLD:
            size = outputs.shape[0] // 3
            outputs = xp.concat([xp.floor(outputs[:size] * (COLD / self.heat)), outputs[size:]], axis=0)
        mixture = Mixture.of(outputs, PIXEL_SHIFT)
        # As float64 first: torch would make float32 of an integer times a number, and lose the words' last bits.
        picked = xp.astype(here[:, channel, 0, None], xp.float64) * 2.0**-32 * mixture.weights.sum(0)
        mean, inverse, reached = mixture.means[0], mixture.inverses[0], mixture.weights[0]
        for component in range(1, mixture.means.shape[0]):
            beyond = picked >= reached
            mean = xp.where(beyond, mixture.means[component], mean)
            inverse = xp.where(beyond, mixture.inverses[component], inverse)
            reached = reached + mixture.weights[component]
        quantile = self.quantiles[here[:, channel, 1, None] >> 16]
        value = mean + quantile * 2.0**PIXEL_SHIFT / inverse
        return xp.floor((value + MEAN_STEPS // 2) / MEAN_STEPS).clip(-128, 127)


def _noise_rows(model: PhotoModel, width: int, seed: int, number: int) -> Load:
    """Loads random words, int64 (rows, W, channels, 2)."""

    def load(first: int, last: int) -> Array:
        places = np.ascontiguousarray(np.mgrid[first:last, :width])
        rows, columns = (model.to_device(one, np.int64) for one in places)
        xp, key = namespace(rows), (seed & 0xFFFFFFFF, seed >> 32)
        domains = (xp.full_like(rows, PIXEL_DOMAIN + part) for part in range(2))
        words = [philox(rows, columns, xp.full_like(rows, number), domain, key) for domain in domains]
        stack: Array = xp.stack([*words[0], *words[1][:2]], axis=-1)
        return stack.reshape(*rows.shape, COLOURS, 2)

    return load


def _draw_captured(
    model: PhotoModel, size: tuple[int, int], choose: Choose, features: Load, places: Load, progress: Progress | None
) -> Levels:
    """What `_sweep` draws, by a step captured on the GPU."""
    shape = Shape(*size, 1, model.window, model.window.slant)
    drawn = draw_captured(model.local_net, shape, choose, features(0, size[0]), places(0, size[0]))
    picture: Levels = (model.to_numpy(drawn)[0] + 128).astype(np.uint8)
    if progress is not None:
        progress(size[0])
    return picture


def _sweep(
    model: PhotoModel,
    size: tuple[int, ...],
    choose: Choose,
    features: Load,
    places: Load | None,
    progress: Progress | None,
) -> Levels:
    picture = np.empty((*size, COLOURS), np.uint8)

    def emit(first: int, rows: Array) -> None:
        picture[first : first + len(rows)] = model.to_numpy(rows)[..., 0] + 128

    shape = Shape(size[0], size[1], 1, model.window, model.window.slant)
    like = model.to_device(np.zeros(1))
    sweep(model.local_net, shape, choose, emit, like=like, features=features, places=places, progress=progress)
    return picture
