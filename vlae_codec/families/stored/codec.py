"""Pictures to the bytes of files without a model and back: tiles of WebP images, a palette, or predicted samples."""

from __future__ import annotations

import functools
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
from . import palette, predicted
from .container import NO_MODEL, PALETTE, PREDICTED, TILES, StoredFile, parse_file, write_file

Level = TypeVar("Level", np.uint8, np.uint16)
Coded = tuple[int, bytes, float]
"""A coding, the bytes of samples, and their ideal length in bits."""
INFO = ModelInfo(
    "stored",
    NO_MODEL.hex(),
    0,
    0,
    False,
    Path(),
    True,
    "no model: predicted samples, palettes, lossless WebP",
    STORED,
)
"""What stands for a model where there is none."""
HARD, QUICK = 7, 1 << 18
"""Effort from which on samples of drawn pictures are predicted where a lossy file was wanted, and pixels up to which
they are at less."""
ENCODING, DECODING = 40, 16
"""Bytes of a pixel of a tile that the WebP library takes at the most."""
BESIDE, SHOWN = 8, 10
"""Bytes of a pixel for copies of the samples and the file, and to show or write the picture."""
WORTH_TRYING, WITH_SLOW = 3.0, 6.0
"""Times the bytes of another file that the estimate may be for the picture to be coded in earnest: the estimate is of
little effort, which takes up to that much more of drawn pictures, and more still where a palette or
predictions are tried."""
DRAWN_BITS = 1.0
"""Bits a sample that a general coder makes of drawn pictures at the most: of photographs it makes 2 to 5."""
SLOW, MOST_PIXELS = 3, 1 << 23
"""Effort from which on palettes and predictions are tried, and pixels up to which they are: larger pictures take
minutes."""


def compress(
    picture: Picture,
    effort: int = 5,
    *,
    palettes: bool = True,
    predictions: bool = True,
    progress: Progress | None = None,
) -> Encoded:
    """Return the smallest file of a picture, which keeps every pixel, those that alpha hides among them.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, perhaps with an alpha plane.
        effort: 1 to 9.
        palettes, predictions: whether these are tried, from effort `SLOW` on.
        progress: Callback with rows.

    Raises:
        ImageError: a side is too long.
    """
    check_sides(picture.size)
    height, width = picture.size
    require(encoding_bytes(height, width), "keeping it exactly")
    samples, grey = channels(picture)
    tiles = _tiles(samples, effort)
    file = StoredFile(grey, samples.shape[2] == 4, height, width, tiles, samples.dtype == np.uint16)
    choices = [(TILES, tiles, 8.0 * len(tiles))]
    if effort >= SLOW and not file.deep and height * width <= MOST_PIXELS:
        own = _without_colour(file, samples.astype(np.uint8, copy=False))
        photograph = grey and 8 * len(tiles) > DRAWN_BITS * own.size  # which has few levels, too
        found = _by_palette(own, progress) if palettes and not (photograph and predictions) else []
        choices += found or (_by_prediction(own, progress) if predictions else [])
    coding, residual, spent = min(choices, key=lambda one: len(one[1]))
    file = replace(file, coding=coding, residual=residual)
    data, bits = write_file(file), 8 * len(file.residual)
    size = picture.size
    return Encoded(data, INFO, size, size, 0.0, 0, spent, residual_bits=bits, notices=picture.notices)


def _tiles(samples: Pixels | Deep, effort: int) -> bytes:
    """Return the tiles of samples in colour, each behind its length."""
    body = b""
    for plane in _bytes_of(samples):
        for inside in webp.tiles(*samples.shape[:2]):
            tile = webp.encode_tile(np.ascontiguousarray(plane[inside]), effort)
            body += write_number(len(tile)) + tile
    return body


def _by_palette(samples: Pixels, progress: Progress | None) -> list[Coded]:
    """Return samples by their palette; nothing if colours are many."""
    height, width = samples.shape[:2]
    if not fits(palette.WORK + palette.ENCODING * height * width):
        return []
    found = palette.split(samples)
    return [(PALETTE, *palette.encode(*found, progress))] if found else []


def _by_prediction(samples: Pixels, progress: Progress | None) -> list[Coded]:
    """Return predicted samples; nothing if the picture is thin."""
    size = samples.shape[:2]
    if predicted.is_long(*size) or predicted.is_slow(*size) or not fits(predicted.memory(*samples.shape)):
        return []
    return [(PREDICTED, *predicted.encode(samples, progress))]


def _without_colour(file: StoredFile, samples: NDArray[Level]) -> NDArray[Level]:
    """Return samples in colour with the channels that a file has, (H, W, C)."""
    return samples[:, :, -file.channels :] if file.grey else samples


def encoding_bytes(height: int, width: int) -> int:
    """Return the bytes that coding a picture takes, the picture apart."""
    return ENCODING * min(height, webp.TILE) * min(width, webp.TILE) + BESIDE * height * width


def _bytes_of(samples: Pixels | Deep) -> Iterator[Pixels]:
    """Yield samples of 8 bits, or of 16 bits their high bytes and then their low ones."""
    if samples.dtype == np.uint16:
        yield (samples >> 8).astype(np.uint8)
    yield samples.astype(np.uint8)


class Exact:
    """The exact file of a picture, 8 bits a sample, that is estimated and made once at the most.

    Args:
        picture: as `compress` takes it.
        effort: 1 to 9.
        slow: whether palettes and, of drawn pictures, predictions are tried, from effort `SLOW` on.
    """

    def __init__(self, picture: Picture, effort: int = 5, slow: bool = True) -> None:
        self._picture, self._effort = replace(picture, deep=None), effort
        self._slow = slow and effort >= SLOW

    @functools.cached_property
    def estimate(self) -> int:
        """About its bytes, at little effort."""
        return estimate(self._picture)

    def within(self, most: int) -> Encoded | None:
        """Return the file if it has at most so many bytes.

        None too if coding it would take more memory than it may. Pictures that are far from it take little time.
        """
        size = self._picture.size
        if max(size) > MAX_SIDE or not fits(encoding_bytes(*size)):
            return None
        if self.estimate > (WITH_SLOW if self._seems_few or self._predicts else WORTH_TRYING) * most:
            return None
        return self._file if len(self._file.data) <= most else None

    @functools.cached_property
    def _file(self) -> Encoded:
        return compress(self._picture, self._effort, palettes=self._slow, predictions=self._predicts)

    @functools.cached_property
    def _predicts(self) -> bool:
        height, width = self._picture.size
        quick = self._effort >= HARD or height * width <= QUICK
        return self._slow and quick and 8 * self.estimate <= DRAWN_BITS * channels(self._picture)[0].size

    @functools.cached_property
    def _seems_few(self) -> bool:
        return self._slow and palette.seem_few(channels(self._picture)[0].astype(np.uint8, copy=False))


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
    if file.coding != TILES:
        shape = file.height, file.width, file.channels
        by = palette if file.coding == PALETTE else predicted
        require(by.memory(*shape), "decompressing it")
        found = by.decode(file.residual, *shape, progress)
        return found[:, :, 0] if file.channels == 1 else found, INFO
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
    samples = _without_colour(file, _decode_tiles(file, parts, progress))
    return np.ascontiguousarray(samples[:, :, 0] if file.channels == 1 else samples), INFO


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
