"""How the linear paths of a windowed model start: as principal components, a transform coder (design D9)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ..data.crops import Levels
from .nets import COLOURS, LATENT_UNIT, PIXEL_UNIT, Encoder, Synthesis, unshuffled

SENDER, RECEIVER = 1.0, 2.0
"""Slopes of the gains, which together are close to the best linear code of each channel."""
LIFT = 2.0
"""Added to pixels of -2 ... 2 that pass a ReLU, so that it leaves them unchanged."""


def start_linear_path(encoder: Encoder, synthesis: Synthesis, crops: Levels, base_weight: float) -> None:
    """Let y be the first principal components of patches, and the base reconstruction their Wiener filter's.

    Args:
        encoder, synthesis: networks with a linear path.
        crops: training pictures, uint8 (N, H, W, 3), whose sides are multiples of the patch.
        base_weight: of the base reconstruction's squared error at width 1. y is scaled so that rate and error are
            then at their best: with steps of s levels a component costs -log2 s and errs by s^2 / 12.
    """
    assert encoder.straight is not None and synthesis.straight is not None
    x = (torch.from_numpy(crops).permute(0, 3, 1, 2).double() - 128) / PIXEL_UNIT
    components = principal(unshuffled(x, len(encoder.scales) + 1), encoder.straight.out_channels)
    step = math.sqrt(6 * COLOURS / (math.log(2) * base_weight))
    scale = PIXEL_UNIT / (step * LATENT_UNIT)
    assert encoder.gains is not None and synthesis.gains is not None
    with torch.no_grad():
        encoder.straight.weight.copy_(scale * components[:, :, None, None])
        synthesis.straight.weight.copy_(components.T[:, :, None, None] / scale)
        assert synthesis.straight.bias is not None and synthesis.mean.bias is not None
        synthesis.straight.bias.fill_(LIFT)
        synthesis.mean.weight.copy_(torch.eye(COLOURS, synthesis.mean.in_channels)[:, :, None, None])
        synthesis.mean.bias.fill_(-LIFT)
        variances = encoder(x.float()).transpose(0, 1).flatten(1).square().mean(1)
        for gains, slope in ((encoder.gains, SENDER), (synthesis.gains, RECEIVER)):
            gains.level.copy_((12 * variances).log())
            gains.slope.fill_(slope)


def principal(maps: Tensor, count: int) -> Tensor:
    """Return the first principal components of maps (N, C, h, w), about zero: orthonormal rows (count, C)."""
    rows = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1]).numpy()
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return torch.from_numpy(np.ascontiguousarray(vectors[:, ::-1][:, :count].T))
