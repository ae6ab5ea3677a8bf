"""How the linear paths of a colour model start: as principal components, a transform coder (design D9)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .crops import Levels
from .nets import COLOURS, LATENT_UNIT, PIXEL_UNIT, Encoder, Synthesis, unshuffled

STEP = 61.0
"""Pixel levels of an orthonormal component to 1 in y: about where the slopes of rate and of the mean picture's weighted
squared error are equal at width 1."""
LIFT = 2.0
"""Added to pixels of -2 ... 2 that pass a ReLU, so that it leaves them unchanged."""


def start_straight(encoder: Encoder, synthesis: Synthesis, crops: Levels) -> None:
    """Let y be the first principal components of patches, and the mean picture what these say of it.

    Args:
        encoder, synthesis: networks with a linear path.
        crops: training pictures, uint8 (N, H, W, 3), whose sides are multiples of the patch.
    """
    assert encoder.straight is not None and synthesis.straight is not None
    x = (torch.from_numpy(crops).permute(0, 3, 1, 2).double() - 128) / PIXEL_UNIT
    components = principal(unshuffled(x, len(encoder.scales) + 1), encoder.straight.out_channels)
    scale = PIXEL_UNIT / (STEP * LATENT_UNIT)
    with torch.no_grad():
        encoder.straight.weight.copy_(scale * components[:, :, None, None])
        synthesis.straight.weight.copy_(components.T[:, :, None, None] / scale)
        assert synthesis.straight.bias is not None and synthesis.mean.bias is not None
        synthesis.straight.bias.fill_(LIFT)
        synthesis.mean.weight.copy_(torch.eye(COLOURS, synthesis.mean.in_channels)[:, :, None, None])
        synthesis.mean.bias.fill_(-LIFT)


def principal(maps: Tensor, count: int) -> Tensor:
    """The first principal components of the places of maps (N, C, h, w), about zero: orthonormal rows (count, C)."""
    rows = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1]).numpy()
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return torch.from_numpy(np.ascontiguousarray(vectors[:, ::-1][:, :count].T))
