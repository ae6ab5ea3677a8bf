"""The local decoder's network in the form that the wavefront engine evaluates (design D5, D7).

It gives the same integers as the layers of `exact.layers`, with as few passes over memory as that takes:

- A column is a pixel (of one picture of the batch), a row a channel, so a window is gathered in slices.
- The layers are folded and in place (`exact.kernels`).
- Between two layers of a residual block the clamp to +-LIMIT and the ReLU are one clamp to 0 ... LIMIT.
- The features of z enter beside the window's pixels, in the one product of the first layer.
- All heads read the trunk in one product; what a channel's head reads of the pixel's own channels is added later. The
  sums are exact, so that their order is free.
- A long step goes through the trunk in blocks that stay in the processor's caches.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ..exact.arrays import Array, namespace
from ..exact.kernels import InPlace, copied, zeros
from ..exact.tables import SIGMOID_FRACTION, SIGMOID_RANGE, load_tables
from .order import Window


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


class Columns(NamedTuple):
    """Buffers for the columns of a block.

    Attributes:
        inputs: windows, features and a row of ones, (inputs + 1, N).
        stream: what the residual blocks add to, (L, N).
        active: its ReLU, with a row of ones, (L + 1, N).
        hidden: between the layers of a residual block, with a row of ones, (L + 1, N).
        update: what a residual block adds, (L, N).
    """

    inputs: Array
    stream: Array
    active: Array
    hidden: Array
    update: Array


class Heads(NamedTuple):
    """Buffers for what comes of all columns of a step, which may be several blocks.

    Attributes:
        sums: what the heads make of the trunk, all of them together, (sum of M, N).
        drawn: the channels of the pixels, as far as they are drawn, (channels, N).
        outputs: `sums` by channel, (M, N) each.
        beside: what a head adds for the channels drawn before, (M, N) each.
    """

    sums: Array
    drawn: Array
    outputs: tuple[Array, ...]
    beside: tuple[Array, ...]


class Workspace:
    """The network with memory for the columns of a step, which all evaluations share.

    Args:
        net: the network, on the device of `like`.
        most: columns of the largest step.
        like: an array of numpy or torch, float64, whose device the buffers take.
        block: columns of the largest block that goes through the trunk, by default those of a step.
    """

    def __init__(self, net: LocalNet, most: int, like: Array, block: int | None = None) -> None:
        self.net, self.most, self.ops = net, most, InPlace(like)
        self.block = min(most, block or most)
        self.width = width = net.mix.shape[0]
        self._sizes = [len(head) for head in net.heads]
        xp = namespace(net.mix)
        # One product for all heads; a pixel's own channels are added when they are drawn.
        self._tops = xp.concat([head[:, : width + 1] for head in net.heads], axis=0)
        self._beside = [copied(head[:, width + 1 :]) for head in net.heads]
        rows = (net.mix.shape[1], width, width + 1, width + 1, width)
        self._columns = [self.ops.zeros(size * self.block) for size in rows]
        self._heads = [self.ops.zeros(size * most) for size in (sum(self._sizes), net.channels, max(self._sizes))]
        self._last: dict[type, tuple[int, Any]] = {}

    def columns(self, count: int) -> Columns:
        """Dense buffers for a block of `count` columns; they are those of the last call if the count is."""
        last = self._last.get(Columns)
        if last is not None and last[0] == count:
            return cast(Columns, last[1])
        found = Columns(*(memory[: len(memory) // self.block * count].reshape(-1, count) for memory in self._columns))
        found.inputs[-1] = found.active[-1] = found.hidden[-1] = 1.0
        self._last[Columns] = count, found
        return found

    def heads(self, count: int) -> Heads:
        """Dense buffers for a step of `count` columns; they are those of the last call if the count is."""
        last = self._last.get(Heads)
        if last is not None and last[0] == count:
            return cast(Heads, last[1])
        memories = (memory[: len(memory) // self.most * count].reshape(-1, count) for memory in self._heads)
        sums, drawn, beside = memories
        ends = list(itertools.accumulate(self._sizes))
        outputs = tuple(sums[end - size : end] for end, size in zip(ends, self._sizes, strict=True))
        found = Heads(sums, drawn, outputs, tuple(beside[:size] for size in self._sizes))
        self._last[Heads] = count, found
        return found

    def trunk(self, buffers: Columns, sums: Array) -> None:
        """From `inputs` to `sums`, the part of a step's that belongs to the block."""
        ops, (inputs, stream, active, hidden, update) = self.ops, buffers
        relu, inner = active[: self.width], hidden[: self.width]
        ops.layer(self.net.mix, inputs, stream)
        ops.clip(stream, 0, relu)
        last = len(self.net.blocks) - 1
        for index, (first, second) in enumerate(self.net.blocks):
            ops.layer(first, active, inner, low=0)
            ops.update(second, hidden, update, stream, clamp=index < last)
            ops.clip(stream, 0, relu)
        ops.library.matmul(self._tops, active, out=sums)

    def head(self, heads: Heads, channel: int) -> Array:
        """Return the outputs of a channel's head, integers (M, N), from those of `trunk` and the channels drawn."""
        outputs, library = heads.outputs[channel], self.ops.library
        if channel:
            beside = heads.beside[channel]
            library.matmul(self._beside[channel], heads.drawn[:channel], out=beside)
            library.add(outputs, beside, out=outputs)
        library.floor(outputs, out=outputs)
        return outputs


def known_logits(net: LocalNet, window: Window, pictures: Array, features: Array) -> Array:
    """Return the outputs of a head of one output at every pixel of known pictures, (B, H * W), not clamped.

    Args:
        net: a network of one channel.
        pictures: (B, H, W) on the device.
        features: (B, H, W, F) on the device.
    """
    batch, height, width = pictures.shape
    work = Workspace(net, height * width, pictures)
    buffers, heads = work.columns(height * width), work.heads(height * width)
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
        work.trunk(buffers, heads.sums)
        logits[index] = work.head(heads, 0)[0]
    return logits


def at_least(channel: int, logits: Array, least: Array) -> Array:
    """Ink where the logit, (1, P, B), reaches the least one of the position's noise, (P, B) or (P, 1)."""
    return logits[0] >= least


def least_logits(noise: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the least logit, in units of 1/64, whose probability of ink exceeds noise / 2^32.

    A pixel is ink if noise < 2^8 sigmoid[logit]. The table never falls, so the comparison may as well be made
    on the logits. At the ends of the table, where logits are clamped, it is always or never ink.
    """
    index = np.searchsorted(load_tables().sigmoid << (32 - SIGMOID_FRACTION), noise, side="right")
    least = index.astype(np.float64) - SIGMOID_RANGE
    least[index == 0] = -np.inf
    least[index > 2 * SIGMOID_RANGE] = np.inf
    return least
