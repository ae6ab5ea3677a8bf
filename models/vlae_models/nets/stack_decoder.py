"""A decoder p(x|z) whose window is what a stack of 3x3 convolutions reaches: PixelCNN's two stacks, for studies alone.

One stack reads the rows above, the other the pixels to the left and the first stack, so nothing that lies in the window
is hidden (van den Oord et al., "Conditional image generation with PixelCNN decoders"). It is not exported: the codec's
wavefront needs a window that one gather reads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..recipe import STACKS, ModelConfig
from .layers import Residual, conv


class StackDecoder(nn.Module):
    """Logits of p(x_i = 1 | window_i, features_i); the reach of the window is the sum of the layers' dilations."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, (first, *others) = config.local, STACKS[config.window]
        self.dilations = others
        self.above = conv(1, width, (1, 3), dilation=first)
        self.mix = conv(1 + (config.features if config.latent else 0), width, 1)
        self.rows = nn.ModuleList(conv(width, width, (2, 3), dilation=d, gain=0.5) for d in others)
        self.columns = nn.ModuleList(conv(width, width, (1, 2), dilation=d, gain=0.5) for d in others)
        self.links = nn.ModuleList(conv(width, width, 1, gain=0.5) for _ in range(1 + len(others)))
        self.layers = nn.ModuleList(Residual(width, size=1) for _ in range(config.local_layers))
        self.out = conv(width, 1, 1, gain=0.3)

    def forward(self, x: Tensor, features: Tensor | None) -> Tensor:
        """Logits (B, H, W) given the whole image x (B, 1, H, W) and features (B, F, H, W)."""
        reach = self.above.dilation[1]
        above: Tensor = self.above(F.pad(x[:, :, :-1], (reach, reach, 1, 0)))
        left = F.pad(x[:, :, :, :-1], (1, 0))
        left = self.mix(left if features is None else torch.cat([left, features], 1)) + self.links[0](torch.relu(above))
        for d, rows, columns, link in zip(self.dilations, self.rows, self.columns, self.links[1:], strict=True):
            above = above + rows(F.pad(torch.relu(above), (d, d, d, 0)))
            left = left + columns(F.pad(torch.relu(left), (d, 0))) + link(torch.relu(above))
        for layer in self.layers:
            left = layer(left)
        logits: Tensor = self.out(torch.relu(left))
        return logits.squeeze(1).float()
