"""Pictures given z: the base reconstruction, drawn ones with noise or held near it, and exact ones.

All but the first go along one wavefront. A channel's distribution is a mixture over levels less 128; it reads the
window, the features of z, and the channels of the pixel that are drawn already. A grey picture has one channel in
truth: the others are equal to the first and neither drawn nor coded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autoregressive.cuda_graph import draw_by_graph
from ...autoregressive.engine import Load, Shape, sweep
from ...coding.binary_coder import Reader, Writer
from ...exact.arrays import Array, namespace
from ...exact.kernels import on_device_of
from ...exact.philox import PIXEL_DOMAIN, philox
from ...exact.tables import LOGISTIC_RANGE, load_tables
from ...pixels.logistic_mixture import LEVELS, Mixture, digits
from .model import COLOURS, WIDTHS, FeatureRows, Integers, Levels, WindowedModel

MEAN_STEPS = 32
"""Steps of a mean to a level."""
PIXEL_SHIFT = 7
"""Edges in 2^-5 levels times inverse scales in 2^-14 and 4 is in units of 2^-17; the table steps by 2^-10."""
COLD = 1024
"""A temperature of 1."""
BY_GRAPH = 1 << 24
"""Pixels of the largest picture that a GPU draws whole, in some 200 bytes each."""
MEAN_ROWS = 64
"""Rows of the base reconstruction that are made at once, in more memory than they are kept in."""
HELD = 4 * WIDTHS
"""Parts of a level without noise, of which the base reconstruction has as many as the number of the width."""

Choose = Callable[[int, Array, Any], Array]
"""Gives levels less 128 from a channel's outputs and what it reads beside them."""
Progress = Callable[[int], None]


def decisions(height: int, width: int, grey: bool) -> int:
    """How many decisions an exact picture takes."""
    return LEVELS * height * width * (1 if grey else COLOURS)


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
    choose = _repeated(choose) if grey else choose
    if model.on_gpu and size[0] * size[1] <= BY_GRAPH:
        return _draw_by_graph(model, size, choose, features, positions, progress)
    return _sweep(model, size, choose, features, positions, progress)


def push_pixels(
    model: WindowedModel, writer: Writer, levels: Levels, z: Integers, width: int, grey: bool, progress: Progress | None
) -> None:
    """Write a picture's exact levels, uint8 (H, W, 3)."""
    features, coder = _features_to_code(model, z, width, levels.shape[1]), model.coder

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

    _sweep(coder, levels.shape[:2], _repeated(choose) if grey else choose, features, known, progress)


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
    features, coder = _features_to_code(model, z, width, size[1]), model.coder

    def read(one: Array) -> Array:
        found = reader.pop(coder.to_numpy(one).reshape(-1).astype(np.int64))
        return coder.to_device(found.reshape(one.shape))

    def choose(channel: int, outputs: Array, here: Array) -> Array:
        return _walk(outputs, read)

    return _sweep(coder, size, _repeated(choose) if grey else choose, features, None, progress)


def _features_to_code(model: WindowedModel, z: Integers, width: int, columns: int) -> Load:
    """Features of known pixels, where these are coded."""
    rows = FeatureRows(model, z, width, columns, noised=False)
    return rows if model.coder is model else lambda first, last: model.to_numpy(rows(first, last))


def _walk(outputs: Array, decide: Callable[[Array], Array]) -> Array:
    """Levels less 128 of the pixels of a step, (P, 1), by decisions."""
    mixture = Mixture.of(outputs, PIXEL_SHIFT)
    return mixture.descend(lambda level: (level - 128) * MEAN_STEPS - MEAN_STEPS // 2, decide) - 128


def _repeated(choose: Choose) -> Choose:
    """Return a choice on one channel whose value the three channels share."""
    first: list[Array] = []

    def choose_once(channel: int, outputs: Array, here: Array) -> Array:
        if channel == 0:
            first[:] = [choose(channel, outputs, here)]
        return first[0]

    return choose_once


@functools.cache
def _logistic_quantiles() -> NDArray[np.int64]:
    """Where the logistic distribution reaches (k + 1/2) / 2^16, units of 1/1024, from the committed table."""
    half_way = (2 * np.arange(1 << 16) + 1) << 7
    return np.searchsorted(load_tables().logistic, half_way) - LOGISTIC_RANGE


def _held_mean(width: int, channel: int, outputs: Array, here: Array) -> Array:
    """Means of the distributions, held near the base reconstruction, the more the finer the width.

    A mean is a guess, and the next ones are made from it: without something to hold on to, errors grow along the way.
    """
    mean = Mixture.of(outputs, PIXEL_SHIFT).mean()
    both = (HELD - width) * mean + width * MEAN_STEPS * here[:, channel, None]
    return namespace(mean).floor((both + HELD * MEAN_STEPS // 2) / (HELD * MEAN_STEPS)).clip(-128, 127)


class Sampler:
    """Levels from mixtures and two random words a channel: one picks the component, one the position in it."""

    def __init__(self, model: WindowedModel, heat: int) -> None:
        like = model.to_device(np.zeros(1))
        self.heat = heat
        self.quantiles = on_device_of(np.floor(_logistic_quantiles() * (heat / COLD)), like)

    def __call__(self, channel: int, outputs: Array, here: Array) -> Array:
        """Return levels less 128, (P, 1), from a channel's outputs and its two words in `here`."""
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


def noise_rows(model: WindowedModel, width: int, seed: int, number: int) -> Load:
    """Load random words, int64 (rows, W, channels, 2)."""

    def load(first: int, last: int) -> Array:
        positions = np.ascontiguousarray(np.mgrid[first:last, :width])
        rows, columns = (model.to_device(one, np.int64) for one in positions)
        xp, key = namespace(rows), (seed & 0xFFFFFFFF, seed >> 32)
        domains = (xp.full_like(rows, PIXEL_DOMAIN + part) for part in range(2))
        words = [philox(rows, columns, xp.full_like(rows, number), domain, key) for domain in domains]
        stack: Array = xp.stack([*words[0], *words[1][:2]], axis=-1)
        return stack.reshape(*rows.shape, COLOURS, 2)

    return load


def _draw_by_graph(
    model: WindowedModel,
    size: tuple[int, int],
    choose: Choose,
    features: Load,
    positions: Load,
    progress: Progress | None,
) -> Levels:
    """Draw what `_sweep` draws, by a CUDA graph."""
    shape = Shape(*size, 1, model.window, model.window.slant)
    drawn = draw_by_graph(model.local_net, shape, choose, features(0, size[0]), positions(0, size[0]))
    picture: Levels = (model.to_numpy(drawn)[0] + 128).astype(np.uint8)
    if progress is not None:
        progress(size[0])
    return picture


def _sweep(
    model: WindowedModel,
    size: tuple[int, ...],
    choose: Choose,
    features: Load,
    positions: Load | None,
    progress: Progress | None,
) -> Levels:
    picture = np.empty((*size, COLOURS), np.uint8)

    def emit(first: int, rows: Array) -> None:
        picture[first : first + len(rows)] = model.to_numpy(rows)[..., 0] + 128

    shape = Shape(size[0], size[1], 1, model.window, model.window.slant)
    like = model.to_device(np.zeros(1))
    sweep(model.local_net, shape, choose, emit, like=like, features=features, positions=positions, progress=progress)
    return picture
