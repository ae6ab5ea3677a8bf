"""Pixels given z, as both lossless codes see them: probabilities all at once to write, in slanted lines to read.

Sender and receiver name the pixels of a batch in one order: diagonal by diagonal of the wavefront, on a diagonal from
the top down, and at each position image by image. The receiver reads the pixels of a diagonal at once, with the engine
that draws them in lossy decoding; the sender has all windows beforehand and needs no steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autoregressive.order import diagonals
from ..autoregressive.window_net import known_logits
from ..exact.arrays import Array
from ..exact.tables import SIGMOID_FRACTION, SIGMOID_RANGE, load_tables
from ..model.networks import BATCH, IntegerModel, Integers, Pictures

Decide = Callable[[Integers], Integers]
"""Gives the pixels (n,) from P(pixel = 1) in units of 2^-24, (n,); called once a diagonal."""


def likelihoods(model: IntegerModel, images: Pictures, z: Integers) -> Integers:
    """P(pixel = 1) of every pixel given z and its window, units of 2^-24, (B, H W); images (B, H, W), z (B, D)."""
    parts = [_likelihoods(model, images[i : i + BATCH], z[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    return np.concatenate(parts)


def _likelihoods(model: IntegerModel, images: Pictures, z: Integers) -> Integers:
    logits = known_logits(model.local_net, model.window, model.to_device(images), model.features(z))
    return _probabilities(model, logits).reshape(len(images), -1)


def _probabilities(model: IntegerModel, logits: Array) -> Integers:
    clipped = model.to_integers(logits.clip(-SIGMOID_RANGE, SIGMOID_RANGE))
    return load_tables().sigmoid[clipped + SIGMOID_RANGE]


def spent_bits(images: Pictures, ones: Integers) -> NDArray[np.float64]:
    """-log2 p(x|z) of each image, (B,), from its `likelihoods`."""
    ink = images.reshape(len(images), -1) == 1
    spent = np.where(ink, ones, (1 << SIGMOID_FRACTION) - ones)
    return np.asarray((SIGMOID_FRACTION - np.log2(spent)).sum(axis=1))


def coding_order(model: IntegerModel, values: NDArray[Any]) -> NDArray[Any]:
    """Values of pixels, (B, H W), in the order in which they are read, (B H W,)."""
    return np.ascontiguousarray(values.T)[_places(model)].reshape(-1)


def _places(model: IntegerModel) -> Integers:
    """Numbers of the pixels in raster order, sorted as they are read, (H W,)."""
    return np.concatenate(list(_diagonal_places(model)))


def _diagonal_places(model: IntegerModel) -> Iterator[Integers]:
    slant = model.window.slant
    for step in diagonals(model.height, model.width, slant):
        rows = np.arange(step.first, step.first + step.count, dtype=np.int64)
        yield rows * model.width + step.time - slant * rows


def read_pixels(model: IntegerModel, z: Integers, decide: Decide) -> Pictures:
    """Return the pictures that `decide` makes of z (B, D), uint8 of 0 and 1, (B, H, W)."""

    def choose(channel: int, logits: Array, positions: Array) -> Array:
        ones = _probabilities(model, logits)[0]
        return model.to_device(decide(ones.reshape(-1)).reshape(ones.shape))

    return model.sweep(z, choose).astype(np.uint8)
