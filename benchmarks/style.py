"""How a digit is written, whatever it is: the thickness of its strokes and their slant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.digits import Labels
from vlae_models.data.sets import Images

Floats = NDArray[np.float64]


def thickness(images: Images) -> Floats:
    """Return the mean width of strokes, pixels, (N,), of images (N, H, W) of 0 and 1: twice area over outline."""
    padded = np.pad(images.astype(np.int64), ((0, 0), (1, 1), (1, 1)))
    outline = sum(np.abs(np.diff(padded, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    return np.asarray(2 * images.sum(axis=(1, 2), dtype=np.int64) / np.maximum(outline, 1))


def slant(images: Images) -> Floats:
    """Return how many columns to the left ink lies a row further down, (N,), by the moments of images (N, H, W)."""
    ink = images.astype(np.float64)
    total = np.maximum(ink.sum(axis=(1, 2)), 1)
    places: NDArray[np.int64] = np.indices(images.shape[1:])
    down, right = (_from_middle(ink, total, places[axis]) for axis in range(2))
    return np.asarray(-(ink * down * right).sum(axis=(1, 2)) / np.maximum((ink * down * down).sum(axis=(1, 2)), 1))


def _from_middle(ink: Floats, total: Floats, place: NDArray[np.int64]) -> Floats:
    """Return each pixel's place (H, W) less that of the middle of the ink, (N, H, W)."""
    middle = (ink * place).sum(axis=(1, 2)) / total
    return np.asarray(place[None] - middle[:, None, None])


def within_class(values: Floats, labels: Labels) -> Floats:
    """Return values (N,) less the mean of their class, in its standard deviations."""
    out = np.zeros(len(values))
    for label in np.unique(labels):
        own = labels == label
        out[own] = (values[own] - values[own].mean()) / max(values[own].std(), 1e-9)
    return out
