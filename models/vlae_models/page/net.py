"""The network of a page model in floats."""

from __future__ import annotations

import torch
from torch import nn

from vlae_codec.families.page.model import ACTIVE_MOST, ONE

from .config import COUNTS, WINDOW, PageConfig


class PageNet(nn.Module):
    """Window and counts, two layers of ReLUs, and a last one that reads the counts again."""

    def __init__(self, config: PageConfig) -> None:
        super().__init__()
        self.enter = nn.Linear(WINDOW + COUNTS, config.enter)
        self.hidden = nn.Linear(config.enter, config.hidden)
        self.head = nn.Linear(config.hidden + COUNTS, 1)

    def forward(self, window: torch.Tensor, logs: torch.Tensor) -> torch.Tensor:
        """Return logits (N,) of windows (N, WINDOW) of 0 and 1 and the counts' logarithms (N, COUNTS)."""
        most = ACTIVE_MOST / ONE
        inner = self.enter(torch.cat([window, logs], 1)).clamp(0, most)
        inner = self.hidden(inner).clamp(0, most)
        out: torch.Tensor = self.head(torch.cat([inner, logs], 1))[:, 0]
        return out
