"""Pages of two levels to the bytes of files and back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...coding.binary_coder import Reader, Writer
from ...coding.precision import Integers
from ...coding.wavefront import Wavefront
from ...container.header import check
from ...container.limits import check_pixels
from ...container.sized import check_sides
from ...errors import FormatError, ImageError
from ...io.images import Picture, Pixels
from ...memory import require
from ...model.info import PAGE, ModelInfo
from .. import registry
from ..result import Encoded, Progress
from .container import PageFile, Stretches, parse_file, write_file
from .contexts import SLANT, Bits
from .model import PageModel
from .walk import BESIDE, walk

GAP = 16
"""Rows or columns of paper, side by side, from which on they are left out."""
ENCODING, DECODING = 16, 4
"""Bytes of memory that a pixel takes while it is coded, and while it is read and shown."""
WORK = 24 << 20
"""Bytes of the tables of counts, and of what a line takes."""
PROBED = 13
"""Distance of the pixels by which most pictures of more than two levels are recognised."""


def split(picture: Picture) -> tuple[Bits, bytes, bytes] | None:
    """Return where the ink is, uint8 (H, W), and the levels of paper and ink; None if there are more than two.

    Paper is the level that more pixels have, of a picture of one level that one.
    """
    if picture.alpha is not None or picture.deep is not None:
        return None
    pixels = np.atleast_3d(picture.pixels)
    if pixels.shape[2] == 3 and (pixels == pixels[:, :, :1]).all():
        pixels = pixels[:, :, :1]
    if _marked(pixels[::PROBED, ::PROBED]) is None:
        return None
    ink = _marked(pixels)
    if ink is None:
        return None
    first, other = pixels[0, 0].tobytes(), pixels.reshape(-1, pixels.shape[2])[ink.argmax()].tobytes()
    if 2 * np.count_nonzero(ink) > ink.size:
        return (~ink).view(np.uint8), other, first
    return ink.view(np.uint8), first, other


def _marked(pixels: Pixels) -> NDArray[np.bool_] | None:
    """Where pixels (H, W, C) differ from the first one, (H, W); None if they do so in several ways."""
    marked: NDArray[np.bool_] = (pixels != pixels[0, 0]).any(2)
    others = pixels[marked]
    return marked if (others == others[:1]).all() else None


def compress(picture: Picture, info: ModelInfo, progress: Progress | None = None) -> Encoded:
    """Return the file of a picture of two levels, which keeps every pixel.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, without alpha.
        info: the model to code with, of the page family.
        progress: Callback with rows.

    Raises:
        ImageError: it has more than two levels, a side is too long, or it is so thin that its walk would be.
        ModelError: the model is damaged.
    """
    check_sides(picture.size)
    require(WORK + ENCODING * picture.size[0] * picture.size[1], "compressing it")
    found = split(picture)
    if found is None:
        raise ImageError(f"model {info.name} codes pictures of two levels, and this one has more: leave out `model`")
    model = registry.load(info, PageModel)
    ink, paper_level, ink_level = found
    rows, columns = (stretches(np.asarray(ink.any(axis))) for axis in (1, 0))
    height, width = picture.size
    head = PageFile(b"", height, width, paper_level, ink_level, rows, columns)
    front = Wavefront(*head.coded_size, SLANT)
    if front.is_long:
        raise ImageError(f"so thin a picture takes model {info.name}, which walks along it, long: name no model")
    residual, spent = _encode(model, ink[_numbers(rows)][:, _numbers(columns)], progress) if rows else (b"", 0.0)
    residual = residual.ljust(front.least_bytes, b"\0")
    data = write_file(model.fingerprint, replace(head, residual=residual))
    bits = 8 * len(residual)
    return Encoded(
        data, info, picture.size, head.coded_size, 0.0, 0, spent, residual_bits=bits, notices=picture.notices
    )  # fmt: skip


def decompress(
    data: bytes, *, max_pixels: int | None = None, progress: Progress | None = None
) -> tuple[Pixels, ModelInfo]:
    """Return the picture of a file, uint8 (H, W) or (H, W, 3), and its model.

    Args:
        max_pixels: refuse a file that announces more.
        progress: Callback with coded rows.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
        ModelError: the model is unknown or damaged.
    """
    info, file = identify(data)
    check_pixels(file.height, file.width, max_pixels=max_pixels)
    require(WORK + DECODING * file.height * file.width, "decompressing it")
    ink = np.zeros((file.height, file.width), np.uint8)
    if file.rows:
        coded = _decode(registry.load(info, PageModel), file, progress)
        ink[np.ix_(_numbers(file.rows), _numbers(file.columns))] = coded
    elif file.residual:
        raise FormatError("it has pixels of no rows: damaged")
    levels = np.frombuffer(file.paper + file.ink, np.uint8).reshape(2, -1)
    return levels[ink] if levels.shape[1] == 3 else levels[:, 0][ink], info


def identify(data: bytes) -> tuple[ModelInfo, PageFile]:
    """Return model and parts of a file, verified.

    Raises:
        FormatError: the bytes are no such file, or damaged.
        ModelError: the model is unknown.
    """
    file = parse_file(data)
    return registry.find_checked(file.prefix, PAGE, partial(check, data)), file


def stretches(marked: NDArray[np.bool_]) -> Stretches:
    """Return the rows or columns to be coded, all but runs of at least `GAP` that have no ink."""
    places = np.flatnonzero(marked)
    cuts = np.flatnonzero(np.diff(places) > GAP)
    firsts, lasts = places[np.append(0, cuts + 1)[: len(places)]], places[np.append(cuts, -1)[: len(places)]]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def _numbers(parts: Stretches) -> NDArray[np.int64]:
    return np.concatenate([np.arange(first, end) for first, end in parts])


def _encode(model: PageModel, ink: Bits, progress: Progress | None) -> tuple[bytes, float]:
    """Return the residual of coded rows and columns, and its ideal length in bits."""
    writer = Writer(ink.size)

    def push(line: Bits, ones: Integers) -> Bits:
        writer.push(line.astype(np.int64), ones)
        return line

    walk(model, np.pad(ink, ((0, 0), (0, BESIDE))), push, progress)
    return writer.to_bytes(), writer.spent


def _decode(model: PageModel, file: PageFile, progress: Progress | None) -> Bits:
    """Return the coded rows and columns of a file."""
    height, width = file.coded_size
    front = Wavefront(height, width, SLANT)
    if front.is_long:
        raise FormatError(f"it codes {width} x {height} pixels, too thin for a page: damaged")
    if len(file.residual) < front.least_bytes:
        raise FormatError(f"{len(file.residual)} bytes are too few for {width} x {height} coded pixels: damaged")
    reader, picture = Reader(file.residual, height * width), np.zeros((height, width + BESIDE), np.uint8)

    def pop(line: Bits, ones: Integers) -> Bits:
        line[:] = reader.pop(ones)
        return line

    walk(model, picture, pop, progress)
    return picture[:, :width]
