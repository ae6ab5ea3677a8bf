"""The colour VLAE as a probability model: rate and distortion apart (design D7, D9).

The posterior is uniform of a known width d about y(x), so the rate of a dithered quantiser is its KL (Ziv 1985;
Agustsson and Theis 2020): z = y + u, u uniform, and KL = E[-log2 (P(z + d/2) - P(z - d/2))], P the prior's
cumulative distribution.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..nets.logistic_mixture import SHARPEST, interval_bits
from .config import WindowedConfig
from .nets import (
    COLOURS,
    LATENT_UNIT,
    MEAN_UNIT,
    PIXEL_UNIT,
    Encoder,
    Synthesis,
    latent_prior,
    local_decoder,
    with_gains,
)


class Parts(NamedTuple):
    """What a picture costs, each (B,).

    Attributes:
        rate: KL, bits a pixel.
        distortion: -log2 p(x|z), bits a pixel (of three subpixels), estimated at some positions.
        squared_error: of the base reconstruction, levels squared, mean over subpixels.
    """

    rate: Tensor
    distortion: Tensor
    squared_error: Tensor


class WindowedVLAE(nn.Module):
    """q(z|x), p(z) and p(x|z) of pictures (B, 3, H, W), levels 0 ... 255, green, red, blue.

    H and W are multiples of the patch P; the latent grid has H / P x W / P positions. Without latents, p(x) alone.
    """

    def __init__(self, config: WindowedConfig) -> None:
        super().__init__()
        self.config = config
        if config.latent:
            self.encoder = Encoder(config)
            self.synthesis = Synthesis(config)
            self.prior = latent_prior(config)
        self.local = local_decoder(config)

    def forward(
        self,
        x: Tensor,
        log_width: Tensor,
        context: Tensor,
        noisy: Tensor,
        positions: Tensor,
        base_grad_scale: float = 1.0,
        decoder_grad_scale: float = 1.0,
    ) -> Parts:
        """Return the bound's parts for one sample of z each.

        Args:
            log_width: logarithms (base 2) of the widths, (B,).
            context: the local decoder's windows are cut from it, (B, 3, H, W): x, or x with noise.
            noisy: 1 where the context has noise, else 0, (B,).
            positions: numbers of pixels at which the local decoder is evaluated, (B, n).
            base_grad_scale: factor of the base reconstruction's gradient to z.
            decoder_grad_scale: factor of the local decoder's gradient to z.
        """
        if not self.config.latent:
            features = x.new_zeros((len(x), self.config.features, *x.shape[2:]))
            none = x.new_zeros(len(x))
            return Parts(none, self.distortion(x, features, context, noisy, positions), none)
        y = with_gains(self.encoder((x - 128) / PIXEL_UNIT), self.encoder.gains, log_width)
        width = torch.exp2(log_width)
        z = y + (torch.rand_like(y) - 0.5) * width[:, None, None, None]
        features = self.synthesis(z, log_width)
        mean = self.synthesis.mean(partly(features, base_grad_scale)).float()
        error = (mean * PIXEL_UNIT + 128 - x).square().mean((1, 2, 3))
        distortion = self.distortion(x, partly(features.float(), decoder_grad_scale), context, noisy, positions)
        return Parts(self.rate(z, log_width) / self.config.patch**2, distortion, error)

    def rate(self, z: Tensor, log_width: Tensor) -> Tensor:
        """KL of a position of the grid, bits, mean over the positions, (B,)."""
        batch, channels, height, width = z.shape
        all_places = torch.arange(height * width, device=z.device).expand(batch, -1)
        window = self.prior.gather(z / LATENT_UNIT, all_places)
        here = z.permute(0, 2, 3, 1).reshape(-1, channels)
        conditioning = log_width.repeat_interleave(height * width)
        parameters = scaled(self.prior(window, conditioning[:, None], here / LATENT_UNIT), LATENT_UNIT)
        size = torch.exp2(conditioning)[:, None].expand(-1, channels)
        sharpest = SHARPEST * 2**self.config.prior_sharper
        bits = interval_bits(parameters, here - size / 2, here + size / 2, size, sharpest)
        return bits.sum(1).reshape(batch, -1).mean(1)

    def distortion(self, x: Tensor, features: Tensor, context: Tensor, noisy: Tensor, positions: Tensor) -> Tensor:
        """-log2 p(x_i | window_i, z), bits a pixel, mean over the positions, (B,)."""
        count = positions.shape[1]
        window = self.local.gather((context - 128) / PIXEL_UNIT, positions)
        beside = torch.cat([pick(features, positions), noisy.repeat_interleave(count)[:, None]], 1)
        here = pick(x, positions)
        parameters = scaled(self.local(window, beside, (here - 128) / PIXEL_UNIT), MEAN_UNIT)
        low = torch.where(here > 0, here - 128.5, -torch.inf)
        high = torch.where(here < 255, here - 127.5, torch.inf)
        bits = interval_bits(parameters, low, high, torch.ones(()))
        return bits.sum(1).reshape(len(x), count).mean(1)


def partly(features: Tensor, part: float) -> Tensor:
    """Return the same features, behind which only a part of the gradient passes."""
    return part * features + (1 - part) * features.detach()


def pick(maps: Tensor, positions: Tensor) -> Tensor:
    """Return the entries (B n, C) of maps (B, C, H, W) at positions (B, n)."""
    index = positions[:, None].expand(-1, maps.shape[1], -1)
    return maps.flatten(2).gather(2, index).permute(0, 2, 1).reshape(-1, maps.shape[1])


def scaled(parameters: Tensor, unit: float) -> Tensor:
    """Parameters (..., 3, K) whose means are in units of `unit`, in units of 1."""
    return parameters * parameters.new_tensor([1.0, unit, 1.0])[:, None]


def noised(x: Tensor, largest: float) -> Tensor:
    """Pictures with the errors that a picture gathers while it is drawn: smooth fields, and a little noise."""
    batch, _, height, width = x.shape
    out = x
    for cell in (8, 32):
        field = torch.randn(batch, COLOURS, max(1, height // cell), max(1, width // cell), device=x.device)
        size = largest / 2 * torch.rand(batch, 1, 1, 1, device=x.device)
        out = out + size * F.interpolate(field, (height, width), mode="bilinear")
    grain = largest / 6 * torch.rand(batch, 1, 1, 1, device=x.device)
    return (out + grain * torch.randn_like(x)).round().clamp(0, 255)
