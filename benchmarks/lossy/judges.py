"""Judges of quality: PSNR and MS-SSIM of RGB, and SSIMULACRA2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Levels = NDArray[np.uint8]
JUDGES = ("psnr", "ms_ssim", "ssimulacra2")


def judged(original: Levels, drawn: Levels, folder: Any) -> dict[str, float]:
    """Return the three judges' figures of a picture (H, W, 3).

    Args:
        original, drawn: to compare.
        folder: for files that SSIMULACRA2's implementation reads.
    """
    import torch
    from ssimulacra2 import compute_ssimulacra2

    from vlae_models.photo.structure import ms_ssim

    difference = original.astype(np.float64) - drawn
    a, b = (torch.from_numpy(one.copy()).permute(2, 0, 1)[None].float() / 255 for one in (original, drawn))
    paths = [folder / "original.png", folder / "drawn.png"]
    for path, levels in zip(paths, (original, drawn), strict=True):
        Image.fromarray(levels).save(path, compress_level=1)
    return {
        "psnr": round(float(10 * np.log10(255**2 / max(np.square(difference).mean(), 1e-9))), 4),
        "ms_ssim": round(float(ms_ssim(a, b)), 6),
        "ssimulacra2": round(float(compute_ssimulacra2(*map(str, paths))), 4),
    }
