"""The photo model as it is trained: bits of uniform noise (a bound), distortion of rounded latents."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..train.precision import has_bfloat16
from .config import PhotoConfig
from .nets import GAIN_BOUND, PATCH, Analysis, Gains, Synthesis
from .prior import Prior
from .structure import ms_ssim
from .texture import Texture, texture_cost

LEVELS = 128.0
"""Pixel levels to 1 in what enters the analysis."""
STRUCTURE_UNIT = 1300.0
"""Squared error (of 0 ... 255) that 1 - MS-SSIM = 1 counts as."""
BEST_STEP = math.sqrt(64.9)
"""Quantisation step in pixel levels times sqrt(lambda): where the bits saved by a coarser step of an orthonormal
transform of 16x16x3 equal lambda times its squared error."""


class Parts(NamedTuple):
    """What a batch costs, (B,) each.

    Attributes:
        bits: bits a pixel.
        hyper_bits: those among them of the hyper-latents.
        squared_error: mean of (0 ... 255)^2.
        similarity: MS-SSIM.
        texture: nats a latent of symbol 0, by the texture head.
    """

    bits: Tensor
    hyper_bits: Tensor
    squared_error: Tensor
    similarity: Tensor
    texture: Tensor


class PhotoVLAE(nn.Module):
    """Analysis, prior, synthesis, the gain units of the qualities, and the texture head.

    Args:
        config: shapes.
        coarsest: lambda at quality 0, from which the gains start.
        log_range: natural logarithm of lambda at quality 1 over that.
    """

    def __init__(self, config: PhotoConfig, coarsest: float, log_range: float) -> None:
        super().__init__()
        self.config = config
        level, slope = math.log(LEVELS * math.sqrt(coarsest) / BEST_STEP), log_range / 2
        self.analysis, self.synthesis = Analysis(config), Synthesis(config)
        self.prior = Prior(config)
        self.gain = Gains(config.latent, level, slope, GAIN_BOUND)
        self.inverse = Gains(config.latent, -level, -slope, GAIN_BOUND)
        self.texture = Texture(config)

    def forward(
        self, levels: Tensor, quality: Tensor, hard: bool = False, start: int = 0, reduced: bool = False
    ) -> Parts:
        """Return what pictures cost.

        Args:
            levels: (B, 3, H, W), 0 ... 255, sides multiples of 64.
            quality: (B,), 0 ... 1.
            hard: round as the codec does.
            start: scales that MS-SSIM leaves out.
            reduced: compute the networks, but for the linear paths, in bfloat16, where the device has it.
        """
        device = levels.device.type
        with torch.autocast(device, torch.bfloat16, enabled=reduced and has_bfloat16(device)):
            y = self.analysis((levels - LEVELS) / LEVELS)
            coded = self.prior(y * self.gain(quality), quality, hard)
            texture = texture_cost(self.texture, coded)
            picture = LEVELS * self.synthesis(coded.values * self.inverse(quality), quality) + LEVELS
        if hard:
            picture = picture.clamp(0, 255).round()
        pixels = levels.shape[2] * levels.shape[3]
        error = (picture - levels).square().mean((1, 2, 3))
        similarity = ms_ssim(picture / 255, levels / 255, start)
        return Parts((coded.bits + coded.hyper_bits) / pixels, coded.hyper_bits / pixels, error, similarity, texture)


@torch.no_grad()
def start_linear(net: PhotoVLAE, levels: Tensor) -> None:
    """Start the linear paths as the principal components of patches, and the hyper-latents at a spread of 1.5.

    Args:
        net: the network to start.
        levels: training crops (N, 3, S, S), 0 ... 255.
    """
    x = (levels - LEVELS) / LEVELS
    patches = nn.functional.pixel_unshuffle(x, PATCH).permute(0, 2, 3, 1).reshape(-1, 3 * PATCH**2)
    _, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    vectors = vectors[:, -net.config.latent :].flip(1)
    net.analysis.linear.weight.copy_(vectors.T[:, :, None, None])
    net.synthesis.linear.weight.copy_(vectors[:, :, None, None])
    for layer in (net.analysis.linear, net.synthesis.linear):
        assert layer.bias is not None
        layer.bias.zero_()
    quality = torch.linspace(0, 1, min(16, len(x)), device=x.device)
    z = net.prior.analysis(net.analysis(x[: len(quality)]) * net.gain(quality))
    last = net.prior.analysis[-1]
    assert isinstance(last, nn.Conv2d) and last.bias is not None
    last.weight.mul_(1.5 / z.std().clamp(min=1e-3))
    last.bias.zero_()
