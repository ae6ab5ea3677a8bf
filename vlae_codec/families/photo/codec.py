"""Pictures to the bytes of files of the photo family and back."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...container.header import check
from ...container.limits import check_pixels
from ...container.sized import check_sides
from ...errors import FormatError, VlaeError
from ...io.adjust import filled
from ...io.images import Picture, Pixels, is_grey
from ...io.webp import decode_plane, encode_plane
from ...memory import require
from ...model.info import PHOTO, ModelInfo
from ...parallel import single_blas_thread
from .. import registry
from ..request import DEFAULT, Rate
from ..result import Encoded, Progress
from . import coding
from .container import PhotoFile, parse_file, write_file
from .cost import decoding_bytes, encoding_bytes
from .model import LEVELS, PhotoModel
from .restoration import restore
from .sender import Sender
from .texture import BASE, Draw
from .transform import Levels, grid, synthesise

DEFAULT_QUALITY = 70.0
"""About a third of a bit a pixel of photographs of half a megapixel."""
HIDDEN = 16
"""Bytes of a pixel that its transparency takes beside, while its plane is coded and what it hides made smooth."""


@single_blas_thread()
def compress(
    picture: Picture,
    info: ModelInfo,
    rate: Rate = DEFAULT,
    *,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Encoded:
    """Return the file of a picture.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, perhaps with an alpha plane.
        info: the model to code with, of the photo family.
        rate: quality is by default 70; with effort 1 latents are rounded plainly, from 2 on by rate and distortion, and
            a filter is fitted to the picture; from 5 on latents make up for what the transforms lose.
        device: "cpu", "torch" or "cuda"; the bytes are the same.
        progress: Callback with steps of the search that `rate` refines latents by.

    Raises:
        ImageError: no quality keeps within the bytes, or a side is too long.
        ModelError: the model is damaged, or the device is not there.
    """
    check_sides(picture.size)
    model = registry.load(info, PhotoModel, device)
    target_bytes, refine = rate.target_bytes, rate.refine(info) if rate.refine else None
    hidden = 0 if picture.alpha is None else HIDDEN * picture.alpha.size
    several = target_bytes is not None
    require(encoding_bytes(model, picture.size, 2 if several or refine else 1) + hidden, "compressing it")
    levels, grey = to_rgb(picture)
    alpha = None if picture.alpha is None else encode_plane(picture.alpha)
    sender = Sender(model, levels, rate, PhotoFile(b"", 0, grey, *picture.size, b"", alpha), refine, progress)
    if target_bytes is None:
        file, found = sender.at(level_of(DEFAULT_QUALITY if rate.quality is None else rate.quality))
    else:
        file, found = sender.within(target_bytes)
    data = write_file(model.fingerprint, file)
    return Encoded(data, info, picture.size, picture.size, found.ideal, 8 * len(file.payload), notices=picture.notices)


@single_blas_thread()
def decompress(
    data: bytes,
    *,
    draw: Draw = BASE,
    max_pixels: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> tuple[Pixels, ModelInfo]:
    """Return the picture of a file, uint8 (H, W), (H, W, 3), or with alpha (H, W, 2) or (H, W, 4), and its model.

    Args:
        draw: which texture is drawn, by default none.
        max_pixels: refuse a file that announces more.
        device: "cpu", "torch" or "cuda"; the pixels are the same.
        progress: Callback with rows.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
        ModelError: the model is unknown or damaged.
    """
    info, file = identify(data)
    check_pixels(file.height, file.width, max_pixels=max_pixels)
    model = registry.load(info, PhotoModel, device)
    size = file.height, file.width
    hidden = 0 if file.alpha is None else HIDDEN * file.height * file.width
    require(decoding_bytes(model, size, draw.heat > 0) + hidden, "decompressing it")
    rows, columns = grid(size)
    if len(file.payload) < coding.least_payload(rows, columns):
        raise FormatError(f"{len(file.payload)} bytes of payload are too few for {file.width} x {file.height}: damaged")
    latents = coding.pop(model, file.payload, rows, columns, file.level, draw)
    pixels = synthesise(model, latents, file.level, size, progress)
    del latents
    if file.filter:
        restore(pixels, file.filter)
    if file.grey:
        pixels = _mean(pixels)
    if file.alpha is not None:
        pixels = np.concatenate([pixels, decode_plane(file.alpha, size)[:, :, None]], 2)
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels, info


def identify(data: bytes) -> tuple[ModelInfo, PhotoFile]:
    """Return model and parts of a file, verified.

    Raises:
        FormatError: the bytes are no such file, or damaged.
        ModelError: the model is unknown.
    """
    file = parse_file(data)
    return registry.find_checked(file.prefix, PHOTO, partial(check, data)), file


def _mean(levels: Levels) -> Levels:
    """Mean of the channels of a picture (H, W, 3), rounded down, (H, W, 1)."""
    out = np.empty((*levels.shape[:2], 1), np.uint8)
    for row, mean in zip(levels, out, strict=True):  # a row at a time, as sums need 16 bits
        mean[:, 0] = row.astype(np.uint16).sum(1) // 3
    return out


def level_of(quality: float) -> int:
    """Return the level 0 ... 255 of a quality 0 ... 100."""
    if not 0 <= quality <= 100:
        raise VlaeError(f"`quality` {quality}: it goes from 0 to 100")
    return round(quality / 100 * (LEVELS - 1))


def to_rgb(picture: Picture) -> tuple[Levels, bool]:
    """Return the levels (H, W, 3) of a picture and whether it is grey; what alpha hides is made smooth."""
    pixels = picture.pixels
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    grey = is_grey(pixels)
    return (pixels if picture.alpha is None else filled(pixels, picture.alpha)), grey
