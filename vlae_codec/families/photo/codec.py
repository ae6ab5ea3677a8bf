"""Pictures to the bytes of files of the photo family and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ...container.header import check
from ...container.limits import check_pixels, is_thin
from ...container.sized import check_sides
from ...errors import FormatError, ImageError, VlaeError
from ...exact.backend import Array
from ...io.alpha import filled
from ...io.images import Picture, Pixels, is_grey
from ...io.webp import decode_plane, encode_plane
from ...memory import require
from ...model.info import PHOTO, ModelInfo
from ...parallel import single_blas_thread
from .. import registry
from ..request import DEFAULT, Rate
from ..result import Encoded, Progress
from . import coding, rounding
from .container import PhotoFile, parse_file, write_file
from .cost import decoding_bytes, encoding_bytes
from .model import LEVELS, PATCH, PhotoModel
from .restoration import SIZE, fitted, restore
from .sharpening import Source
from .texture import BASE, Draw
from .transform import Levels, grid, padded, synthesise

DEFAULT_QUALITY = 70.0
"""About a third of a bit a pixel of photographs of half a megapixel."""
TRIALS = 8
"""The most runs of the entropy coder that a target may take."""
FREE_POSITIONS, POSITIONS_A_BYTE = 2048, 64
"""Positions of latents that take no byte of payload, and those beyond that a byte pays for."""
HIDDEN = 16
"""Bytes of a pixel that its transparency takes beside, while its plane is coded and what it hides made smooth."""
FITTED = 1 << 22
"""Pixels of a picture that its filter is fitted to at the most."""
CLOSE = 0.98
"""Share of the target's bytes that is near enough."""

Refine = Callable[[Levels, Array, int, Progress | None], Array]
"""Returns better latents of a padded picture, given it, its latents and the level; a callback follows its steps."""
Code = Callable[[int], coding.Coded]
"""Codes the latents of one picture at a level of quality."""


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
            a filter is fitted to the picture.
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
    source = Source(model, levels, rate.steps, several)
    coded: list[Array] = []

    def code(level: int) -> coding.Coded:
        coded.clear()
        latents = source.latents(level)
        coded.append(latents)  # which coding rounds
        if refine is None:
            return coding.push(model, latents, level, rate.steps)
        better = refine(padded(levels), model.ops.to_numpy(latents[:, 1:-1, 1:-1]), level, progress)
        latents[:, 1:-1, 1:-1] = model.ops.load(better, False)
        return coding.push(model, latents, level, rounding.PLAIN)

    height, width = picture.size
    alpha = None if picture.alpha is None else encode_plane(picture.alpha)
    # A thin picture has few pixels to fit a filter to beside what drawing them takes.
    spare = SIZE if rate.steps > rounding.PLAIN and not is_thin(*picture.size) else 0
    empty = PhotoFile(b"", 0, grey, height, width, b"", alpha)
    if target_bytes is None:
        level = level_of(DEFAULT_QUALITY if rate.quality is None else rate.quality)
        found = code(level)
    else:
        level, found = _within(code, target_bytes - len(write_file(model.fingerprint, empty)), target_bytes, spare)
    payload = found.payload.ljust(least_payload(*grid(picture.size)), b"\0")
    file = replace(empty, level=level, payload=payload)
    data = write_file(model.fingerprint, file)
    if spare and (target_bytes is None or len(data) + spare <= target_bytes):
        latents = coding.pop(model, payload, *grid(picture.size), level) if several else coded[0]
        data = write_file(model.fingerprint, replace(file, filter=_filter(model, latents, level, levels)))
    return Encoded(data, info, picture.size, picture.size, found.ideal, 8 * len(payload), notices=picture.notices)


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
        data: the file.
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
    if len(file.payload) < least_payload(rows, columns):
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


def _filter(model: PhotoModel, latents: Array, level: int, original: Levels) -> bytes:
    """Return the restoration filter of a picture; nothing where it saves less than its bytes are worth.

    Of a large picture it is fitted to a stripe of the full width in the middle.
    """
    rows, width = latents.shape[1] - 2, original.shape[1]
    count = min(rows, max(4, FITTED // (PATCH * width)))
    top = (rows - count) // 2
    stripe = original[PATCH * top : PATCH * (top + count)]
    filter_, saved = fitted(synthesise(model, latents[:, top : top + count + 2], level, stripe.shape[:2]), stripe)
    worth = model.slope(level) * saved / original.shape[2] * len(original) / len(stripe)
    return filter_ if worth > 8 * SIZE else b""


def _mean(levels: Levels) -> Levels:
    """Mean of the channels of a picture (H, W, 3), rounded down, (H, W, 1)."""
    out = np.empty((*levels.shape[:2], 1), np.uint8)
    for row, mean in zip(levels, out, strict=True):  # a row at a time, as sums need 16 bits
        mean[:, 0] = row.astype(np.uint16).sum(1) // 3
    return out


def least_payload(rows: int, columns: int) -> int:
    """Return the least bytes that a payload has: a file of a few bytes must not cause much work.

    Shorter ones are filled up with zero bytes, which the entropy coder reads as what was there.
    """
    return max(0, -(-(rows * columns - FREE_POSITIONS) // POSITIONS_A_BYTE))


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


def _within(code: Code, room: int, target: int, spare: int) -> tuple[int, coding.Coded]:
    """Return the best level whose payload leaves some bytes of its room to spare, or the coarsest, and the payload.

    The logarithm of the bytes is nearly linear in the level: a search by secants in a shrinking bracket.
    """
    sizes: dict[int, coding.Coded] = {}
    most = max(0, room - spare)
    low, high, level = -1, LEVELS, LEVELS // 2
    while len(sizes) < TRIALS and high - low > 1:
        sizes[level] = found = code(level)
        if len(found.payload) <= most:
            low = level
            if len(found.payload) >= CLOSE * most:
                break
        else:
            high = level
        level = _next_level(sizes, low, high, most, len(sizes) >= TRIALS - 1)
    if low < 0:
        if 0 not in sizes:
            sizes[0] = code(0)
        if len(sizes[0].payload) > room:
            least = target - room + len(sizes[0].payload)
            raise ImageError(f"{target} bytes are too few for this picture: its coarsest file has {least}")
        low = 0
    return low, sizes[low]


def _next_level(sizes: dict[int, coding.Coded], low: int, high: int, most: int, last: bool) -> int:
    """Return a level between two: where the secant through the two nearest sizes meets the target."""
    nearest = sorted(sizes, key=lambda level: abs(math.log((len(sizes[level].payload) + 1) / (most + 1))))[:2]
    slope = 0.018  # of the logarithm of the bytes by level, in the middle of the range
    if len(nearest) == 2 and nearest[0] != nearest[1]:
        a, b = (math.log(len(sizes[level].payload) + 1) for level in nearest)
        slope = min(0.1, max(0.004, (a - b) / (nearest[0] - nearest[1])))
    start = nearest[0]
    # A little below the target: what fits can be kept, what does not is a wasted trial.
    aim = math.log((most + 1) * (0.97 if last else 0.99))
    guess = start + math.floor((aim - math.log(len(sizes[start].payload) + 1)) / slope)
    return min(high - 1, max(low + 1, guess))
