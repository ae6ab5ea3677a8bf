"""Pictures of 8-bit levels by a window's network: drawn, or exact ones through an entropy coder, along one wavefront.

A channel's distribution is a mixture over levels less 128; it reads the window, the features of z, and the channels of
the pixel that are drawn already. A grey picture has one channel in truth: the others are equal to the first and neither
drawn nor coded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..autoregressive.cuda_graph import draw_by_graph
from ..autoregressive.engine import Load, Shape, sweep
from ..autoregressive.order import Window
from ..autoregressive.window_net import LocalNet
from ..coding.binary_coder import Reader, Writer
from ..exact.arrays import Array, namespace
from ..exact.kernels import on_device_of
from ..exact.philox import PIXEL_DOMAIN, philox
from ..exact.tables import LOGISTIC_RANGE, load_tables
from .logistic_mixture import LEVELS, Mixture, digits

COLOURS = 3
MEAN_STEPS = 32
"""Steps of a mean to a level."""
PIXEL_SHIFT = 7
"""Edges in 2^-5 levels times inverse scales in 2^-14 and 4 is in units of 2^-17; the table steps by 2^-10."""
COLD = 1024
"""A temperature of 1."""
BY_GRAPH = 1 << 24
"""Pixels of the largest picture that a GPU draws whole, in some 200 bytes each."""

Levels = NDArray[np.uint8]
Choose = Callable[[int, Array, Any], Array]
Progress = Callable[[int], None]


class PixelModel(Protocol):
    """A network over the window of a pixel, and the device that it computes on."""

    window: Window

    @property
    def local_net(self) -> LocalNet:
        """The network; it reads levels less 128."""

    @property
    def on_gpu(self) -> bool:
        """Whether each operation has to be launched on another device."""

    def to_device(self, values: NDArray[Any], dtype: Any = np.float64) -> Array:
        """Return the values on the model's device, float64 by default."""

    def to_numpy(self, values: Array) -> NDArray[Any]:
        """Return an array of the device as one of numpy."""


def decisions(height: int, width: int, grey: bool) -> int:
    """How many decisions an exact picture takes."""
    return LEVELS * height * width * (1 if grey else COLOURS)


def draw(
    model: PixelModel,
    size: tuple[int, int],
    choose: Choose,
    features: Load,
    positions: Load,
    *,
    grey: bool = False,
    progress: Progress | None = None,
) -> Levels:
    """Draw the picture that `choose` makes, uint8 (H, W, 3).

    Args:
        model: the model.
        size: height and width of the picture.
        choose: gives levels less 128 from a channel's outputs and the entries of `positions`.
        features: what the network reads beside its window.
        positions: what `choose` reads beside the outputs.
        grey: draw one channel and repeat it.
        progress: called with the number of rows newly finished.
    """
    choose = _repeated(choose) if grey else choose
    if model.on_gpu and size[0] * size[1] <= BY_GRAPH:
        return _draw_by_graph(model, size, choose, features, positions, progress)
    return _sweep(model, size, choose, features, positions, progress)


def push(
    model: PixelModel, writer: Writer, levels: Levels, features: Load, grey: bool, progress: Progress | None
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
            writer.push(model.to_numpy(bit).reshape(-1), model.to_numpy(one).reshape(-1).astype(np.int64))
        return level

    def known(first: int, last: int) -> Array:
        return model.to_device(levels[first:last].astype(np.float64) - 128)

    _sweep(model, levels.shape[:2], _repeated(choose) if grey else choose, features, known, progress)


def pop(
    model: PixelModel, reader: Reader, size: tuple[int, int], features: Load, grey: bool, progress: Progress | None
) -> Levels:
    """Read a picture's exact levels, uint8 (H, W, 3)."""

    def read(one: Array) -> Array:
        found = reader.pop(model.to_numpy(one).reshape(-1).astype(np.int64))
        return model.to_device(found.reshape(one.shape))

    def choose(channel: int, outputs: Array, here: Array) -> Array:
        return _walk(outputs, read)

    return _sweep(model, size, _repeated(choose) if grey else choose, features, None, progress)


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


class Sampler:
    """Levels from mixtures and two random words a channel: one picks the component, one the position in it."""

    def __init__(self, model: PixelModel, heat: int) -> None:
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


def noise_rows(model: PixelModel, width: int, seed: int, number: int) -> Load:
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
    model: PixelModel, size: tuple[int, int], choose: Choose, features: Load, positions: Load, progress: Progress | None
) -> Levels:
    """Draw what `_sweep` draws, by a CUDA graph."""
    shape = Shape(*size, 1, model.window, model.window.slant)
    drawn = draw_by_graph(model.local_net, shape, choose, features(0, size[0]), positions(0, size[0]))
    picture: Levels = (model.to_numpy(drawn)[0] + 128).astype(np.uint8)
    if progress is not None:
        progress(size[0])
    return picture


def _sweep(
    model: PixelModel,
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
