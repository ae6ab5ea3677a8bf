"""Arrays of pictures to bytes and back, as chunks of stores of arrays: any number of axes before rows and columns."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import api
from ..container.collection import write_part
from ..errors import FormatError, ImageError, ModelError, VlaeError
from ..families import known, registry
from ..io.images import Pixels
from ..model.info import BILEVEL
from .decode import levels
from .reader import Collection

SHAPE = re.compile(r"(\d{1,18}(?:x\d{1,18})*)(-bool)?")
"""Name of the first file of a chunk: its sizes, and whether it was of bool."""
COLOURS, CHANNELS = 3, 4
MAX_AXES = 32
FULL = 255


@dataclass(frozen=True)
class ChunkOptions:
    """How chunks are made.

    Attributes:
        lossless: keep every value; without it, photographs at a quality.
        model: name or fingerprint; by default that for photographs, or "auto" for exact pixels.
        quality: 0 to 100, by default 70.
        effort: 1 to 9; of models that have it.
    """

    lossless: bool = False
    model: str | None = None
    quality: float | None = None
    effort: int | None = None

    def __post_init__(self) -> None:
        if self.lossless and self.quality is not None:
            raise VlaeError("lossless has no quality: leave one of them out")


def check_chunk(shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse chunks that are no pictures.

    Raises:
        ImageError: of other values than uint8 and bool, of one axis, or empty.
    """
    if dtype not in (np.dtype(np.uint8), np.dtype(bool)):
        raise ImageError(f"chunks of {dtype}: pictures are uint8 or bool")
    if not 2 <= len(shape) <= MAX_AXES or 0 in shape:
        raise ImageError(f"chunks of shape {shape}: pictures have rows and columns")


def encode_array(array: NDArray[Any], options: ChunkOptions) -> bytes:
    """Return the bytes of a chunk: one .vlz file, or a collection whose first file is named by the shape.

    Args:
        array: uint8 or bool, (..., rows, columns); 3 behind them are colours; 1, 2 or 4 are coded one by one.
        options: how.

    Raises:
        ImageError: no such array, or the model does not take it.
        ModelError: the model is unknown or damaged.
    """
    check_chunk(array.shape, array.dtype)
    pictures = list(_pictures(array.astype(np.uint8) * np.uint8(FULL) if array.dtype == bool else array))
    model = options.model or (registry.AUTO if options.lossless else _default_model())
    given: dict[str, Any] = {"lossless": options.lossless, "effort": options.effort, "quality": options.quality}
    if array.ndim == 2 and array.dtype == np.uint8:
        return api.compress(pictures[0], model, **given)
    if model != registry.AUTO and registry.find_model(model).family == BILEVEL:
        files = [api.compress_many(pictures, model, **given)]
    else:
        files = [api.compress(one, model, **given) for one in pictures]
    title = "x".join(map(str, array.shape)) + ("-bool" if array.dtype == bool else "")
    return write_part([("" if number else title, data) for number, data in enumerate(files)])


def decode_array(data: bytes, device: str = "cpu") -> NDArray[Any]:
    """Return the array of a chunk; undoes `encode_array`, exactly if it was without loss.

    Args:
        device: "cpu", "torch" or "cuda".

    Raises:
        FormatError: it is damaged, or no chunk.
        ModelError: its model is not installed.
    """
    found = Collection(data, device=device)
    title = SHAPE.fullmatch(next(found.names(), ""))
    if found.parts and title is None:
        raise FormatError("a collection, but not a chunk of an array")
    sizes = tuple(map(int, title[1].split("x"))) if title else ()
    colour = sizes[-1:] == (COLOURS,) and len(sizes) > 2
    pictures = [_in_colour(pixels, colour) for _, pixels in found.numbered()]
    if title is None:
        return pictures[0]
    if len({one.shape for one in pictures}) != 1 or math.prod(sizes) != len(pictures) * pictures[0].size:
        raise FormatError(f"{len(pictures)} pictures are no chunk of {title[1]}: damaged")
    array = _unpictured(np.stack(pictures), sizes)
    return np.asarray(array > FULL // 2) if title[2] else array


def _default_model() -> str:
    """Return the name for photographs: digits that are drawn anew are no values of an array."""
    for info in registry.list_models():
        if info.auto and not info.height and "quality" in known.family(info.family).options:
            return info.fingerprint
    raise ModelError("no model for photographs is installed: reinstall vlae-codec")


def _channels(shape: tuple[int, ...]) -> int:
    """How many channels are coded one by one; 0 if the last axis is that of columns, or of colours."""
    own = len(shape) > 2 and shape[-1] <= CHANNELS and shape[-1] != COLOURS
    return shape[-1] if own else 0


def _pictures(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if _channels(array.shape):
        array = np.moveaxis(array, -1, 0)
    colour = array.ndim > 2 and array.shape[-1] == COLOURS
    return np.ascontiguousarray(array.reshape(-1, *array.shape[-3 if colour else -2 :]))


def _unpictured(pictures: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if channels := _channels(shape):
        return np.moveaxis(pictures.reshape(channels, *shape[:-1]), 0, -1)
    return pictures.reshape(shape)


def _in_colour(pixels: Pixels, colour: bool) -> NDArray[np.uint8]:
    found = levels(pixels)
    return np.repeat(found[:, :, None], COLOURS, 2) if colour and found.ndim == 2 else found
