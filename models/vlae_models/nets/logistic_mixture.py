"""Discretised mixtures of logistic distributions (Salimans et al., PixelCNN++, arXiv 1701.05517), as bits.

A component has a logit of its weight, a mean and a logarithm of its inverse scale. The units are those of the
integer model: the inverse scale is 4 exp(s), of some priors more, with s within `LOG_RANGE`, where the committed table
of exp ends.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

LOG_RANGE = (-5.0, 1.0)
SHARPEST = 4.0
FAR = 1e6
"""Beyond every interval's ends."""


def interval_bits(parameters: Tensor, low: Tensor, high: Tensor, width: Tensor, sharpest: float = SHARPEST) -> Tensor:
    """-log2 of the mass that mixtures give to intervals, (...,).

    Args:
        parameters: logits, means and logarithms of inverse scales, (..., 3, K).
        low: lower ends, (...,); -inf where the interval is open.
        high: upper ends, (...,); inf where the interval is open.
        width: high - low where both are finite, (...,) or a scalar; its precision is that of the result.
        sharpest: inverse scale of which the logarithms count.
    """
    logits, means, log_inverse = parameters.unbind(-2)
    inverse = sharpest * torch.exp(log_inverse.clamp(*LOG_RANGE))
    # Not infinity itself, whose gradient of zero times infinity would be no number.
    above = (high.clamp(max=FAR).unsqueeze(-1) - means) * inverse
    below = (low.clamp(min=-FAR).unsqueeze(-1) - means) * inverse
    # S(u) - S(l) = S(u) S(-l) (1 - exp(l - u)), which loses no digits in the tails.
    inside = F.logsigmoid(above) + F.logsigmoid(-below)
    closed = (torch.isfinite(high) & torch.isfinite(low)).unsqueeze(-1)
    gap = torch.as_tensor(width, dtype=inverse.dtype)
    gap = (gap.unsqueeze(-1) if gap.ndim else gap) * inverse
    inside = inside + torch.where(closed, torch.log(-torch.expm1(-gap)), torch.zeros_like(gap))
    return -torch.logsumexp(F.log_softmax(logits, -1) + inside, -1) / math.log(2)
