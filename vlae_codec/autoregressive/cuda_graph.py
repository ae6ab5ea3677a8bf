"""The wavefront on a GPU: one step of fixed shape, captured as a CUDA graph and replayed (design D7).

A step of the plain engine is some forty small operations whose launches cost more than their arithmetic. Here
the time is a number on the device, all buffers keep their positions, and the lines are as long as the longest (what
lies outside the picture goes to a cell that nothing reads), so that the whole step is one graph, launched once a
diagonal. It holds the pictures and features whole, unlike `engine.sweep`. Without a GPU the same step runs
uncaptured, which is how it is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..exact.arrays import Array
from ..exact.kernels import library_of, on_device_of, zeros
from .engine import Choose, Shape
from .window_net import LocalNet, Workspace

WARM_UP = 3
"""Steps before the capture, in which the libraries allocate what they keep."""


class StaticStep:
    """One diagonal, with everything that changes between diagonals on the device.

    Args:
        net: the local decoder, on the device of the features.
        shape: size, number and order.
        choose: turns outputs into pixels; must only launch work on the device.
        features: (H, W, F, B), a torch tensor; float32 holds them exactly.
        positions: (H, W, ...) or None.
    """

    def __init__(self, net: LocalNet, shape: Shape, choose: Choose, features: Array, positions: Array) -> None:
        torch, like = library_of(features), net.mix
        self.torch, self.shape, self.choose, self.channels = torch, shape, choose, net.channels
        above, left, right = shape.window
        stride = left + shape.width + right
        self.features = features.reshape(shape.height * shape.width, -1, shape.batch)
        self.positions = (
            None if positions is None else positions.reshape(shape.height * shape.width, *positions.shape[2:])
        )
        device, count = features.device, shape.frontier
        self.stride, self.origin, self.nowhere = stride, above * stride + left, (shape.height + above) * stride
        size = (self.nowhere + 1, net.channels, shape.batch)
        self.pixels = zeros(size, like)
        offsets = [down * stride + across for down, across in shape.window.offsets()]
        self.offsets = on_device_of(np.array(offsets, np.int64), like)
        self.line = torch.arange(count, device=device)
        self.time = torch.zeros((), dtype=torch.int64, device=device)
        self.work = Workspace(net, count * shape.batch, like)
        self.buffers, self.heads = self.work.columns(count * shape.batch), self.work.heads(count * shape.batch)

    def reset(self) -> None:
        """Back to empty pictures and the first diagonal."""
        self.pixels.zero_()
        self.time.zero_()

    def __call__(self) -> None:
        """Draw the diagonal of `time` and go on to the next."""
        torch, shape, work, buffers = self.torch, self.shape, self.work, self.buffers
        first = -torch.div(shape.width - 1 - self.time, max(1, shape.slant), rounding_mode="floor")
        rows = (first.clamp(min=0) if shape.slant else first * 0) + self.line
        columns = self.time - shape.slant * rows
        inside = (rows < shape.height) & (columns >= 0) & (columns < shape.width)
        # By products: torch.where would copy its scalar from the host, which cannot be captured.
        entry = (rows * shape.width + columns) * inside
        position = self.origin + (rows * self.stride + columns) * inside
        batch, count, windows = shape.batch, len(self.line), len(self.offsets) * self.channels
        if windows:
            seen = self.pixels[position[:, None] + self.offsets]  # (P, K, channels, B)
            buffers.inputs[:windows].reshape(-1, self.channels, count, batch).copy_(seen.permute(1, 2, 0, 3))
        buffers.inputs[windows:-1].reshape(-1, count, batch).copy_(self.features[entry].transpose(0, 1))
        here = None if self.positions is None else self.positions[entry]
        work.trunk(buffers, self.heads.sums)
        drawn = self.heads.drawn.reshape(self.channels, count, batch)
        for channel in range(self.channels):
            outputs = work.head(self.heads, channel)
            drawn[channel] = self.choose(channel, outputs.reshape(-1, count, batch), here)
        self.pixels[self.nowhere + (position - self.nowhere) * inside] = drawn.transpose(0, 1)
        self.time += 1

    def picture(self) -> Array:
        """Return the pictures, (B, H, W, channels)."""
        shape = self.shape
        whole = self.pixels[: self.nowhere].reshape(-1, self.stride, self.channels, shape.batch)
        left = shape.window.left
        return whole[shape.window.above :, left : left + shape.width].permute(3, 0, 1, 2)


def capture(step: StaticStep) -> Callable[[], Any]:
    """Return the step as a replayable graph, or the step itself without a GPU to capture it on."""
    if step.pixels.device.type != "cuda":
        return step
    cuda = step.torch.cuda
    stream = cuda.Stream()
    stream.wait_stream(cuda.current_stream())
    with cuda.stream(stream):
        for _ in range(WARM_UP):
            step()
    cuda.current_stream().wait_stream(stream)
    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        step()
    replay: Callable[[], Any] = graph.replay
    return replay


def draw_by_graph(net: LocalNet, shape: Shape, choose: Choose, features: Array, positions: Array = None) -> Array:
    """Return what `engine.draw_whole` draws, from tensors of torch: (B, H, W, channels)."""
    step = StaticStep(net, shape, choose, features, positions)
    advance = capture(step)
    step.reset()
    for _ in range(shape.width + shape.slant * (shape.height - 1)):
        advance()
    return step.picture()
