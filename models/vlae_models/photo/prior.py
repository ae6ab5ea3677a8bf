"""The prior of the latents: hyper-latents, then slices of channels, each in two halves of a checkerboard.

He et al., "Checkerboard context model" (2021) and "ELIC" (2022); Minnen and Singh, "Channel-wise autoregressive
entropy models" (2020). Eight steps code a grid of any size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .config import PhotoConfig
from .nets import (
    HYPER_BOUND,
    LEAST_SCALE,
    LOG_STEP,
    MEAN_UNIT,
    SCALE_START,
    SCALE_UNIT,
    SCALES,
    Gains,
    Head,
    HyperAnalysis,
    HyperSynthesis,
    with_quality,
)

HYPER_SLOPE = 0.7
"""Of the gains of hyper-latents at the start: they, too, are coarser at a low quality."""
TAIL = 8.0
"""Standard deviations from which on the logarithm of a mass goes on as a line, so that gradients stay alive."""
LOG_TAIL = -35.01344
"""Natural logarithm of the normal mass below -TAIL."""


class _Bounded(torch.autograd.Function):
    """clamp(x, low, high) whose gradient passes at a bound if a step along it leads back inside."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        dead = ((x < ctx.low) & (gradient > 0)) | ((x > ctx.high) & (gradient < 0))
        return torch.where(dead, torch.zeros_like(gradient), gradient), None, None


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    """Return x clamped, with gradients that lead back inside."""
    clamped: Tensor = _Bounded.apply(x, low, high)  # type: ignore[no-untyped-call]
    return clamped


def scale_of(index: Tensor) -> Tensor:
    """Return the standard deviations of (fractional) indices of the table of scales."""
    return LEAST_SCALE * torch.exp(LOG_STEP * bounded(index, 0.0, SCALES - 1.0))


def gaussian_bits(difference: Tensor, scale: Tensor) -> Tensor:
    """Return the bits of a unit bin around `difference` under a normal distribution of mean 0."""
    away = difference.abs()
    upper = (0.5 - away) / scale
    inside = upper.clamp(min=-TAIL)
    lower = torch.minimum((-0.5 - away) / scale, inside - 1e-6)
    mass = 0.5 * (torch.erfc(-inside / math.sqrt(2)) - torch.erfc(-lower / math.sqrt(2)))
    logarithm = torch.where(upper > -TAIL, mass.clamp(min=1e-18).log(), LOG_TAIL + TAIL * (upper + TAIL))
    return -logarithm / math.log(2)


Quantiser = Callable[[Tensor], Tensor]
"""Latents less their means to what stands for their symbols."""


def rounded(x: Tensor) -> Tensor:
    """Return x rounded, with the gradient of x (straight through)."""
    return x + (x.round() - x).detach()


class Coded(NamedTuple):
    """What the prior makes of a batch.

    Attributes:
        values: r, rounded latents with their means, (B, L, h, w).
        bits: of the latents, (B,).
        hyper_bits: of the hyper-latents, (B,).
        features: of the heads, (B, M, h, w).
        away: latents less their means, of the shape of values.
    """

    values: Tensor
    bits: Tensor
    hyper_bits: Tensor
    features: Tensor
    away: Tensor


class Prior(nn.Module):
    """Hyper-networks and heads."""

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__()
        self.slices = config.slices
        self.analysis, self.synthesis = HyperAnalysis(config), HyperSynthesis(config)
        known = [config.middle + sum(config.slices[:index]) for index in range(len(config.slices))]
        self.first = nn.ModuleList(Head(n, config.head, c) for n, c in zip(known, config.slices, strict=True))
        self.second = nn.ModuleList(Head(n + c, config.head, c) for n, c in zip(known, config.slices, strict=True))
        self.gain = Gains(config.hyper, -HYPER_SLOPE, HYPER_SLOPE, HYPER_BOUND)
        self.inverse = Gains(config.hyper, HYPER_SLOPE, -HYPER_SLOPE, HYPER_BOUND)
        # Means and indices of scales of the hyper-latents: at quality 0, and their slope.
        self.hyper_mean = nn.Parameter(torch.zeros(2, config.hyper))
        start = math.log(1.5 / LEAST_SCALE) / LOG_STEP / SCALE_UNIT
        self.hyper_scale = nn.Parameter(torch.tensor([[start], [0.0]]).repeat(1, config.hyper))

    def hyper(self, y: Tensor, quality: Tensor, hard: bool) -> tuple[Tensor, Tensor]:
        """Return the features of the heads (B, M, h, w) and the bits of the hyper-latents (B,)."""
        z = self.analysis(y).float() * self.gain(quality)
        q = quality[:, None]
        mean = (self.hyper_mean[0] + self.hyper_mean[1] * q)[:, :, None, None]
        # Noise for the synthesis, too: rounded in training, most channels collapse to zero at once.
        z = (z - mean).round() + mean if hard else z + torch.rand_like(z) - 0.5
        index = SCALE_UNIT * (self.hyper_scale[0] + self.hyper_scale[1] * q)[:, :, None, None]
        bits = gaussian_bits(z - mean, scale_of(index)).sum((1, 2, 3))
        features: Tensor = self.synthesis(with_quality(z * self.inverse(quality), quality))
        return features, bits

    def forward(self, y: Tensor, quality: Tensor, hard: bool, quantise: Quantiser = rounded) -> Coded:
        """Code latents y at their gains, (B, L, h, w).

        Args:
            y: latents in quantisation steps.
            quality: (B,).
            hard: bits are those of the symbols, and hyper-latents are rounded; otherwise both are of uniform noise.
            quantise: what makes symbols of latents.
        """
        features, hyper_bits = self.hyper(y, quality, hard)
        first = checkerboard(y)
        known, done, bits, offsets = [features], [], [], []
        for index, part in enumerate(torch.split(y, list(self.slices), 1)):
            mean, scale = self._mean_and_scale(self.first[index], known)
            values = quantise(part - mean) + mean
            mean_2, scale_2 = self._mean_and_scale(
                self.second[index], [*known, torch.where(first, values, 0.0).to(features.dtype)]
            )
            mean, scale = torch.where(first, mean, mean_2), torch.where(first, scale, scale_2)
            values = torch.where(first, values, quantise(part - mean_2) + mean_2)
            offsets.append(part - mean)
            away = values - mean if hard else offsets[-1] + torch.rand_like(part) - 0.5
            bits.append(gaussian_bits(away, scale).sum((1, 2, 3)))
            done.append(values)
            known.append(values.to(features.dtype))
        return Coded(torch.cat(done, 1), torch.stack(bits).sum(0), hyper_bits, features, torch.cat(offsets, 1))

    @staticmethod
    def _mean_and_scale(head: nn.Module, known: list[Tensor]) -> tuple[Tensor, Tensor]:
        mean, index = head(torch.cat(known, 1)).float().chunk(2, 1)
        return MEAN_UNIT * mean, scale_of(SCALE_UNIT * index + SCALE_START)


def checkerboard(maps: Tensor) -> Tensor:
    """Return where maps (B, C, h, w) have the positions that are coded first, booleans (h, w)."""
    rows, columns = (torch.arange(n, device=maps.device) for n in maps.shape[2:])
    return (rows[:, None] + columns) % 2 == 0
