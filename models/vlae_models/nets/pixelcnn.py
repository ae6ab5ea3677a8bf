"""The local decoder p(x|z): a PixelCNN whose window is one masked convolution, then 1x1 layers.

. w w w w w .      rows above        The window (w) decides what the code z need not say:
. w w w w w .                        texture inside it is left to the decoder, whatever
. w w X . . .      this row          reaches further has to go through z.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..recipe import WINDOWS, ModelConfig
from .layers import Residual, conv


class LocalDecoder(nn.Module):
    """Logits of p(x_i = 1 | window_i, features_i).

    One input weight per window pixel and hidden unit: gathering the window by shifts and mapping
    it with a matrix is the masked convolution, with no masked-out weights to store or skip.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.offsets = WINDOWS[config.window].offsets()
        features = config.features if config.latent else 0
        self.mix = conv(len(self.offsets) + features, config.local, 1)
        self.layers = nn.ModuleList(Residual(config.local, size=1) for _ in range(config.local_layers))
        self.out = conv(config.local, 1, 1, gain=0.3)

    def windows(self, x: Tensor) -> Tensor:
        """Return every pixel's window, (B, len(offsets), H, W), zero outside the image; x is (B, 1, H, W)."""
        height, width = x.shape[2:]
        pad = max((max(-r, abs(c)) for r, c in self.offsets), default=0)
        padded = F.pad(x, (pad, pad, pad, pad))
        shifts = [padded[:, :, pad + r : pad + r + height, pad + c : pad + c + width] for r, c in self.offsets]
        return torch.cat(shifts, 1) if shifts else x[:, :0]

    def forward(self, x: Tensor, features: Tensor | None) -> Tensor:
        """Logits (B, H, W) given the whole image x (B, 1, H, W) and features (B, F, H, W)."""
        h = self.windows(x)
        if features is not None:
            h = torch.cat([h, features], 1)
        h = self.mix(h)
        for layer in self.layers:
            h = layer(h)
        logits: Tensor = self.out(torch.relu(h))
        return logits.squeeze(1).float()
