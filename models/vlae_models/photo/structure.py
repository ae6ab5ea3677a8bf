"""MS-SSIM as a loss (Wang, Simoncelli and Bovik, 2003), without its finest scale, which takes most of the time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
TAPS, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
LEAST = 1e-4


def _blur_matrix(size: int, device: torch.device) -> Tensor:
    """Return the matrix (size - 10, size) of the window of 11 values along one axis."""
    rows, columns = torch.arange(size - TAPS + 1, device=device), torch.arange(size, device=device)
    away = columns - rows[:, None] - TAPS // 2
    window = torch.exp(-(away.float() ** 2) / (2 * SIGMA**2)) * (away.abs() <= TAPS // 2)
    return window / window.sum(1, keepdim=True)


def blurred(x: Tensor) -> Tensor:
    """Return maps (..., H, W) blurred by the window, where it fits: (..., H - 10, W - 10). One product an axis."""
    rows, columns = (_blur_matrix(n, x.device) for n in x.shape[-2:])
    return rows @ (x @ columns.T)


def ms_ssim(a: Tensor, b: Tensor, start: int = 0) -> Tensor:
    """Return the MS-SSIM of pictures (B, 3, H, W) in 0 ... 1, mean of the channels, (B,).

    Args:
        a, b: pictures, a side 11 * 2^4 at least.
        start: scales that are left out, finest first.
    """
    product = a.new_ones(a.shape[:2])
    for scale, weight in enumerate(WEIGHTS):
        last = scale == len(WEIGHTS) - 1
        if scale >= start:
            means = blurred(torch.stack([a, b, a * a, b * b, a * b]))
            mean_a, mean_b, square_a, square_b, both = means
            spread = square_a - mean_a**2 + square_b - mean_b**2
            value = (2 * (both - mean_a * mean_b) + C2) / (spread + C2)
            if last:
                value = value * (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
            product = product * value.mean((2, 3)).clamp(min=LEAST) ** weight
        if not last:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return product.mean(1)
