"""The texture head: how far latents that were not sent are from their means, by all that was sent.

The prior's scales do not say it: whether a latent of symbol 0 strays by a tenth or by a hundredth of a step costs no
bits, so no prior learns it. The head learns the density of latents within the bin of 0, narrow in a sky, wide in grass.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from vlae_codec.families.photo.texture import LARGEST, LEAST, SCALES

from .config import PhotoConfig
from .nets import conv
from .prior import Coded, bounded

LOG_STEP = math.log(LARGEST / LEAST) / (SCALES - 1)
HIDDEN = 32
"""Hidden channels: they take 0.1 MB of the released model."""
UNIT, START = 4.0, 20.0
"""Indices of scales to 1 in the head's output, and the index that it starts from, about an eighth of a step."""


class Texture(nn.Sequential):
    """Features of the prior and rounded latents (B, M + L, h, w) to indices of scales (B, L, h, w), in units."""

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__(
            conv(config.middle + config.latent, HIDDEN),
            nn.ReLU(),
            conv(HIDDEN, config.latent, 1, gain=0.3),
        )


def texture_cost(head: Callable[[Tensor], Tensor], coded: Coded) -> Tensor:
    """Return nats a latent of symbol 0 by its normal density, (B,); no gradient reaches the prior."""
    known = torch.cat([coded.features, coded.values.to(coded.features.dtype)], 1).detach()
    away = coded.away.detach()
    index = bounded(UNIT * head(known).float() + START, 0.0, SCALES - 1.0)
    nats = 0.5 * (away / LEAST * torch.exp(-LOG_STEP * index)).square() + LOG_STEP * index
    unsent = away.abs() <= 0.5
    return torch.where(unsent, nats, 0.0).sum((1, 2, 3)) / unsent.sum((1, 2, 3)).clamp(min=1)
