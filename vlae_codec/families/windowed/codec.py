"""Pictures of any size to the bytes of `.vlz` files and back: joins the windowed model, its codes and the container."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...coding.binary_coder import Reader, Writer
from ...container.header import check, check_parts
from ...container.limits import check_pixels, is_thin
from ...container.sized import check_sides
from ...errors import FormatError, ImageError
from ...io.images import REDUCED, TURNED, Picture, Pixels, is_grey
from ...memory import require
from ...model.info import WINDOWED, ModelInfo
from .. import registry
from ..request import DEFAULT, Rate
from ..result import Encoded, Progress
from . import grid, pixels
from .container import WindowedFile, least_bytes, parse_file, write_file
from .ladder import Setting, ladder, setting_of
from .model import STRIP, Integers, Levels, WindowedModel, grid_size
from .resample import UNSCALED, downscaled, downscaled_size, upscale

DEFAULT_QUALITY = 50.0
LOSSLESS_WIDTH = 14
"""Index of the quantisation step of a lossless file's lossy part, near which the sum of both parts is least."""
DEFAULT_TEMPERATURE = 0.0
SAMPLES_TEMPERATURE = 0.4
"""Of several draws, which are made to be compared: enough texture for that, and not yet noise."""
STRIP_BYTES, PIXEL_BYTES = 900, 64
"""Bytes of a pixel of a strip that networks work on, with all their layers, and of a pixel of the whole picture."""
ORDER = (1, 0, 2)
"""Green, red, blue of RGB: green predicts the others best. The same order takes them back."""

Encode = Callable[[int], Integers]
"""y of a picture by its downscaling factor."""


def compress_photo(
    picture: Picture, info: ModelInfo, rate: Rate = DEFAULT, *, device: str = "cpu", progress: Progress | None = None
) -> Encoded:
    """Return the file of a picture.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB.
        info: the model to code with.
        rate: quality is by default 50; the lossy part of lossless files has `LOSSLESS_WIDTH`.
        device: "cpu", "torch" or "cuda"; the bytes are the same.
        progress: Callback with rows of a lossless file.

    Raises:
        ImageError: no quality keeps within the bytes; a side is too long, or the picture too thin; or the file would
            not keep what the picture's own file has.
        ModelError: the model is damaged, or the device is not there.
    """
    _refuse_losses(picture, rate.lossless)
    check_sides(picture.size)
    if is_thin(*picture.size):
        raise ImageError(f"so thin a picture takes model {info.name}, which goes pixel by pixel, long: name no model")
    model = registry.load(info, WindowedModel, device)
    _require(picture.size, "compressing it")
    levels, grey = to_levels(picture.pixels)
    size = picture.size
    encode = _encoder(model, levels)
    if rate.lossless:
        setting = Setting(UNSCALED, sorted((LOSSLESS_WIDTH, *model.widths))[1])
    elif rate.target_bytes is not None:
        setting = _setting_within(model, encode, size, grey, rate.target_bytes)
    else:
        setting = setting_of(DEFAULT_QUALITY if rate.quality is None else rate.quality, model, size)
    writer, z = _push(model, encode(setting.downscale), setting.number)
    payload, residual, pixel_bits = _filled(writer, downscaled_size(size, setting.downscale)), None, 0.0
    if rate.lossless:
        rows = (lambda done: progress(done, size[0])) if progress else None
        exact = Writer(pixels.decisions(*size, grey))
        pixels.push_pixels(model, exact, levels, z, setting.number, grey, rows)
        residual, pixel_bits = _filled(exact, size), exact.spent
    file = WindowedFile(b"", grey, setting.number, *size, payload, residual, downscale=setting.downscale)
    data = write_file(model.fingerprint, file)
    made = Encoded(data, info, size, file.coded_size, writer.spent, 8 * len(payload), notices=picture.notices)
    if residual is None:
        return made
    return replace(made, neg_elbo_bits=writer.spent + pixel_bits, residual_bits=8 * len(residual))


def _require(size: tuple[int, int], work: str) -> None:
    """Refuse a picture of a height and width whose networks and wavefront would take more memory than is allowed."""
    require(STRIP_BYTES * min(size[0] * size[1], STRIP) + PIXEL_BYTES * size[0] * size[1], work)


def _refuse_losses(picture: Picture, lossless: bool) -> None:
    """Refuse transparency, which no file keeps, and without loss everything else that was taken off the picture."""
    if picture.alpha is not None:
        raise ImageError(
            "it has transparent pixels, which files without loss and those of windowed models do not keep:"
            " lay it over a colour first"
        )
    deep = (REDUCED,) if picture.deep is not None else ()
    if changes := [notice for notice in (*deep, *picture.notices) if lossless and notice != TURNED]:
        raise ImageError(f"a lossless file would not keep it as it is ({changes[0]}): make that change first")


def decompress_photo(
    data: bytes,
    *,
    seed: int = 0,
    number: int = 0,
    temperature: float = DEFAULT_TEMPERATURE,
    preview: bool = False,
    max_pixels: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> tuple[Pixels, ModelInfo, str]:
    """Return the picture of a file, uint8 (H, W) or (H, W, 3), its model, and what the file has lost.

    Args:
        seed, number: of the texture.
        temperature: of the texture, 0 to 1; at 0 each level is near the mean of its distribution.
        preview: the base reconstruction of the lossy part at once, also of a lossless file that was cut behind it.
        max_pixels: refuse a file that announces more.
        device: "cpu", "torch" or "cuda"; the pixels are the same.
        progress: called with rows done and all.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
        ModelError: the model is unknown or damaged.
    """
    info, file, whole = identify_photo(data)
    check_pixels(file.height, file.width, max_pixels=max_pixels)
    lost = f"cut short or damaged behind its lossy part, of whose residual {len(file.residual or b'')} bytes are there"
    if not (whole or preview):
        raise FormatError(f"{lost}: the exact pixels are lost, `preview` draws the lossy picture")
    _check_work(file, preview)
    model, size = registry.load(info, WindowedModel, device), file.coded_size
    _require((file.height, file.width), "decompressing it")
    z = _pop(model, file)
    rows = (lambda done: progress(done, size[0])) if progress else None
    if preview:
        levels = pixels.base_reconstruction(model, z, file.width_number, *size)
    elif file.residual is not None:
        reader = Reader(file.residual, pixels.decisions(*size, file.grey))
        levels = pixels.pop_pixels(model, reader, size, z, file.width_number, file.grey, rows)
    else:
        levels = pixels.draw(
            model, z, file.width_number, size,
            grey=file.grey, seed=seed, number=number, temperature=temperature, progress=rows,
        )  # fmt: skip
    levels = upscale(levels, (file.height, file.width))
    return from_levels(levels, file.grey), info, "" if whole else f"{lost}: this is the lossy picture"


def identify_photo(data: bytes) -> tuple[ModelInfo, WindowedFile, bool]:
    """Model and parts of a file, and whether all of it is intact; the lossy part is verified.

    Raises:
        FormatError: the bytes are no such file, or damaged.
        ModelError: the model is unknown.
    """
    file = parse_file(data)
    info = registry.find_checked(file.prefix, WINDOWED, lambda fingerprint: check(data[: file.checked], fingerprint))
    whole = check_parts(data, file.checked, bytes.fromhex(info.fingerprint), file.residual is not None)
    return info, file, whole


def to_levels(picture: Pixels) -> tuple[Levels, bool]:
    """Return a picture as green, red and blue, (H, W, 3), and whether it is grey."""
    if picture.ndim == 2:
        return np.repeat(picture[:, :, None], 3, axis=2), True
    grey = is_grey(picture)
    return np.ascontiguousarray(picture[:, :, ORDER]), grey


def from_levels(levels: Levels, grey: bool) -> Pixels:
    """Return the picture that green, red and blue stand for: (H, W) if it is grey, else RGB (H, W, 3)."""
    return np.ascontiguousarray(levels[:, :, 0] if grey else levels[:, :, ORDER])


def pad(levels: Levels, patch: int) -> Levels:
    """Return the picture with its edges repeated to the positions of its grid."""
    height, width = levels.shape[:2]
    rows, columns = grid_size((height, width), patch)
    below, beside = patch * rows - height, patch * columns - width
    return np.pad(levels, ((0, below), (0, beside), (0, 0)), mode="edge")


def _encoder(model: WindowedModel, levels: Levels) -> Encode:
    """y of a picture by its downscaling factor, of each once."""

    @functools.cache
    def encode(downscale: int) -> Integers:
        return model.encode(pad(downscaled(levels, downscale), model.patch))

    return encode


def _push(model: WindowedModel, y: Integers, number: int) -> tuple[Writer, Integers]:
    writer = Writer(grid.decisions(model, *y.shape[:2]))
    return writer, grid.push_grid(model.coder, writer, model.sent(y, number), number)


def _filled(writer: Writer, size: tuple[int, int]) -> bytes:
    """Return what was written of a coded height and width, filled up to the least bytes."""
    return writer.to_bytes().ljust(least_bytes(size), b"\0")


def _check_work(file: WindowedFile, preview: bool) -> None:
    """Refuse a file that holds too little for the work that it announces."""
    parts = [(file.payload, file.coded_size)]
    if file.residual is not None and not preview:
        parts.append((file.residual, (file.height, file.width)))
    for data, (height, width) in parts:
        if len(data) < least_bytes((height, width)):
            raise FormatError(f"{len(data)} bytes are too few for {width} x {height} coded pixels: damaged")


def _pop(model: WindowedModel, file: WindowedFile) -> Integers:
    height, width = grid_size(file.coded_size, model.patch)
    reader = Reader(file.payload, grid.decisions(model, height, width))
    return grid.pop_grid(model.coder, reader, height, width, file.width_number)


def _setting_within(model: WindowedModel, encode: Encode, size: tuple[int, int], grey: bool, most: int) -> Setting:
    """Return the setting of the best quality whose file has at most so many bytes; the rate grows along the ladder."""
    settings = ladder(model, size)

    def length(setting: Setting) -> int:
        writer, _ = _push(model, encode(setting.downscale), setting.number)
        payload = _filled(writer, downscaled_size(size, setting.downscale))
        file = WindowedFile(b"", grey, setting.number, *size, payload, downscale=setting.downscale)
        return len(write_file(model.fingerprint, file))

    within = bisect_right(settings, most, key=length)
    if within == 0:
        raise ImageError(f"{most} bytes are too few for this picture: its coarsest file has {length(settings[0])}")
    return settings[within - 1]
