"""Pictures to files in the format that the name's ending tells."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ImageError
from . import deep_png
from .files import NOWHERE, Origin, write_whole

Drawn = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.bool_]

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {"optimize": True}),
    ".webp": ("WEBP", {"lossless": True, "quality": 80}),
    ".tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".tiff": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".bmp": ("BMP", {}),
    ".ppm": ("PPM", {}),
    ".pgm": ("PPM", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0, "optimize": True}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0, "optimize": True}),
}
"""Pillow's name of the format of an ending, and how it is written; only JPEG loses something."""
OPAQUE = ("BMP", "PPM", "JPEG")


def check_ending(path: Path) -> None:
    """Refuse a name whose ending is not that of a format which is written; one without an ending means PNG.

    Raises:
        ImageError: it has another ending; names those that are written.
    """
    if path.suffix and path.suffix.lower() not in FORMATS:
        raise ImageError(f"{path.suffix} is not written: name it {', '.join(FORMATS)}")


def encode_picture(pixels: Drawn, ending: str) -> bytes:
    """Return the file of a picture: bool (H, W), or uint8 or uint16 (H, W), (H, W, 3), with alpha 2 or 4 channels.

    Args:
        pixels: the picture.
        ending: of the name, ".png" for names of other endings.

    Raises:
        ImageError: the format does not hold transparency, or 16 bits a sample.
    """
    kind, options = FORMATS.get(ending.lower(), FORMATS[".png"])
    if pixels.dtype == np.uint16 and (kind, pixels.ndim) != ("TIFF", 2):
        return _encode_deep(pixels.astype(np.uint16), kind, ending)
    image = Image.fromarray(pixels)
    if kind in OPAQUE and image.mode in ("LA", "RGBA"):
        raise ImageError(f"{ending} holds no transparency: name it .png, .webp or .tif")
    if image.mode == "1" and kind in ("JPEG", "WEBP"):
        image = image.convert("L")
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _encode_deep(samples: NDArray[np.uint16], kind: str, ending: str) -> bytes:
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    if kind == "PNG":
        return deep_png.encode_deep_png(samples)
    if kind == "PPM" and channels in (1, 3):
        return deep_png.encode_deep_map(samples)
    held = "16 bits a sample of grey alone" if kind == "TIFF" else "8 bits a sample, and this picture has 16"
    held = "no transparency" if kind == "PPM" else held
    raise ImageError(f"{ending} is written with {held}: name it .png")


def write_picture(path: Path, pixels: Drawn, origin: Origin = NOWHERE) -> None:
    """Write a picture whole or not at all, in the format that the name's ending tells, PNG for others.

    Raises:
        ImageError: the format does not hold transparency.
        VlaeError: it cannot be written.
    """
    write_whole(path, encode_picture(pixels, path.suffix), origin)
