"""Samples of 16 bits, of which Pillow gives 8 wherever there are several channels, without a word."""

from __future__ import annotations

import binascii
import io
import re
import struct
import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .chunks import DEPTH, GREY_ALPHA, HEAD_END, KIND, transparent_key

Deep = NDArray[np.uint16]
BITS, PHOTOMETRIC, PLANES, SAMPLE_FORMAT = 258, 262, 284, 339
"""Tags of TIFF files."""
BLACK_IS_ZERO, RGB = 1, 2
MOST = 65535
PORTABLE = re.compile(rb"P[2356](?:\s|#.*\n)*(?:\d+(?:\s|#.*\n)+){2}(\d{1,5})\s")
"""Heads of portable maps, up to their samples, and the largest of these."""
SWAPPED = {"L": "B", "B": "L"}
"""Orders of the bytes of a sample in Pillow's raw modes, and the other one, under which it keeps the low bytes."""


def reduced(samples: Deep) -> NDArray[np.uint8]:
    """Return samples of 16 bits in 8, rounded."""
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def without_opaque_alpha(samples: Deep) -> Deep:
    """Return samples (H, W) or (H, W, 1 to 4) without an alpha channel that hides nothing, grey ones as (H, W)."""
    if samples.ndim == 3 and samples.shape[2] in (2, 4) and samples[:, :, -1].min() == MOST:
        samples = samples[:, :, :-1]
    grey = samples.ndim == 3 and samples.shape[2] == 1
    return np.ascontiguousarray(samples[:, :, 0] if grey else samples)


def declared_depth(image: Image.Image, data: bytes) -> int:
    """Return the most bits that an open file says a sample has, 8 where its format does not say.

    Args:
        image: the open file.
        data: its bytes.
    """
    depth = 8
    if image.format == "PNG":
        depth = data[DEPTH]
    elif image.format == "TIFF":
        depth = max(np.atleast_1d(getattr(image, "tag_v2", {}).get(BITS, 8)))
    elif image.format == "PPM" and (found := PORTABLE.match(data)):
        depth = int(found[1]).bit_length()
    elif image.format == "JPEG2000" and (offset := data.find(b"\xff\x4f\xff\x51")) >= 0:
        depth = (data[offset + 42 : offset + 43] or b"\7")[0] % 128 + 1
    elif image.format == "AVIF" and (offset := data.find(b"av1C")) >= 0:
        depth = 10 if (data[offset + 6 : offset + 7] or b"\0")[0] & 64 else 8
    elif image.format == "SGI":
        depth = 8 * data[3]
    return int(depth)


def has_deep_tiles(image: Image.Image) -> bool:
    """Return whether an image that Pillow has opened, and not yet read, has 16 bits of which it will give 8."""
    rows = [one[3] for one in getattr(image, "tile", [])]
    modes = [row if isinstance(row, str) else row[0] for row in rows if row]
    return any(isinstance(mode, str) and re.fullmatch(r"(L|LA|RGB[AXa]?|CMYK);16[LBN]?", mode) for mode in modes)


def deep_samples(image: Image.Image, data: bytes) -> Deep | None:
    """Return the samples of an open file of 16 bits, (H, W), (H, W, 3), or with alpha (H, W, 2) or (H, W, 4).

    None if the file has fewer bits, or if Pillow cannot be made to give all of them.

    Args:
        image: the open file, at the frame that is wanted.
        data: its bytes.

    Raises:
        ImageError: the colour that it says is transparent is cut short.
    """
    if image.format == "PNG" and data[DEPTH] == 16:
        return None if image.tell() else _of_png(image, data)
    if image.format == "TIFF" and declared_depth(image, data) == 16:
        return _of_tiff(image, data)
    if image.format == "PPM" and data[:2] in (b"P5", b"P6") and declared_depth(image, data) == 16:
        return _of_ppm(image, data)
    return None


def _of_png(image: Image.Image, data: bytes) -> Deep:
    if data[KIND] == GREY_ALPHA:
        found = _grey_with_alpha(image, data)
    elif image.mode.startswith("I"):
        found = np.asarray(image).astype(np.uint16)
    else:
        found = _joined(image, data)
    key = transparent_key(data)
    if key is None:
        return found
    hidden = (found.reshape(*found.shape[:2], -1) == key).all(axis=2)
    return np.dstack([found, np.where(hidden, 0, MOST).astype(np.uint16)])


def _grey_with_alpha(image: Image.Image, data: bytes) -> Deep:
    """Return grey and alpha, (H, W, 2).

    Four bytes a pixel are filtered and interlaced alike whatever they mean, so they are read as those of red, green,
    blue and alpha of 8 bits.
    """
    head = data[12:DEPTH] + bytes([8, 6]) + data[KIND + 1 : HEAD_END - 4]
    other = data[:12] + head + struct.pack(">I", binascii.crc32(head)) + data[HEAD_END:]
    image.load()
    with Image.open(io.BytesIO(other)) as again:
        pairs = np.asarray(again)
    return np.ascontiguousarray(pairs).view(">u2").astype(np.uint16)


def _of_tiff(image: Image.Image, data: bytes) -> Deep | None:
    tags = getattr(image, "tag_v2", {})
    kinds = tuple(np.atleast_1d(tags.get(SAMPLE_FORMAT, 1)).tolist()), tags.get(PLANES, 1)
    if set(kinds[0]) != {1} or kinds[1] != 1:
        return None
    if image.mode.startswith("I;16") and tags.get(PHOTOMETRIC) == BLACK_IS_ZERO:
        return np.asarray(image).astype(np.uint16)
    plain = all(re.fullmatch(r"RGBA?;16[LBN]", str(one[3][0])) for one in image.tile)  # type: ignore[attr-defined]
    return _joined(image, data) if plain and tags.get(PHOTOMETRIC) == RGB else None


def _of_ppm(image: Image.Image, data: bytes) -> Deep | None:
    """Return the samples of a portable map, which are plain, if they take the whole range."""
    head = PORTABLE.match(data)
    if not head or int(head[1]) != MOST:
        return None
    channels = 3 if data[:2] == b"P6" else 1
    image.load()
    found = np.frombuffer(data, ">u2", image.width * image.height * channels, head.end()).astype(np.uint16)
    return without_opaque_alpha(found.reshape(image.height, image.width, channels))


def _joined(image: Image.Image, data: bytes) -> Deep:
    """Return samples of several channels: the high bytes as ever, and the low ones as those of the other byte order."""
    frame = image.tell()
    image.load()
    high = np.asarray(image).astype(np.uint16)
    with Image.open(io.BytesIO(data)) as again:
        again.seek(frame)
        # Plain tuples in old versions of Pillow, named ones in new versions, which need the names.
        again.tile = [getattr(type(one), "_make", tuple)((*one[:3], _swapped(one[3]))) for one in again.tile]
        again.load()
        found: Deep = high << np.uint16(8) | np.asarray(again)
    return found


def _swapped(arguments: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Return the arguments of a tile's decoder, with the other order of bytes."""
    mode = arguments if isinstance(arguments, str) else arguments[0]
    order = mode[-1].replace("N", "L" if sys.byteorder == "little" else "B")
    other = mode[:-1] + SWAPPED[order]
    return other if isinstance(arguments, str) else (other, *arguments[1:])
