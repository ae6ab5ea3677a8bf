"""Pictures to the bytes of files without a model and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...container.limits import check_pixels
from ...container.varint import read_number, write_number
from ...errors import FormatError, ImageError
from ...io import webp
from ...io.images import Picture, Pixels
from ..compressed import PhotoCompressed, Progress
from ..store import STORED, PhotoInfo
from .container import MAX_SIDE, NO_MODEL, StoredFile, check_file, parse_file, write_file

INFO = PhotoInfo("stored", NO_MODEL.hex(), Path(), "no model: exact pixels by lossless WebP", True, False, STORED)
"""What stands for a model where there is none."""
WORTH_TRYING = 3.0
"""Times the bytes of another file that the estimate may be for the picture to be coded in earnest: the estimate is of
the least effort, which takes up to that much more of drawn pictures."""


def compress(picture: Picture, effort: int = 5) -> PhotoCompressed:
    """Return the file of a picture, which keeps every pixel, those that alpha hides among them.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, perhaps with an alpha plane.
        effort: 1 to 9.

    Raises:
        ImageError: a side is too long.
    """
    if max(picture.size) > MAX_SIDE:
        raise ImageError(f"a side of {max(picture.size)} pixels, and {MAX_SIDE} is the most")
    pixels, grey = channels(picture)
    body = b""
    for place in webp.tiles(*picture.size):
        tile = webp.encode_tile(np.ascontiguousarray(pixels[place]), effort)
        body += write_number(len(tile)) + tile
    data = write_file(StoredFile(grey, picture.alpha is not None, *picture.size, body))
    bits = 8 * len(body)
    return PhotoCompressed(data, INFO, picture.size, picture.size, 0.0, 0, float(bits), bits, picture.notices)


def compress_within(picture: Picture, most: int, effort: int = 5) -> PhotoCompressed | None:
    """Return the file of a picture if it has at most so many bytes; pictures that are far from it take little time."""
    if max(picture.size) > MAX_SIDE or webp.estimated_size(channels(picture)[0]) > WORTH_TRYING * most:
        return None
    made = compress(picture, effort)
    return made if len(made.data) <= most else None


def decompress(
    data: bytes, *, max_pixels: int | None = None, progress: Progress | None = None
) -> tuple[Pixels, PhotoInfo]:
    """Return the picture of a file, uint8 (H, W), (H, W, 3), or with alpha (H, W, 2) or (H, W, 4).

    Args:
        data: the file.
        max_pixels: refuse a file that announces more.
        progress: Callback with rows.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
    """
    file = parse_file(data)
    check_file(data)
    check_pixels(file.height, file.width, max_pixels=max_pixels)
    place, parts = 0, []
    for rows, columns in webp.tiles(file.height, file.width):
        length, start = read_number(file.residual, place)
        place = start + length
        if place > len(file.residual):
            raise FormatError("one of its tiles is cut short: damaged")
        parts.append((rows, columns, file.residual[start:place]))
    if place != len(file.residual):
        raise FormatError("there is something behind its tiles: damaged")
    depth = 3 + file.alpha
    pixels = np.empty((file.height, file.width, depth), np.uint8)
    for rows, columns, tile in parts:
        size = rows.stop - rows.start, columns.stop - columns.start
        pixels[rows, columns] = webp.decode_tile(tile, size, file.alpha)
        if progress and columns.stop == file.width:
            progress(size[0], file.height)
    if file.grey:
        pixels = pixels[:, :, 2:] if file.alpha else pixels[:, :, 0]
    return np.ascontiguousarray(pixels), INFO


def channels(picture: Picture) -> tuple[Pixels, bool]:
    """Return a picture as RGB (H, W, 3), or RGBA (H, W, 4), and whether it is grey."""
    pixels = picture.pixels
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    grey = picture.pixels.ndim == 2 or bool((pixels == pixels[:, :, :1]).all())
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[:, :, None]], 2)
    return pixels, grey
