"""How a digit is written, whatever it is: the thickness of its strokes and their slant.

Both are differentiable, so that they can be terms of a loss, and of images of 0 and 1 they are what benchmarks report.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

SMALL = 1e-6
LEAST_DEVIATION = 0.01
"""Of thickness in pixels, and of slant: classes whose images are all alike have no style."""


def thickness(x: Tensor) -> Tensor:
    """Return the mean width of strokes, pixels, (B,), of images (B, H, W) of 0 to 1: twice area over outline.

    The outline is what neighbours differ by, so that a blurred stroke is as wide as a sharp one.
    """
    padded = F.pad(x, (1, 1, 1, 1))
    outline = sum(padded.diff(dim=axis).abs().sum((1, 2)) for axis in (1, 2))
    return 2 * x.sum((1, 2)) / (outline + SMALL)


def slant(x: Tensor) -> Tensor:
    """Return how many columns to the left ink lies a row further down, (B,), by the moments of images (B, H, W)."""
    ink = x / (x.sum((1, 2), keepdim=True) + SMALL)
    rows, columns = (torch.arange(size, dtype=x.dtype, device=x.device) for size in x.shape[1:])
    down = rows[:, None] - (ink.sum(2) @ rows)[:, None, None]
    right = columns - (ink.sum(1) @ columns)[:, None, None]
    return -(ink * down * right).sum((1, 2)) / ((ink * down**2).sum((1, 2)) + SMALL)


class ClassStyles:
    """Thickness and slant within classes: less what images of the class have on average, in its standard deviations.

    Args:
        x: images, (N, 1, H, W).
        label: theirs, (N,), each of the classes at least twice.
    """

    def __init__(self, x: Tensor, label: Tensor) -> None:
        styles = _styles(x)
        own = [styles[label == one] for one in range(int(label.max()) + 1)]
        self.mean, self.deviation = (torch.stack([of(one, 0) for one in own]) for of in (torch.mean, torch.std))

    def __call__(self, x: Tensor, label: Tensor) -> Tensor:
        """Return thickness and slant of images (B, 1, H, W) of classes (B,), (B, 2)."""
        return (_styles(x) - self.mean[label]) / self.deviation[label].clamp(min=LEAST_DEVIATION)


def _styles(x: Tensor) -> Tensor:
    images = x.squeeze(1).float()
    return torch.stack([thickness(images), slant(images)], 1)
