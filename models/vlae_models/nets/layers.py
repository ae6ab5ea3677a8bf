"""Building blocks shared by encoder and decoder; ReLU only, so that they export to integers."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor, nn


def conv(
    inputs: int, outputs: int, size: int | tuple[int, int], stride: int = 1, dilation: int = 1, gain: float = 1.0
) -> nn.Conv2d:
    """Return a convolution whose start keeps the variance through a ReLU (He et al., 2015), times gain.

    Padding is "same" for a square kernel; one of another shape, (rows, columns), has none.
    """
    padding = size // 2 if isinstance(size, int) else 0
    layer = nn.Conv2d(inputs, outputs, size, stride=stride, padding=padding, dilation=dilation)
    return _start(layer, gain)


def linear(inputs: int, outputs: int, gain: float = 1.0) -> nn.Linear:
    """Return a fully connected layer, started like `conv`; a small gain starts its output near nothing."""
    layer = nn.Linear(inputs, outputs)
    return _start(layer, gain)


L = TypeVar("L", nn.Conv2d, nn.Linear)


def _start(layer: L, gain: float) -> L:
    with torch.no_grad():
        layer.weight.normal_(0, gain * math.sqrt(2 / layer.weight[0].numel()))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


class Residual(nn.Module):
    """x + conv(relu(conv(relu(x)))), same width; shapes (B, C, H, W)."""

    def __init__(self, channels: int, size: int = 3) -> None:
        super().__init__()
        self.first = conv(channels, channels, size)
        self.second = conv(channels, channels, size, gain=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, of the shape of x."""
        h: Tensor = self.first(torch.relu(x))
        out: Tensor = x + self.second(torch.relu(h))
        return out
