"""Drawing as a PixelCNN is usually sampled: raster order, one call of the network a pixel, layers as they are written.

This is what the wavefront engine is compared with, beside its own raster order. The layers are those of `exact.layers`,
so that the pixels must be equal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlae_codec.autoregressive.engine import Choose, Load
from vlae_codec.autoregressive.order import Canvas, Step, Window, draw, raster_steps
from vlae_codec.autoregressive.window_net import LocalNet
from vlae_codec.exact.arrays import Array
from vlae_codec.exact.layers import Linear, Residual, relu
from vlae_codec.exact.philox import pixel_noise
from vlae_codec.model.networks import IntegerModel

Integers = NDArray[np.int64]
Pictures = NDArray[np.uint8]


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
    context = model.context(z)
    rows, columns = np.indices((model.height, model.width), dtype=np.int64)
    noise = pixel_noise(rows, columns, 0, np.zeros_like(rows), 0)

    def value(step: Step, seen: Array) -> Array:
        return noise[step.rows, step.columns] < model.local(context[:, step.rows, step.columns], seen) << 8

    canvas = Canvas(len(z), model.height, model.width, model.window, context)
    steps = raster_steps(model.height, model.width, model.window)
    return np.asarray(draw(canvas, steps, value)).astype(np.uint8)
