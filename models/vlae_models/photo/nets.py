"""Analysis, synthesis, hyper-networks and prior of the photo model; ReLU only, so that they export to integers.

No stream of residual blocks passes a ReLU: while a network beside a linear path is still noise, the quickest way to a
lower loss is to push its stream below zero, and behind a ReLU it is dead for good.

    x --analysis--> y --gain(q)--> round(y - mean) --> symbols       r = symbols + mean
    y --hyper-analysis--> round --> hyper-latents --hyper-synthesis--> h --heads, slice by slice--> mean, scale
    r --inverse gain(q)--> v --synthesis--> the picture

Pixels enter as (level - 128) / 128. q in 0 ... 1 is the quality. Positions of y are 16x16 pixels, of the
hyper-latents 64x64.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import PhotoConfig

PATCH = 16
LATENT_UNIT = 4.0
"""Latents to 1 in the output of the analysis' nonlinear path."""
INPUT_UNIT = 0.3
"""Units of the synthesis' nonlinear path to 1 in its input v."""
MEAN_UNIT = 2.0
SCALE_UNIT = 4.0
SCALE_START = 20.0
"""Index of the scale that a head starts from, about 1."""
GAIN_BOUND, HYPER_BOUND = 1.5, 8.0
"""Of the logarithms of gains of latents and of hyper-latents, around where they start."""
SCALES = 64
LEAST_SCALE = 0.11
LARGEST_SCALE = 128.0
LOG_STEP = math.log(LARGEST_SCALE / LEAST_SCALE) / (SCALES - 1)


def conv(inputs: int, outputs: int, side: int = 3, gain: float = 1.0, stride: int = 1) -> nn.Conv2d:
    """Return a convolution with zero padding whose initial weights are scaled by a gain."""
    layer = nn.Conv2d(inputs, outputs, side, padding=side // 2, stride=stride)
    with torch.no_grad():
        layer.weight.mul_(gain)
    return layer


class Residual(nn.Module):
    """x + second(relu(first(x))), 3x3 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels)
        self.relu = nn.ReLU()
        self.second = conv(channels, channels, gain=0.2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's maps, of the shape of x."""
        return x + cast(Tensor, self.second(self.relu(self.first(x))))


def blocks(channels: int, count: int) -> nn.Sequential:
    """Return residual blocks of one width."""
    return nn.Sequential(*(Residual(channels) for _ in range(count)))


class Analysis(nn.Module):
    """Pictures (B, 3, H, W) to latents y (B, L, H/16, W/16) in float32."""

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__()
        fine, mid, coarse = config.widths
        self.stem = conv(3 * 16, fine)
        self.fine = blocks(fine, config.analysis_blocks[0])
        self.down_mid = conv(4 * fine, mid, 1)
        self.mid = blocks(mid, config.analysis_blocks[1])
        self.down_coarse = conv(4 * mid, coarse, 1)
        self.coarse = blocks(coarse, config.analysis_blocks[2])
        self.out = conv(coarse, config.latent, gain=0.02)
        self.linear = conv(3 * PATCH**2, config.latent, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return y, the linear path's and the nonlinear path's sum."""
        h = self.fine(self.stem(F.pixel_unshuffle(x, 4)))
        h = self.mid(self.down_mid(F.pixel_unshuffle(h, 2)))
        h = self.coarse(self.down_coarse(F.pixel_unshuffle(h, 2)))
        nonlinear: Tensor = self.out(h).float()
        return LATENT_UNIT * nonlinear + in_full(self.linear, F.pixel_unshuffle(x, PATCH))


class Synthesis(nn.Module):
    """Dequantised latents v (B, L, h, w) and qualities (B,) to pictures (B, 3, 16 h, 16 w) in float32."""

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__()
        fine, mid, coarse = config.widths
        self.enter = conv(config.latent + 1, coarse)
        self.coarse = blocks(coarse, config.synthesis_blocks[2])
        self.up_mid = conv(coarse, 4 * mid, 1)
        self.mid = blocks(mid, config.synthesis_blocks[1])
        self.up_fine = conv(mid, 4 * fine, 1)
        self.fine = blocks(fine, config.synthesis_blocks[0])
        self.out = conv(fine, 3 * 16, gain=0.02)
        self.linear = conv(config.latent, 3 * PATCH**2, 1)

    def forward(self, v: Tensor, quality: Tensor) -> Tensor:
        """Return the picture, the linear path's and the nonlinear path's sum."""
        h = self.coarse(self.enter(with_quality(INPUT_UNIT * v, quality)))
        h = self.mid(F.pixel_shuffle(self.up_mid(h), 2))
        h = self.fine(F.pixel_shuffle(self.up_fine(h), 2))
        nonlinear = F.pixel_shuffle(cast(Tensor, self.out(h)).float(), 4)
        return nonlinear + F.pixel_shuffle(in_full(self.linear, v), PATCH)


def in_full(layer: nn.Module, x: Tensor) -> Tensor:
    """Return a layer's maps in float32, whatever autocast says: bfloat16 is coarser than a large latent's step."""
    with torch.autocast(x.device.type, enabled=False):
        return cast(Tensor, layer(x.float()))


def with_quality(maps: Tensor, quality: Tensor) -> Tensor:
    """Return maps (B, C, h, w) with one constant map of the qualities (B,) after them."""
    return torch.cat([maps, quality[:, None, None, None].expand(-1, 1, *maps.shape[2:]).to(maps.dtype)], 1)


class HyperAnalysis(nn.Sequential):
    """Latents at their gains (B, L, h, w) to hyper-latents (B, C, h/4, w/4)."""

    def __init__(self, config: PhotoConfig) -> None:
        middle = config.middle
        super().__init__(
            conv(config.latent, middle),
            nn.ReLU(),
            conv(middle, middle, stride=2),
            nn.ReLU(),
            conv(middle, config.hyper, stride=2),
        )


class HyperSynthesis(nn.Sequential):
    """Hyper-latents and a map of the quality (B, C + 1, h/4, w/4) to features of the prior (B, M, h, w)."""

    def __init__(self, config: PhotoConfig) -> None:
        middle = config.middle
        super().__init__(
            conv(config.hyper + 1, middle),
            nn.ReLU(),
            conv(middle, 4 * middle, 1),
            nn.PixelShuffle(2),
            nn.ReLU(),
            conv(middle, 4 * middle, 1),
            nn.PixelShuffle(2),
            nn.ReLU(),
            conv(middle, middle),
        )


class Head(nn.Sequential):
    """Maps that are known to the mean and the scale of one slice at each position."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__(
            conv(inputs, hidden),
            nn.ReLU(),
            conv(hidden, hidden, 1),
            nn.ReLU(),
            conv(hidden, 2 * outputs, 1, gain=0.3),
        )


class Gains(nn.Module):
    """Gain units: exp(level + slope q + t) for a channel at quality q, t = bound tanh((a + b q + d q^2) / bound).

    Cui et al., "Asymmetric gained deep image compression with continuous rate adaptation" (2021). The bound keeps
    channels alive: without it, those that are zero early in training get gains of zero, and no gradient again.
    """

    def __init__(self, channels: int, level: float, slope: float, bound: float) -> None:
        super().__init__()
        self.level, self.slope, self.bound = level, slope, bound
        self.terms = nn.Parameter(torch.zeros(3, channels))

    def forward(self, quality: Tensor) -> Tensor:
        """Return the gains (B, C, 1, 1) at qualities (B,)."""
        q = quality[:, None]
        a, b, c = self.terms
        terms = self.bound * torch.tanh((a + b * q + c * q * q) / self.bound)
        return torch.exp(self.level + self.slope * q + terms)[:, :, None, None]
