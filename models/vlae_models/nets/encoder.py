"""The encoder q(z|x): a ResNet from a bilevel image to a diagonal Gaussian."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..recipe import ModelConfig
from .layers import Residual, conv, linear

LOG_SCALE_RANGE = (-5.0, 0.5)
"""Range of the posterior's log standard deviation."""


class Encoder(nn.Module):
    """Image (B, 1, 28, 28) to posterior mean and log standard deviation, each (B, D)."""

    def __init__(self, config: ModelConfig, dropout: float = 0.0) -> None:
        super().__init__()
        fine, coarse = config.fine, config.coarse
        self.stem = conv(4, fine, 3)
        self.fine = nn.ModuleList([Residual(fine)])
        self.down = conv(fine, coarse, 3, stride=2)
        self.coarse = nn.ModuleList([Residual(coarse), Residual(coarse)])
        self.squeeze = conv(coarse, 16, 1)
        self.full = linear(16 * 7 * 7, config.hidden)
        self.out = linear(config.hidden, 2 * config.latent, gain=0.3)
        self.dropout = dropout

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation of q(z|x), (B, D) each, of images (B, 1, 28, 28)."""
        return self.head(self.trunk(x))

    def trunk(self, x: Tensor) -> Tensor:
        """Return what posterior and classifier read of images (B, 1, 28, 28): (B, 784)."""
        h = self.stem(F.pixel_unshuffle(x, 2))  # (B, fine, 14, 14)
        for block in self.fine:
            h = block(h)
        h = self.down(torch.relu(h))  # (B, coarse, 7, 7)
        for block in self.coarse:
            h = block(h)
        return torch.relu(self.squeeze(torch.relu(h))).flatten(1)  # of (B, 16, 7, 7)

    def head(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log standard deviation of q(z|x), (B, D) each, of the output of `trunk`."""
        h = torch.relu(self.full(F.dropout(h, self.dropout, self.training)))
        mean, log_scale = self.out(F.dropout(h, self.dropout, self.training)).float().chunk(2, 1)
        return mean, (log_scale - 1).clamp(*LOG_SCALE_RANGE)
