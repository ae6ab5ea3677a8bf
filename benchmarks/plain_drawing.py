"""Drawing as a PixelCNN is usually sampled: raster order, one call of the network a pixel, layers as they are written.

This is what the wavefront engine is compared with, beside its own raster order, and tested against. The layers are
those of `exact.layers`, so that the pixels must be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from vlae_codec.autoregressive.engine import Choose, Load
from vlae_codec.autoregressive.order import Step, Window, diagonals
from vlae_codec.autoregressive.window_net import LocalNet
from vlae_codec.exact.arrays import Array
from vlae_codec.exact.kernels import on_device_of, zeros
from vlae_codec.exact.layers import FRACTION, Linear, Residual, relu, rescale
from vlae_codec.exact.philox import pixel_noise
from vlae_codec.exact.tables import SIGMOID_RANGE
from vlae_codec.model.networks import IntegerModel

Integers = NDArray[np.int64]
Pictures = NDArray[np.uint8]


def wavefront_steps(height: int, width: int, window: Window) -> Iterator[Step]:
    """Yield the steps that draw an image of height x width, every pixel once and after all of its window."""
    return (line.pixels() for line in diagonals(height, width, window.slant))


def raster_steps(height: int, width: int, window: Window) -> Iterator[Step]:
    """One pixel a step, row by row: the order of comparison."""
    return (line.pixels() for line in diagonals(height, width, width))


class Canvas:
    """Pictures in the making, with a border of zeros that every window stays inside.

    Args:
        batch, height, width: shape of the pictures.
        window: the decoder's window.
        like: an array whose namespace, device and dtype the pictures take.
    """

    def __init__(self, batch: int, height: int, width: int, window: Window, like: Array) -> None:
        above, left, right = window
        self.stride = width + left + right
        self.origin = above * self.stride + left
        self.height, self.width, self.window = height, width, window
        self.pixels = zeros((batch, (height + above) * self.stride), like)
        offsets = [r * self.stride + c for r, c in window.offsets()]
        self.offsets = on_device_of(np.array(offsets, np.int64), like)

    def positions(self, step: Step) -> Array:
        """Where the step's pixels lie in the padded rows, (P,)."""
        return on_device_of(self.origin + step.rows * self.stride + step.columns, self.offsets)

    def windows(self, positions: Array) -> Array:
        """Return the windows of these positions, (B, P, K)."""
        return self.pixels[:, positions[:, None] + self.offsets[None, :]]

    def picture(self) -> Array:
        """Return the pictures without their border, (B, H, W)."""
        rows = self.pixels.reshape(len(self.pixels), -1, self.stride)
        return rows[:, self.window.above :, self.window.left : self.window.left + self.width]


def draw(canvas: Canvas, steps: Iterator[Step], value: Callable[[Step, Array], Array]) -> Array:
    """Fill the canvas step by step; the pictures come back, (B, H, W). It holds them whole.

    Args:
        canvas: an empty canvas.
        steps: an order that `wavefront_steps` or `raster_steps` gave for the canvas.
        value: gives the pixels (B, P) of a step from their windows (B, P, K).
    """
    for step in steps:
        positions = canvas.positions(step)
        canvas.pixels[:, positions] = value(step, canvas.windows(positions))
    return canvas.picture()


def context_of(model: IntegerModel, z: Integers) -> Array:
    """Return the share of z in the local decoder's first layer: accumulators (B, H, W, L) on the device."""
    return model.linear("local.features").accumulate(model.features(z))


def local(model: IntegerModel, context: Array, windows: Array) -> Integers:
    """P(pixel = 1) in units of 2^-24 from contexts (..., L) and windows (..., K) of 0 and 1, int64 (...).

    This is the definition, layer by layer; `IntegerModel.local_net` gives the same numbers faster.
    """
    window, out = model.linear("local.window"), model.linear("local.out")
    x = context
    if windows.shape[-1]:
        x = x + (windows * 2.0**FRACTION) @ window.weight
    x = model.residuals("local.layers", rescale(x, window.shift))
    return model.probabilities(rescale(out.accumulate(relu(x))[..., 0], out.shift, SIGMOID_RANGE))


class PlainNet:
    """A local decoder's layers one by one, unfolded, for places (P, ...)."""

    def __init__(self, net: LocalNet) -> None:
        self.width = net.mix.shape[0]
        self.mix = unfolded(net.mix)
        self.blocks = [Residual(unfolded(first), unfolded(second)) for first, second in net.blocks]
        self.heads = net.heads

    def trunk(self, seen: Array) -> Array:
        """Return the input of the heads, (P, L), from windows and features (P, inputs)."""
        x = self.mix(seen)
        for block in self.blocks:
            x = block(x)
        return relu(x)

    def head(self, channel: int, read: Array, drawn: list[Array]) -> Array:
        """Return the outputs of a channel's head, (M, P), from (P, L) and the channels drawn, (P,) each."""
        one = np.ones((1, len(read)))
        return np.floor(self.heads[channel] @ np.concatenate([read.T, one, *(x[None] for x in drawn)]))


def unfolded(layer: Array) -> Linear:
    """Return the layer of a folded matrix whose scale is one already."""
    return Linear(np.ascontiguousarray(layer[:, :-1].T), layer[:, -1] - 0.5, 0)


def plain_photograph(
    net: LocalNet, size: tuple[int, int], window: Window, choose: Choose, features: Load, places: Load
) -> Pictures:
    """One picture (1, H, W, channels) by a call of the network for each pixel.

    Args:
        net: the local decoder, of numpy.
        size: (H, W).
        window: of the decoder.
        choose, features, places: as in `engine.sweep`, for a batch of one.
    """
    plain, (height, width), (above, left, right) = PlainNet(net), size, window
    canvas = np.zeros((height + above, left + width + right, net.channels))
    beside, known = features(0, height), places(0, height)
    for row, column in np.ndindex(height, width):
        rows = canvas[row : row + above, column : column + left + 1 + right].reshape(-1)
        before = canvas[row + above, column : column + left].reshape(-1)
        read = plain.trunk(np.concatenate([rows, before, beside[row, column, :, 0]])[None])
        drawn: list[Array] = []
        for channel in range(net.channels):
            outputs = plain.head(channel, read, drawn)
            drawn.append(choose(channel, outputs[:, :, None], known[row, column][None])[:, 0])
        canvas[row + above, column + left] = np.concatenate(drawn)
    return canvas[None, above:, left : left + width].astype(np.uint8)


def plain_digits(model: IntegerModel, z: Integers) -> Pictures:
    """Draw what `model.draw` draws, (B, H, W), by a call of the network for each pixel."""
    context = context_of(model, z)
    rows, columns = np.indices((model.height, model.width), dtype=np.int64)
    noise = pixel_noise(rows, columns, 0, np.zeros_like(rows), 0)

    def value(step: Step, seen: Array) -> Array:
        return noise[step.rows, step.columns] < local(model, context[:, step.rows, step.columns], seen) << 8

    canvas = Canvas(len(z), model.height, model.width, model.window, context)
    steps = raster_steps(model.height, model.width, model.window)
    return np.asarray(draw(canvas, steps, value)).astype(np.uint8)
