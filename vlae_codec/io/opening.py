"""Image files opened by Pillow, where it refuses sound ones or misreads them, and their frames."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
GREY, COLOUR = 0, 2
"""Colour types of PNG files in which one colour can be transparent, the key."""
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
DESCRIBING = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769)
"""EXIF tags of what a picture shows, who made it, when and how; other tags are of how the file is built."""
GPS = 0x8825
ADOBE = b"http://ns.adobe.com/xap/1.0/"
"""What segments of a JPEG file begin with that hold XMP."""
SCREEN = 72
"""Pixels an inch, where a program had to write some number."""
ONE_PICTURE = ("MPO", "PSD")
"""Formats of which Pillow takes previews or layers for frames."""


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Yield kind, content, start and end of each chunk of a PNG file, as far as they go."""
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + 12 + length
        if end > len(data):
            return
        yield data[start + 4 : start + 8], data[start + 8 : end - 4], start, end
        start = end


def without_texts(data: bytes) -> bytes:
    """Return a PNG file without its text chunks, and other files as they are."""
    if not data.startswith(SIGNATURE):
        return data
    parts, last = [SIGNATURE], len(SIGNATURE)
    for kind, _, start, end in png_chunks(data):
        last = end
        if kind not in TEXTS:
            parts.append(data[start:end])
    return b"".join([*parts, data[last:]])


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


def upright(image: Image.Image) -> Image.Image:
    """Return an image turned as its orientation asks; its metadata are not written anew, as some cannot be."""
    turn = TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)


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


def count_frames(path: Path) -> int:
    """Return how many frames or pages a file has; 1 of what is no image, which reading it will say."""
    try:
        with Image.open(path) as image:
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

    Pillow scales samples of fewer and of more than 8 bits, and not the colour they are compared with.
    """
    if not data.startswith(SIGNATURE) or image.info.get("transparency") is None or len(data) < 26:
        return image
    depth, kind = data[24], data[25]
    if kind not in (GREY, COLOUR) or depth == 8:
        return image
    key = next((content for name, content, _, _ in png_chunks(data) if name == b"tRNS"), b"")
    if len(key) < 2 * (3 if kind == COLOUR else 1):
        raise ImageError("its transparent colour is cut short: damaged")
    wanted = np.frombuffer(key, ">u2", 3 if kind == COLOUR else 1)
    if depth < 8:
        image.info["transparency"] = int(wanted[0]) * 255 // ((1 << depth) - 1)
        return image
    samples = deep_samples(image, data)
    hidden = (samples == (wanted if kind == COLOUR else wanted[0])).reshape(*samples.shape[:2], -1).all(axis=2)
    levels = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    alpha = np.where(hidden, 0, 255).astype(np.uint8)
    out = Image.fromarray(np.dstack([levels, alpha]))
    out.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return out


def deep_samples(image: Image.Image, data: bytes) -> NDArray[np.uint16]:
    """Return the samples of an open PNG file of 16 bits without an alpha channel, (H, W) or (H, W, 3)."""
    if image.mode != "RGB":
        return np.asarray(image).astype(np.uint16)
    high = np.asarray(image).astype(np.uint16)
    with Image.open(io.BytesIO(data)) as again:
        # The samples' low bytes: read as little-endian ones, whose second byte Pillow keeps.
        codec, extents, offset = again.tile[0][:3]
        again.tile = [(codec, extents, offset, "RGB;16L")]
        low = np.asarray(again)
    deep: NDArray[np.uint16] = (high << 8 | low).astype(np.uint16)
    return deep
