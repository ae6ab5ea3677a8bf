"""Bilevel pictures drawn in single precision where that is sure to give the exact pixels, and exactly elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..exact.arrays import Array
from .bounded_net import BoundedColumns, BoundedNet
from .engine import Shape, Sheared, Sink, Source
from .order import diagonals
from .window_net import LocalNet, Workspace


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
    work = BoundedColumns(net, shape.frontier * shape.batch)
    for step in diagonals(shape.height, shape.width, shape.slant):
        for part in (seen, beside, known, sink):
            part.reach(step)
        inputs = work.inputs(step.count * shape.batch)
        filled = seen.gather(step, inputs)
        inputs[filled:-1].reshape(-1, step.count, shape.batch)[...] = beside.diagonal(step).swapaxes(0, 1)
        found, edge = work.run(inputs), known.diagonal(step)
        over = found.logits.reshape(step.count, shape.batch) - edge
        close = np.flatnonzero(np.abs(over) <= found.bound)
        if len(close):
            exact = exact_logits(net.exact, inputs[:, close])
            over.reshape(-1)[close] = exact - np.broadcast_to(edge, over.shape).reshape(-1)[close]
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
