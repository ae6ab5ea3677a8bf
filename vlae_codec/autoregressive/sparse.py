"""Some pixels of many pictures, drawn in the order of the wavefront: those where a sender expects ink.

The pixels of a step lie anywhere in any picture, so that windows are gathered by index.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .engine import block_pixels
from .order import Window
from .window_net import LocalNet, Workspace


def draw_some(
    net: LocalNet, window: Window, features: NDArray[np.floating], least: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """Return pictures of 0 and 1, (B, H, W).

    Args:
        net: a network of one channel, of numpy.
        window: what it reads.
        features: what it reads beside the window, (H, W, F, B).
        least: logits from which on there is ink, (H, W, B); pixels of an infinite one are blank without being drawn.
    """
    height, width, count, batch = features.shape
    above, left, right = window
    stride = left + width + right
    pixels = np.zeros((height + above) * stride * batch, features.dtype)
    rows, columns, numbers = np.nonzero(np.isfinite(least))
    times = columns + window.slant * rows
    order = np.argsort(times, kind="stable")
    rows, columns, numbers = rows[order], columns[order], numbers[order]
    steps = np.cumsum(np.bincount(times)).tolist()
    needed, places = least[rows, columns, numbers], ((rows + above) * stride + columns + left) * batch + numbers
    around = np.array([(down * stride + across) * batch for down, across in window.offsets()], np.int64)[:, None]
    flat, beside = features.reshape(-1), (rows * width + columns) * count * batch + numbers
    channels, most = batch * np.arange(count)[:, None], 8 // net.mix.itemsize * block_pixels(net, 1)
    work = Workspace(net, most, features)
    for start, end in zip([0, *steps], steps, strict=False):
        for first in range(start, end, most):
            here = slice(first, min(end, first + most))
            buffers, heads = work.columns(here.stop - first), work.heads(here.stop - first)
            buffers.inputs[: len(around)] = pixels[places[here] + around]
            buffers.inputs[len(around) : -1] = flat[beside[here] + channels]
            work.trunk(buffers, heads.sums)
            pixels[places[here]] = work.head(heads, 0)[0] >= needed[here]
    whole = pixels.reshape(height + above, stride, batch)[above:, left : left + width]
    return np.asarray(whole.transpose(2, 0, 1), np.uint8)
