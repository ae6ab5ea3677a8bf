"""What transparency hides, made cheap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def filled(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Return a picture (H, W, 3) whose fully transparent pixels have the mean colour of the others near them.

    They are invisible, and what is left there by a drawing program would cost bits.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return np.full_like(pixels, 128) if hidden.all() else pixels
    out: Pixels = pixels.copy()
    shown = Image.fromarray(((~hidden) * np.uint8(255)).astype(np.uint8))
    black = np.where(hidden[:, :, None], 0, pixels).astype(np.uint8)
    missing = hidden
    for scale in (4, 16, 64, 256):
        size = max(1, -(-shown.width // scale)), max(1, -(-shown.height // scale))
        colours = np.asarray(Image.fromarray(black).resize(size, Image.Resampling.BOX), np.float32)
        weights = np.asarray(shown.resize(size, Image.Resampling.BOX), np.float32)[:, :, None] / 255
        means = np.divide(colours, weights, out=np.zeros_like(colours), where=weights > 1 / 255).clip(0, 255)
        large = np.asarray(Image.fromarray(means.astype(np.uint8)).resize(shown.size, Image.Resampling.NEAREST))
        known = np.asarray(Image.fromarray(weights[:, :, 0] > 1 / 255).resize(shown.size, Image.Resampling.NEAREST))
        out[missing & known] = large[missing & known]
        missing = missing & ~known
    out[missing] = pixels[~hidden].mean(0).astype(np.uint8)
    return out
