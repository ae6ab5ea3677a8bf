"""Pictures to the bytes of files without a model and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...container.header import check
from ...container.limits import check_pixels
from ...container.sized import MAX_SIDE, check_sides
from ...container.varint import read_number, write_number
from ...errors import FormatError
from ...io import webp
from ...io.deep import Deep
from ...io.images import Picture, Pixels, is_grey
from ...memory import fits, require
from ...model.info import STORED, ModelInfo
from ..result import Encoded, Progress
from .container import NO_MODEL, StoredFile, parse_file, write_file

Level = TypeVar("Level", np.uint8, np.uint16)
INFO = ModelInfo("stored", NO_MODEL.hex(), 0, 0, False, Path(), True, "no model: pixels by lossless WebP", STORED)
"""What stands for a model where there is none."""
ENCODING, DECODING = 40, 16
"""Bytes of a pixel of a tile that the WebP library takes at the most."""
BESIDE, SHOWN = 8, 10
"""Bytes of a pixel for copies of the samples and the file, and to show or write the picture."""
WORTH_TRYING = 3.0
"""Times the bytes of another file that the estimate may be for the picture to be coded in earnest: the estimate is of
little effort, which takes up to that much more of drawn pictures."""


def compress(picture: Picture, effort: int = 5) -> Encoded:
    """Return the file of a picture, which keeps every pixel, those that alpha hides among them.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, perhaps with an alpha plane.
        effort: 1 to 9.

    Raises:
        ImageError: a side is too long.
    """
    check_sides(picture.size)
    height, width = picture.size
    require(encoding_bytes(height, width), "keeping it exactly")
    samples, grey = channels(picture)
    deep = samples.dtype == np.uint16
    body = b""
    for plane in _bytes_of(samples):
        for inside in webp.tiles(*picture.size):
            tile = webp.encode_tile(np.ascontiguousarray(plane[inside]), effort)
            body += write_number(len(tile)) + tile
    data = write_file(StoredFile(grey, samples.shape[2] == 4, *picture.size, body, deep))
    bits = 8 * len(body)
    size = picture.size
    return Encoded(data, INFO, size, size, 0.0, 0, float(bits), residual_bits=bits, notices=picture.notices)


def encoding_bytes(height: int, width: int) -> int:
    """Return the bytes that coding a picture takes, the picture apart."""
    return ENCODING * min(height, webp.TILE) * min(width, webp.TILE) + BESIDE * height * width


def _bytes_of(samples: Pixels | Deep) -> Iterator[Pixels]:
    """Yield samples of 8 bits, or of 16 bits their high bytes and then their low ones."""
    if samples.dtype == np.uint16:
        yield (samples >> 8).astype(np.uint8)
    yield samples.astype(np.uint8)


def compress_within(picture: Picture, most: int, effort: int = 5) -> Encoded | None:
    """Return the file of a picture, 8 bits a sample, if it has at most so many bytes.

    None too if coding it would take more memory than it may. Pictures that are far from it take little time.
    """
    picture = replace(picture, deep=None)
    if max(picture.size) > MAX_SIDE or not fits(encoding_bytes(*picture.size)):
        return None
    if estimate(picture) > WORTH_TRYING * most:
        return None
    made = compress(picture, effort)
    return made if len(made.data) <= most else None


def estimate(picture: Picture) -> int:
    """Return about the bytes that the file of a picture takes, 8 bits a sample, at little effort."""
    return webp.estimated_size(_joined(picture)[0])


def decompress(
    data: bytes, *, max_pixels: int | None = None, progress: Progress | None = None
) -> tuple[NDArray[Any], ModelInfo]:
    """Return the picture of a file, uint8 or uint16 (H, W), (H, W, 3), or with alpha (H, W, 2) or (H, W, 4).

    Args:
        max_pixels: refuse a file that announces more.
        progress: Callback with rows.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
    """
    file = parse_file(data)
    check(data, NO_MODEL)
    check_pixels(file.height, file.width, max_pixels=max_pixels)
    tile = min(file.height, webp.TILE) * min(file.width, webp.TILE)
    require(DECODING * tile + SHOWN * file.height * file.width * (1 + file.deep), "decompressing it")
    offset = 0
    parts: list[tuple[tuple[slice, slice], bytes]] = []
    for _ in range(1 + file.deep):
        for spot in webp.tiles(file.height, file.width):
            length, start = read_number(file.residual, offset)
            offset = start + length
            if offset > len(file.residual):
                raise FormatError("one of its tiles is cut short: damaged")
            parts.append((spot, file.residual[start:offset]))
    if offset != len(file.residual):
        raise FormatError("there is something behind its tiles: damaged")
    samples = _decode_tiles(file, parts, progress)
    if file.grey:
        samples = samples[:, :, 2:] if file.alpha else samples[:, :, 0]
    return np.ascontiguousarray(samples), INFO


def _decode_tiles(
    file: StoredFile, parts: Sequence[tuple[tuple[slice, slice], bytes]], progress: Progress | None
) -> NDArray[Any]:
    """Return the samples of tiles, in colour; of 16 bits the high bytes come first."""
    samples = np.empty((file.height, file.width, 3 + file.alpha), np.uint16 if file.deep else np.uint8)
    for number, ((rows, columns), tile) in enumerate(parts):
        size = rows.stop - rows.start, columns.stop - columns.start
        found = webp.decode_tile(tile, size, file.alpha)
        if file.deep and 2 * number < len(parts):
            samples[rows, columns] = found.astype(np.uint16) << 8
            continue
        if file.deep:
            samples[rows, columns] |= found
        else:
            samples[rows, columns] = found
        if progress and columns.stop == file.width:
            progress(size[0], file.height)
    return samples


def channels(picture: Picture) -> tuple[Pixels | Deep, bool]:
    """Return a picture's samples, with all the bits that it has, as `_in_colour`."""
    return _joined(picture) if picture.deep is None else _in_colour(picture.deep)


def _joined(picture: Picture) -> tuple[Pixels, bool]:
    pixels = np.atleast_3d(picture.pixels)
    return _in_colour(pixels if picture.alpha is None else np.concatenate([pixels, picture.alpha[:, :, None]], axis=2))


def _in_colour(samples: NDArray[Level]) -> tuple[NDArray[Level], bool]:
    """Return samples as RGB (H, W, 3), or RGBA (H, W, 4), and whether they are grey."""
    samples = np.atleast_3d(samples)
    if samples.shape[2] < 3:
        return np.concatenate([np.repeat(samples[:, :, :1], 3, axis=2), samples[:, :, 1:]], axis=2), True
    return samples, is_grey(samples)
