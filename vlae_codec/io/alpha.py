"""Planes of transparency: kept exactly, and what they hide made cheap."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import FormatError, ImageError

Pixels = NDArray[np.uint8]
MOST_WEBP = 16383
"""Pixels of a side of a WebP image."""


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


def encode_plane(plane: Pixels) -> bytes:
    """Return the bytes of a plane, uint8 (H, W), without loss: the green channel of a lossless WebP image.

    Raises:
        ImageError: a side is beyond what WebP holds.
    """
    if max(plane.shape) > MOST_WEBP:
        raise ImageError(f"transparency of a side of {max(plane.shape)} pixels, and {MOST_WEBP} are the most")
    stream = io.BytesIO()
    Image.fromarray(plane).convert("RGB").save(stream, "WEBP", lossless=True, quality=80, method=4)
    return stream.getvalue()


def decode_plane(data: bytes, size: tuple[int, int]) -> Pixels:
    """Return the plane (H, W) of `encode_plane`.

    Raises:
        FormatError: it is damaged, or of another size.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            if (image.height, image.width) != size:
                raise FormatError("its alpha plane has another size: damaged")
            green: Pixels = np.asarray(image.convert("RGB").getchannel("G"))
            return green
    except FormatError:
        raise
    except Exception as error:  # the decoders raise nearly everything for damaged files
        raise FormatError(f"its alpha plane cannot be read ({error}): damaged") from error
