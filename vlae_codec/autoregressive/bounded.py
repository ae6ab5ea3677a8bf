"""Bilevel pictures drawn in single precision where that is sure to give the exact pixels, and exactly elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..exact.arrays import Array
from .bounded_net import BoundedColumns, BoundedNet
from .engine import Shape, Sheared, Sink, Source
from .order import diagonals
from .window_net import LocalNet, Workspace

COLUMNS = 384
"""Pixels that go through the network at once: what they take stays in a processor's second cache."""


def draw_bounded(
    net: BoundedNet, shape: Shape, features: NDArray[np.float32], least: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """Return pictures of 0 and 1, (B, H, W).

    Args:
        net: the network.
        shape: size, number and order.
        features: what it reads beside the window, integers, (H, W, F, B).
        least: logits from which on there is ink, integers or infinite, (H, W, B) or (H, W, 1).
    """
    pictures = np.zeros((shape.batch, shape.height, shape.width), np.uint8)

    def emit(first: int, rows: Array) -> None:
        pictures[:, first : first + len(rows)] = rows[:, :, 0].transpose(2, 0, 1)

    # A logit is rounded half up, so that it reaches an integer from half a unit below it.
    edges = least.astype(np.float32) - np.float32(0.5)
    seen, sink = Sheared(shape, 1, features), Sink(shape, emit, 1, features)
    beside, known = Source(shape, lambda a, b: features[a:b]), Source(shape, lambda a, b: edges[a:b])
    block = min(shape.frontier, max(1, COLUMNS // shape.batch))
    work, memory = BoundedColumns(net, block * shape.batch), np.zeros(shape.frontier * shape.batch, np.float32)
    for step in diagonals(shape.height, shape.width, shape.slant):
        for part in (seen, beside, known, sink):
            part.reach(step)
        over = memory[: step.count * shape.batch].reshape(step.count, shape.batch)
        edge, unsure, columns = known.diagonal(step), list[NDArray[np.int64]](), list[NDArray[np.float32]]()
        for here in step.parts(block):
            start, inputs = here.first - step.first, work.inputs(here.count * shape.batch)
            filled = seen.gather(here, inputs)
            inputs[filled:-1].reshape(-1, here.count, shape.batch)[...] = beside.diagonal(here).swapaxes(0, 1)
            found, end = work.run(), start + here.count
            np.subtract(found.logits.reshape(here.count, -1), edge[start:end], out=over[start:end])
            close = np.flatnonzero(np.abs(over[start:end]) <= found.bound)
            unsure.append(close + start * shape.batch)
            columns.append(inputs[:, close])
        numbers = np.concatenate(unsure)
        if len(numbers):
            exact = exact_logits(net.exact, np.concatenate(columns, axis=1))
            over.reshape(-1)[numbers] = exact - np.broadcast_to(edge, over.shape)[np.divmod(numbers, shape.batch)]
        seen.put(step, over[None] >= 0)
        sink.diagonal(step)[...] = over[:, None] >= 0
    sink.give(shape.height)
    return pictures


def exact_logits(net: LocalNet, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the logits of inputs (inputs + 1, N), (N,)."""
    work = Workspace(net, inputs.shape[1], net.mix)
    buffers, heads = work.columns(inputs.shape[1]), work.heads(inputs.shape[1])
    buffers.inputs[...] = inputs
    work.trunk(buffers, heads.sums)
    return np.asarray(work.head(heads, 0)[0])
