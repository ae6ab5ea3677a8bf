"""The feature decoder: z to a full-size feature map that the local decoder reads at each pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..recipe import ModelConfig
from .label import label_input
from .layers import Residual, conv, linear


class FeatureDecoder(nn.Module):
    """z (B, D), and a label where the model has them, to features (B, F, 28, 28); the encoder's mirror image."""

    def __init__(self, config: ModelConfig, dropout: float = 0.0) -> None:
        super().__init__()
        fine, coarse = config.fine, config.coarse
        self.full = linear(config.latent, config.hidden)
        self.label = label_input(config.labels, config.hidden)
        self.spread = linear(config.hidden, 16 * 7 * 7)
        self.widen = conv(16, coarse, 1)
        self.coarse = nn.ModuleList([Residual(coarse), Residual(coarse)])
        self.up = conv(coarse, 4 * fine, 1)
        self.fine = nn.ModuleList([Residual(fine)])
        self.out = conv(fine, 4 * config.features, 3)
        self.dropout = dropout

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Features (B, F, 28, 28) of latents (B, D) and labels, one-hot (B, K)."""
        h = self.full(z) if self.label is None else self.full(z) + self.label(label)
        h = F.dropout(torch.relu(h), self.dropout, self.training)
        h = torch.relu(self.spread(h)).reshape(-1, 16, 7, 7)
        h = self.widen(h)
        for block in self.coarse:
            h = block(h)
        h = F.pixel_shuffle(self.up(torch.relu(h)), 2)  # (B, fine, 14, 14)
        for block in self.fine:
            h = block(h)
        return torch.relu(F.pixel_shuffle(self.out(torch.relu(h)), 2))  # (B, F, 28, 28)
