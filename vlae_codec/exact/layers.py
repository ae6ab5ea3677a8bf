"""Neural layers in exact integer arithmetic, on numpy or torch arrays (design D5).

Weights are integers of 16 bits and activations of 20, held in float64, so that a matrix product stays
below 2^53 and is exact in any order, with any BLAS, on CPU and GPU. After each product the accumulator is
rescaled by a power of two, rounded half up, and clamped:

    y = clamp(floor((x W + b) / 2^shift + 1/2), -LIMIT, LIMIT)

An activation stands for value * 2^FRACTION. Images are (B, H, W, C): channels last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .arrays import Array, namespace

FRACTION = 10
LIMIT = 2**19 - 1
"""Largest activation, 512 in value: with 16 bits (32 in value) a factorised decoder's features were clipped."""
WEIGHT_LIMIT = 2**15 - 1


def rescale(accumulator: Array, shift: int, limit: int = LIMIT) -> Array:
    """Return the accumulator over 2^shift, rounded half up, clamped to +-limit."""
    return namespace(accumulator).floor(accumulator * 2.0**-shift + 0.5).clip(-limit, limit)


def relu(x: Array) -> Array:
    """max(x, 0)."""
    return x.clip(0, LIMIT)


@dataclass(frozen=True)
class Linear:
    """A matrix and bias on the last axis: fully connected layer or 1x1 convolution.

    Attributes:
        weight: (inputs, outputs), integers of 16 bits.
        bias: (outputs,), at the accumulator's scale.
        shift: rescaling after the product.
    """

    weight: Array
    bias: Array
    shift: int

    def accumulate(self, x: Array) -> Array:
        """Return the exact accumulator x W + b, before rescaling."""
        # As one product of two matrices: of more dimensions numpy makes as many small products as there are lines.
        rows = x.reshape((math.prod(x.shape[:-1]), x.shape[-1])) @ self.weight + self.bias
        return rows.reshape((*x.shape[:-1], rows.shape[1]))

    def __call__(self, x: Array) -> Array:
        """Return the layer's activations, (..., outputs)."""
        return rescale(self.accumulate(x), self.shift)


@dataclass(frozen=True)
class Conv3x3:
    """A 3x3 convolution with zero padding of one pixel; its matrix reads the nine taps in raster order."""

    matrix: Linear
    stride: int = 1

    def __call__(self, x: Array) -> Array:
        """Return the convolved maps, (B, H / stride, W / stride, outputs)."""
        xp = namespace(x)
        height, width = x.shape[1:3]
        side = xp.zeros_like(x[:, :, :1])
        x = xp.concat([side, x, side], axis=2)
        edge = xp.zeros_like(x[:, :1])
        x = xp.concat([edge, x, edge], axis=1)
        step = self.stride
        taps = [x[:, r : r + height : step, c : c + width : step] for r in range(3) for c in range(3)]
        return self.matrix(xp.concat(taps, axis=3))


@dataclass(frozen=True)
class Residual:
    """x + second(relu(first(relu(x)))), clamped."""

    first: Conv3x3 | Linear
    second: Conv3x3 | Linear

    def __call__(self, x: Array) -> Array:
        """Return the block's activations, of the shape of x."""
        y = x + self.second(relu(self.first(relu(x))))
        return y.clip(-LIMIT, LIMIT)


def unshuffle(x: Array) -> Array:
    """(B, H, W, C) to (B, H/2, W/2, 4 C): position (r, k) of channel c's squares goes to channel 4 c + 2 r + k."""
    xp = namespace(x)
    batch, height, width, channels = x.shape
    x = xp.reshape(x, (batch, height // 2, 2, width // 2, 2, channels))
    return xp.reshape(xp.permute_dims(x, (0, 1, 3, 5, 2, 4)), (batch, height // 2, width // 2, 4 * channels))


def shuffle(x: Array) -> Array:
    """(B, H, W, 4 C) to (B, 2 H, 2 W, C): channel 4 c + 2 r + k goes to position (r, k) of channel c."""
    xp = namespace(x)
    batch, height, width, channels = x.shape
    x = xp.reshape(x, (batch, height, width, channels // 4, 2, 2))
    x = xp.permute_dims(x, (0, 1, 4, 2, 5, 3))
    return xp.reshape(x, (batch, 2 * height, 2 * width, channels // 4))
