"""Pixels given z, as both lossless codes see them: probabilities all at once to write, in slanted lines to read.

Sender and receiver name the pixels of a batch in one order: diagonal by diagonal of the wavefront, on a diagonal from
the top down, and at each position image by image. The receiver reads the pixels of a diagonal at once, with the engine
that draws them in lossy decoding; the sender has all windows beforehand and needs no steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autoregressive.order import diagonals
from ..exact.arrays import Array
from ..model.networks import IntegerModel, Integers, Pictures

Decide = Callable[[Integers], Integers]
"""Gives the pixels (n,) from P(pixel = 1) in units of 2^-24, (n,); called once a diagonal."""


def coding_order(model: IntegerModel, values: NDArray[Any]) -> NDArray[Any]:
    """Values of pixels, (B, H W), in the order in which they are read, (B H W,)."""
    steps = (line.pixels() for line in diagonals(model.height, model.width, model.window.slant))
    places = np.concatenate([step.rows * model.width + step.columns for step in steps])
    return np.asarray(np.ascontiguousarray(values.T)[places].reshape(-1))


def read_pixels(model: IntegerModel, z: Integers, decide: Decide) -> Pictures:
    """Return the pictures that `decide` makes of z (B, D), uint8 of 0 and 1, (B, H, W)."""

    def choose(channel: int, logits: Array, positions: Array) -> Array:
        ones = model.probabilities(logits)[0]
        return model.to_device(decide(ones.reshape(-1)).reshape(ones.shape))

    return model.sweep(z, choose).astype(np.uint8)
