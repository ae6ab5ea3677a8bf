"""Pictures to files in the format of the name's ending."""

from __future__ import annotations

import io
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..container.envelope import NOTHING, Metadata
from ..errors import ImageError
from ..memory import require
from . import deep_png
from . import metadata as saving
from .chunks import png_chunks
from .files import NOWHERE, Origin, write_whole
from .opening import upright
from .profiles import to_srgb

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
"""Pillow's name of the format of an ending, and how it is written; only JPEG and AVIF lose something."""
if find_spec("PIL._avif"):  # not in every build of Pillow
    FORMATS[".avif"] = "AVIF", {"quality": 90, "subsampling": "4:4:4"}
WRITING = 6
"""Bytes of a pixel of an image and of its file."""
DRAWN_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
"""Chunks of a PNG file that are of its pixels."""
OPAQUE = ("BMP", "PPM", "JPEG")


def check_ending(path: Path) -> None:
    """Refuse a name whose ending is not that of a format which is written; one without an ending means PNG.

    Raises:
        ImageError: it has another ending; names those that are written.
    """
    if path.suffix and path.suffix.lower() not in FORMATS:
        raise ImageError(f"{path.suffix} is not written: name it {', '.join(FORMATS)}")


def encode_picture(pixels: Drawn, ending: str = ".png", metadata: Metadata = NOTHING) -> bytes:
    """Return the file of a picture: bool (H, W), or uint8 or uint16 (H, W), (H, W, 3), with alpha 2 or 4 channels.

    Args:
        ending: of the name, ".png" for names of other endings.
        metadata: to be written too, as far as the format holds them. Where it does not, pixels are turned by the EXIF
            orientation, and colours of 8 bits are turned into those of sRGB.

    Raises:
        ImageError: the format does not hold transparency, or 16 bits a sample.
    """
    kind, options = FORMATS.get(ending.lower(), FORMATS[".png"])
    held = saving.written(metadata, kind)
    pixels = saving.in_colours_of(pixels, metadata.icc)
    if pixels.dtype == np.uint16 and (kind, pixels.ndim) != ("TIFF", 2):
        return _encode_deep(pixels.astype(np.uint16), kind, ending, held)
    require(WRITING * pixels.shape[0] * pixels.shape[1], "writing it")
    if pixels.dtype == np.bool_ and kind == "PNG" and metadata == NOTHING:
        return deep_png.encode_level_png(pixels.astype(np.bool_))
    image = Image.fromarray(pixels)
    if kind in OPAQUE and image.mode in ("LA", "RGBA"):
        raise ImageError(f"{ending} holds no transparency: name it .png, .webp or .tif")
    if image.mode == "1" and kind in ("JPEG", "WEBP", "AVIF"):
        image = image.convert("L")
    if metadata.exif and not held.exif:
        image = upright(image, saving.orientation_of(metadata.exif))
    if metadata.icc and not held.icc:
        image.info["icc_profile"] = metadata.icc
        image, _ = to_srgb(image)
    return _saved(image, kind, options, held)


def unwritten(metadata: Metadata, ending: str) -> tuple[str, ...]:
    """Return the kinds of metadata that the file of an ending does not hold, or not all of."""
    kind, _ = FORMATS.get(ending.lower(), FORMATS[".png"])
    held = saving.written(metadata, kind).parts()
    return tuple(name for name, content in metadata.parts().items() if held.get(name) != content)


def _saved(image: Image.Image, kind: str, options: dict[str, Any], metadata: Metadata) -> bytes:
    """Return the file of an image; EXIF data that Pillow cannot write are left out.

    Raises:
        ImageError: the format does not hold the picture, whose sides are too long for it.
    """
    stream = io.BytesIO()
    try:
        image.save(stream, kind, **options | saving.save_options(metadata, kind))
    except Exception as error:  # its writers raise nearly everything for damaged EXIF data
        if not metadata.exif:
            raise ImageError(f"a {kind} file cannot hold it ({error}): name it .png") from error
        return _saved(image, kind, options, replace(metadata, exif=b""))
    return stream.getvalue()


def _encode_deep(samples: NDArray[np.uint16], kind: str, ending: str, metadata: Metadata) -> bytes:
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    if kind == "PNG":
        small = Image.new("L" if channels < 3 else "RGB", (1, 1))
        saved = _saved(small, "PNG", {}, metadata) if metadata.parts() else b""
        chunks = [saved[start:end] for name, _, start, end in png_chunks(saved) if name not in DRAWN_CHUNKS]
        return deep_png.encode_deep_png(samples, b"".join(chunks))
    if kind == "PPM" and channels in (1, 3):
        return deep_png.encode_deep_map(samples)
    held = "16 bits a sample of grey alone" if kind == "TIFF" else "8 bits a sample, and this picture has 16"
    held = "no transparency" if kind == "PPM" else held
    raise ImageError(f"{ending} is written with {held}: name it .png")


def write_picture(path: Path, pixels: Drawn, origin: Origin = NOWHERE, metadata: Metadata = NOTHING) -> None:
    """Write a picture whole or not at all, in the format of the name's ending, PNG for others.

    Raises:
        ImageError: the format does not hold transparency.
        VlaeError: it cannot be written.
    """
    write_whole(path, encode_picture(pixels, path.suffix, metadata), origin)
