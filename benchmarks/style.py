"""How a digit is written, whatever it is: as training measures it, and by one measure that no training asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.digits import Labels
from vlae_models.data.sets import Images
from vlae_models.train import style

Floats = NDArray[np.float64]


def thickness(images: Images) -> Floats:
    """Return the mean width of strokes, pixels, (N,), of images (N, H, W) of 0 and 1."""
    return _measured(style.thickness, images)


def slant(images: Images) -> Floats:
    """Return how many columns to the left ink lies a row further down, (N,), of images (N, H, W) of 0 and 1."""
    return _measured(style.slant, images)


def breadth(images: Images) -> Floats:
    """Return the standard deviation of the ink's columns, pixels, (N,), of images (N, H, W) of 0 and 1."""
    ink = images.sum(axis=1, dtype=np.float64)
    ink /= np.maximum(ink.sum(axis=1, keepdims=True), 1)
    columns = np.arange(images.shape[2])
    return np.asarray(np.sqrt(np.maximum(ink @ columns**2 - (ink @ columns) ** 2, 0)))


def _measured(measure: Callable[[Tensor], Tensor], images: Images) -> Floats:
    return np.asarray(measure(torch.from_numpy(images).double()).numpy())


def within_class(values: Floats, labels: Labels) -> Floats:
    """Return values (N,) less the mean of their class, in its standard deviations."""
    out = np.zeros(len(values))
    for label in np.unique(labels):
        own = labels == label
        out[own] = (values[own] - values[own].mean()) / max(values[own].std(), 1e-9)
    return out
