"""PSNR, MS-SSIM and SSIMULACRA2 of pictures, uint8 (H, W, 3)."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..io.writing import write_picture

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, the finest first (Wang, Simoncelli and Bovik 2003)."""
TAPS, SIGMA = 11, 1.5
SMALLEST = 8
"""Pixels of a side from which on SSIMULACRA2 is defined."""
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

Levels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def psnr(original: Levels, other: Levels) -> float:
    """Peak signal-to-noise ratio over all subpixels, dB."""
    error = np.mean((original.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / max(float(error), 1e-12)))


def ms_ssim(original: Levels, other: Levels) -> float:
    """Multi-scale structural similarity of the luma: five scales where sides have 176 pixels, else as many as fit.

    Exponents of fewer scales keep their proportions and add up to 1.
    """
    fitting = [scale for scale in range(len(WEIGHTS)) if min(original.shape[:2]) >> scale >= TAPS]
    weights = [WEIGHTS[scale] / sum(WEIGHTS[other] for other in fitting) for scale in fitting]
    x, y = (picture @ np.array([0.299, 0.587, 0.114]) for picture in (original, other))
    score = 1.0
    for scale, weight in enumerate(weights):
        structure, luminance = _ssim(x, y)
        last = scale == len(weights) - 1
        score *= max(0.0, structure * luminance if last else structure) ** weight
        x, y = _halved(x), _halved(y)
    return float(score)


def _ssim(x: Floats, y: Floats) -> tuple[float, float]:
    """Mean contrast and structure, and mean luminance (of both together, where it is the last scale)."""
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x, var_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    structure = (2 * (_blurred(x * y) - mean_x * mean_y) + C2) / (var_x + var_y + C2)
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return float(structure.mean()), float((structure * luminance).mean() / structure.mean())


def _blurred(x: Floats) -> Floats:
    """Return the picture under a Gaussian, without its border."""
    taps = np.exp(-((np.arange(TAPS) - TAPS // 2) ** 2) / (2 * SIGMA**2))
    taps /= taps.sum()
    for axis in (0, 1):
        size = x.shape[axis] - TAPS + 1
        x = sum(tap * x.take(range(start, start + size), axis) for start, tap in enumerate(taps))
    return x


def _halved(x: Floats) -> Floats:
    height, width = (side // 2 * 2 for side in x.shape)
    return np.asarray(x[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3)))


def ssimulacra2(original: Levels, other: Levels) -> float | None:
    """SSIMULACRA2, of which 100 is the most; None where its package is missing or a side is below `SMALLEST`."""
    if importlib.util.find_spec("ssimulacra2") is None or min(original.shape[:2]) < SMALLEST:
        return None
    from ssimulacra2 import compute_ssimulacra2

    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "original.png"), Path(folder, "other.png")
        for path, levels in zip(paths, (original, other), strict=True):
            write_picture(path, levels)
        return float(compute_ssimulacra2(*map(str, paths)))
