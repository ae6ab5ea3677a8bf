"""The local decoder's network in the form that the wavefront engine evaluates (design D5, D7).

It gives the same integers as the layers of `integer_net`, with as few passes over memory as that takes:

- A column is a pixel (of one picture of the batch), a row a channel, so a window is gathered in slices.
- The layers are folded and in place (`in_place`).
- Between two layers of a residual block the clamp to +-LIMIT and the ReLU are one clamp to 0 ... LIMIT.
- The features of z enter beside the window's pixels, in the one product of the first layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, namespace
from .in_place import InPlace, zeros
from .tables import SIGMOID_FRACTION, SIGMOID_RANGE, load_tables
from .wavefront import Window


@dataclass(frozen=True)
class LocalNet:
    """Folded layers of a local decoder: window and features, residual blocks, one head a channel.

    Attributes:
        mix: reads a window (offset by offset, channel by channel), then the features, then one.
        blocks: pairs of layers from L to L channels.
        heads: for each channel of a pixel, in the order of drawing: its layer reads the L channels, one, and
            the channels of the pixel that are drawn already. Their outputs are rescaled but not clamped.
    """

    mix: Array
    blocks: Sequence[tuple[Array, Array]]
    heads: Sequence[Array]

    @property
    def channels(self) -> int:
        """Channels of a pixel."""
        return len(self.heads)

    def to(self, like: Array) -> LocalNet:
        """The same network on the device of an array (float64)."""
        if isinstance(like, np.ndarray):
            return self

        def move(weight: Array) -> Array:
            return namespace(like).asarray(weight, dtype=like.dtype, device=like.device)

        pairs = [(move(first), move(second)) for first, second in self.blocks]
        return LocalNet(move(self.mix), pairs, [move(head) for head in self.heads])


class Columns(NamedTuple):
    """Buffers for the columns of a step.

    Attributes:
        inputs: windows, features and a row of ones, (inputs + 1, N).
        stream: what the residual blocks add to, (L, N).
        active: its ReLU, a row of ones, the channels drawn so far, (L + 1 + channels, N).
        hidden: between the layers of a block, with a row of ones, (L + 1, N).
        update: what a block adds, (L, N).
        outputs: of each head, (M, N).
    """

    inputs: Array
    stream: Array
    active: Array
    hidden: Array
    update: Array
    outputs: tuple[Array, ...]


class Workspace:
    """The network with memory for up to `most` columns, which all evaluations share.

    Args:
        net: the network, on the device of `like`.
        most: columns of the largest step.
        like: an array of numpy or torch, float64, whose device the buffers take.
    """

    def __init__(self, net: LocalNet, most: int, like: Array) -> None:
        self.net, self.most, self.ops = net, most, InPlace(like)
        self.width = width = net.mix.shape[0]
        sizes = (net.mix.shape[1], width, width + 1 + net.channels, width + 1, width, *map(len, net.heads))
        self._memory = [self.ops.zeros(rows * most) for rows in sizes]
        self._last: tuple[int, Columns] | None = None

    def columns(self, count: int) -> Columns:
        """Dense buffers for `count` columns; they are those of the last call if the count is."""
        if self._last is not None and self._last[0] == count:
            return self._last[1]
        views = [memory[: len(memory) // self.most * count].reshape(-1, count) for memory in self._memory]
        inputs, stream, active, hidden, update, *outputs = views
        inputs[-1] = active[self.width] = hidden[-1] = 1.0
        found = Columns(inputs, stream, active, hidden, update, tuple(outputs))
        self._last = count, found
        return found

    def trunk(self, buffers: Columns) -> None:
        """From `inputs` to the first L rows of `active`: all but the heads."""
        ops, (inputs, stream, active, hidden, update, _) = self.ops, buffers
        relu, front = active[: self.width], active[: self.width + 1]
        ops.layer(self.net.mix, inputs, stream)
        ops.clip(stream, 0, relu)
        last = len(self.net.blocks) - 1
        for index, (first, second) in enumerate(self.net.blocks):
            ops.layer(first, front, hidden[: self.width], low=0)
            ops.update(second, hidden, update, stream, clamp=index < last)
            ops.clip(stream, 0, relu)

    def head(self, buffers: Columns, channel: int) -> Array:
        """The outputs of a channel's head, integers (M, N), from what `trunk` left and the channels drawn."""
        outputs = buffers.outputs[channel]
        library = self.ops.library
        library.matmul(self.net.heads[channel], buffers.active[: self.width + 1 + channel], out=outputs)
        library.floor(outputs, out=outputs)
        return outputs

    def drawn(self, buffers: Columns) -> Array:
        """Where the channels of the pixels go once they are drawn, (channels, N)."""
        return buffers.active[self.width + 1 :]


def known_logits(net: LocalNet, window: Window, pictures: Array, features: Array) -> Array:
    """The outputs of a head of one output at every pixel of pictures that are known, (B, H * W), not clamped.

    Args:
        net: a network of one channel.
        pictures: (B, H, W) on the device.
        features: (B, H, W, F) on the device.
    """
    batch, height, width = pictures.shape
    work = Workspace(net, height * width, pictures)
    buffers = work.columns(height * width)
    above, left, right = window
    size = (height + above, left + width + right)
    padded = zeros(size, pictures)
    places = buffers.inputs.reshape(-1, height, width)
    logits = zeros((batch, height * width), pictures)
    offsets = window.offsets()
    for index in range(batch):
        padded[above:, left : left + width] = pictures[index]
        for position, (down, across) in enumerate(offsets):
            rows, columns = above + down, left + across
            places[position] = padded[rows : rows + height, columns : columns + width]
        buffers.inputs[len(offsets) : -1] = features[index].reshape(height * width, -1).T
        work.trunk(buffers)
        logits[index] = work.head(buffers, 0)[0]
    return logits


def at_least(channel: int, logits: Array, least: Array) -> Array:
    """Ink where the logit reaches the least one that the noise of the place asks for."""
    return logits[0] >= least[:, None]


def least_logits(noise: NDArray[np.int64]) -> NDArray[np.float64]:
    """The least logit, in units of 1/64, whose probability of ink exceeds noise / 2^32.

    A pixel is ink if noise < 2^8 sigmoid[logit]. The table never falls, so the comparison may as well be made
    on the logits. At the ends of the table, where logits are clamped, it is always or never ink.
    """
    index = np.searchsorted(load_tables().sigmoid << (32 - SIGMOID_FRACTION), noise, side="right")
    least = index.astype(np.float64) - SIGMOID_RANGE
    least[index == 0] = -np.inf
    least[index > 2 * SIGMOID_RANGE] = np.inf
    return least
