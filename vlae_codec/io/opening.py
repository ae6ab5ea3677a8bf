"""Image files opened by Pillow, where it refuses sound ones or misreads them, and their frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ImageError
from .chunks import DEPTH, SIGNATURE, transparent_key
from .deep import Deep, reduced
from .files import opened

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation; 1 is upright, and other values mean nothing."""
FLIPS = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}
"""The same for arrays: steps through rows and columns, which have changed places from 5 on."""
DESCRIBING = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769)
"""EXIF tags of what a picture shows, who made it, when and how; other tags are of how the file is built."""
GPS = 0x8825
ADOBE = b"http://ns.adobe.com/xap/1.0/"
"""What segments of a JPEG file begin with that hold XMP."""
SCREEN = 72
"""Pixels an inch, where a program had to write some number."""
STRIP = 1 << 20
"""Pixels that are taken from an image at once."""
PILLOW, COEFFICIENTS, SLIM = 4, 6, ("PNG", "JPEG", "MPO", "PPM", "BMP", "TIFF")
"""Bytes of a pixel of an image, and of a progressive JPEG file's coefficients; formats that are decoded by rows."""
ONE_PICTURE = ("MPO", "PSD")
"""Formats of which Pillow takes previews or layers for frames."""


def is_text_too_long(error: Exception) -> bool:
    """Return whether Pillow refused a file because of its texts alone."""
    text = str(error).lower()  # of old and of new versions of Pillow
    return isinstance(error, ValueError) and ("max_text" in text or "data too large" in text)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; what cannot be read, or means nothing, is 1."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # the parsers raise nearly everything for damaged metadata, which no pixel depends on
        return 1
    return value if isinstance(value, int) and value in TURNS else 1


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image turned by its orientation; its metadata are not written anew, as some cannot be."""
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def upright_samples(samples: Deep, orientation: int) -> Deep:
    """Return samples (H, W, ...) turned by an orientation."""
    if orientation > 4:
        samples = samples.swapaxes(0, 1)
    down, right = FLIPS.get(orientation, (1, 1))
    return np.ascontiguousarray(samples[::down, ::right])


def left_out(image: Image.Image) -> tuple[str, ...]:
    """Return names of what a loaded image's file says beside its pixels, which no .vlz file keeps."""
    try:
        exif = image.getexif()
    except Exception:  # as above
        exif = Image.Exif()
    info = image.info
    segments = [content for _, content in getattr(image, "applist", ())]
    texts = set(getattr(image, "text", {})) - {"XML:com.adobe.xmp"}
    found = {
        "EXIF data": any(exif.get(tag) for tag in DESCRIBING),
        "the place (GPS)": bool(exif.get(GPS)),
        "XMP": bool({"xmp", "XML:com.adobe.xmp"} & set(info)) or any(one.startswith(ADOBE) for one in segments),
        "texts": bool(texts or info.get("comment")),
        "resolution": any(number > 1 and round(float(number)) != SCREEN for number in info.get("dpi", ())),
    }
    return tuple(name for name, there in found.items() if there)


def frame_count(image: Image.Image) -> int:
    """Return how many frames or pages an open file has."""
    return 1 if image.format in ONE_PICTURE else int(getattr(image, "n_frames", 1))


def count_frames(where: Path | str) -> int:
    """Return how many frames or pages a file or URL has; 1 of what is no image, which reading it will say."""
    try:
        with opened(where) as file, Image.open(file) as image:
            return frame_count(image)
    except Exception:  # the decoders raise nearly everything for damaged files
        return 1


def go_to(image: Image.Image, number: int) -> None:
    """Go to a frame, from 0.

    Raises:
        ImageError: there is no such frame.
    """
    count = frame_count(image)
    if number >= count:
        raise ImageError(f"frame {number} of a file of {count}, whose numbers begin with 0")
    if number:
        image.seek(number)


def with_key(image: Image.Image, data: bytes) -> Image.Image:
    """Return the image of a PNG file in which one colour is transparent, that colour compared as the file has it.

    Pillow scales samples of fewer than 8 bits, and not the colour they are compared with.
    """
    if image.info.get("transparency") is not None and data.startswith(SIGNATURE) and data[DEPTH] < 8:
        key = transparent_key(data)
        if key is not None:
            image.info["transparency"] = int(key[0]) * 255 // ((1 << data[DEPTH]) - 1)
    return image


def reading_bytes(image: Image.Image) -> int:
    """Return the bytes that loading an open image and making samples of it takes at the most."""
    turned = not {"exif", "icc_profile"}.isdisjoint(image.info)  # perhaps: asking for the EXIF data of a PNG loads it
    decoder = COEFFICIENTS if image.info.get("progressive") else 0 if image.format in SLIM else PILLOW
    return image.width * image.height * (PILLOW + max(decoder, 3 + PILLOW * turned))


def levels_of(image: Image.Image, mode: str, channel: int | None = None) -> NDArray[np.uint8]:
    """Return the levels of an image in another mode, (H, W) or (H, W, C), or of one of its channels.

    Some rows at a time, for Pillow's images take four bytes a pixel and their copies again.
    """
    step = max(1, STRIP // image.width)
    strips = (image.crop((0, top, image.width, min(image.height, top + step))) for top in range(0, image.height, step))
    several = () if mode == "L" or channel is not None else (len(mode),)
    out, top = np.empty((image.height, image.width, *several), np.uint8), 0
    for strip in strips:
        found = np.asarray(strip.convert(mode))
        out[top : top + strip.height] = found if channel is None else found[:, :, channel]
        top += strip.height
    return out


def in_8_bits(image: Image.Image, samples: Deep) -> Image.Image:
    """Return an image of samples of 16 bits, which is said to be what the open image is."""
    out = Image.fromarray(reduced(samples))
    out.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return out
