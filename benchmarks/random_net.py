"""Local decoders of random integers, and pixels from them: what speed is measured on until such a model is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlae_codec.autoregressive.engine import Load
from vlae_codec.autoregressive.order import Window
from vlae_codec.autoregressive.window_net import LocalNet
from vlae_codec.exact.arrays import Array, namespace
from vlae_codec.exact.kernels import fold, on_device_of
from vlae_codec.exact.philox import PIXEL_DOMAIN, philox
from vlae_codec.exact.tables import EXP_MAX, EXP_MIN, load_tables

SHIFT = 14
PIXEL_SCALE = 4
"""Pixels 0 ... 255 enter as numbers below 1 in units of 2^-10."""
OUTPUTS = 2
"""Mean and logarithm of the standard deviation."""
HEAD_SHIFT = 18
SPREAD = 2.0**-22
"""2^-26 is the unit of exp times quantile; the scale is 16 times that."""


def random_net(
    window: Window, channels: int = 3, features: int = 12, width: int = 96, blocks: int = 3, seed: int = 0
) -> LocalNet:
    """Return a net whose weights are uniform integers, about as large as trained ones."""
    rng = np.random.default_rng(seed)

    def layer(inputs: int, outputs: int, gain: float, shift: int = SHIFT, ones: int | None = None) -> NDArray[Any]:
        top = round(gain * 2**SHIFT * (3 / max(1, inputs)) ** 0.5)
        weight = rng.integers(-top, top + 1, (inputs, outputs))
        folded = fold(weight, rng.integers(-(2**22), 2**22, outputs), shift)
        if ones is None:
            return folded
        return np.ascontiguousarray(np.insert(folded[:, :-1], ones, folded[:, -1], axis=1))

    seen = len(window.offsets()) * channels
    mix = layer(seen + features, width, 1.5)
    mix[:, :seen] *= PIXEL_SCALE
    pairs = [(layer(width, width, 1.0), layer(width, width, 0.5)) for _ in range(blocks)]
    heads = [layer(width + drawn, OUTPUTS, 1.0, HEAD_SHIFT, ones=width) for drawn in range(channels)]
    return LocalNet(mix, pairs, heads)


def moved(net: LocalNet, like: Array) -> LocalNet:
    """Return a net on the device of an array (float64)."""
    pairs = [(on_device_of(first, like), on_device_of(second, like)) for first, second in net.blocks]
    return LocalNet(on_device_of(net.mix, like), pairs, [on_device_of(head, like) for head in net.heads])


def multiplications(net: LocalNet) -> int:
    """Multiply-adds a pixel, biases left out."""
    layers = [net.mix, *(layer for pair in net.blocks for layer in pair), *net.heads]
    return sum(len(layer) * (layer.shape[1] - 1) for layer in layers)


class GaussianPixels:
    """Pixels 0 ... 255 by the inverse distribution function of a rounded Gaussian, in integers."""

    def __init__(self, like: Array) -> None:
        xp = namespace(like)
        self.xp: Any = xp
        table = np.roll(load_tables().exp, EXP_MIN)  # so that the index is the logarithm itself, also below 0
        self.exp = on_device_of(table.astype(np.float64), like)

    def __call__(self, channel: int, outputs: Array, quantiles: Array) -> Array:
        """Pixels (P, B) of a channel from mean and log scale (2, P, B) and quantiles (P, channels)."""
        values = self.exp[self.xp.astype(outputs[1].clip(EXP_MIN, EXP_MAX), self.xp.int64)]
        values *= quantiles[:, channel, None]
        values += outputs[0]
        values += 128.5
        return self.xp.floor(values).clip(0, 255)


def quantile_rows(width: int, channels: int, seed: int, like: Array) -> Load:
    """Load normal quantiles times `SPREAD`, (rows, W, channels), up to 4 channels, for noise addressed by pixel."""
    table = load_tables().quantile

    def load(first: int, last: int) -> Array:
        rows, columns = (np.ascontiguousarray(n) for n in np.mgrid[first:last, :width].astype(np.int64))
        words = philox(rows, columns, rows * 0, rows * 0 + PIXEL_DOMAIN, (seed & 0xFFFFFFFF, seed >> 32))
        values = table[np.stack(words[:channels], axis=-1) >> 16] * SPREAD
        return on_device_of(values, like)

    return load


def feature_rows(
    width: int, features: int, batch: int, like: Array, seed: int = 0, dtype: type[np.generic] = np.float64
) -> Load:
    """Load features (rows, W, features, B): random activations, cut out of one fixed band; 16 bits hold them."""
    values = np.random.default_rng(seed).integers(0, 2**11, (64, width, features, batch)).astype(dtype)
    band = on_device_of(values, like)

    def load(first: int, last: int) -> Array:
        return band[np.arange(first, last) % len(band)]

    return load
