"""Codecs as the benchmark uses them: a picture and a setting to bytes, and the picture that these give."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_codec.families.photo import sender
from vlae_codec.families.photo.codec import compress
from vlae_codec.families.registry import find_model
from vlae_codec.families.request import Rate
from vlae_codec.io.images import Picture
from vlae_models.photo.search import search_of

Levels = NDArray[np.uint8]
Coding = Callable[[Levels, float], tuple[int, Levels]]
"""A picture (H, W, 3) and a setting to the file's bytes and the picture that it gives."""


class Codec(NamedTuple):
    """A codec, the settings at which it is measured, coarse ones first, and the sets of pictures."""

    code: Coding
    settings: tuple[float, ...]
    sets: tuple[str, ...] = ("kodak", "graphics")


def _ours(levels: Levels, quality: float, **options: Any) -> tuple[int, Levels]:
    data = vlae_codec.compress(levels, quality=quality, **options)
    return len(data), np.asarray(vlae_codec.decompress(data).convert("RGB"))


def _searched(levels: Levels, quality: float) -> tuple[int, Levels]:
    """As `_ours` with the search of `vlae-compress --effort 9`."""
    made = compress(Picture(levels), find_model("photo"), Rate(quality=quality, effort=9, refine=search_of))
    return len(made.data), np.asarray(vlae_codec.decompress(made.data).convert("RGB"))


def _unmasked(levels: Levels, quality: float) -> tuple[int, Levels]:
    """As `_ours` with errors that are worth as much everywhere."""
    with mock.patch.object(sender, "masking", return_value=None):
        return _ours(levels, quality, model="photo")


def _pillow(levels: Levels, quality: float, kind: str, downscale: int = 1, **options: Any) -> tuple[int, Levels]:
    image = Image.fromarray(levels)
    small = tuple(max(1, round(side / downscale)) for side in image.size)
    stream = io.BytesIO()
    (image if downscale == 1 else image.resize((small[0], small[1]), Image.Resampling.LANCZOS)).save(
        stream, kind, quality=int(quality), **options
    )
    size = len(stream.getvalue())
    with Image.open(stream) as opened:
        drawn = opened.convert("RGB")
    return size, np.asarray(drawn if downscale == 1 else drawn.resize(image.size, Image.Resampling.LANCZOS))


def _jxl(levels: Levels, quality: float) -> tuple[int, Levels]:
    import pillow_jxl  # noqa: F401, registers the format

    return _pillow(levels, quality, "JXL", effort=7)


AVIF_SETTINGS = (2, 10, 20, 30, 40, 50, 62, 74)
OUR_SETTINGS = (2, 14, 28, 42, 56, 70, 84, 100)
RIVALS = {
    "avif": Codec(functools.partial(_pillow, kind="AVIF", speed=4), AVIF_SETTINGS),
    "avif-444": Codec(functools.partial(_pillow, kind="AVIF", speed=4, subsampling="4:4:4"), (10, 25, 40, 55, 70)),
    "avif-shrunk-2": Codec(functools.partial(_pillow, kind="AVIF", speed=4, downscale=2), (8, 24, 44, 64)),
    "avif-shrunk-3": Codec(functools.partial(_pillow, kind="AVIF", speed=4, downscale=3), (20, 40, 60)),
    "avif-shrunk-4": Codec(functools.partial(_pillow, kind="AVIF", speed=4, downscale=4), (30, 55)),
    "jpeg-xl": Codec(_jxl, (15, 35, 55, 75, 88)),
    "webp": Codec(functools.partial(_pillow, kind="WEBP", method=6), (5, 25, 50, 80)),
    "jpeg": Codec(functools.partial(_pillow, kind="JPEG", optimize=True, progressive=True), (10, 30, 60, 80)),
}
OURS = {
    "photo": Codec(functools.partial(_ours, model="photo"), OUR_SETTINGS),
    "auto": Codec(functools.partial(_ours, model="auto"), OUR_SETTINGS, ("graphics",)),
    "search": Codec(_searched, (28, 56, 84), ("kodak",)),
    "unmasked": Codec(_unmasked, OUR_SETTINGS, ("kodak",)),
    "plain-rounding": Codec(functools.partial(_ours, model="photo", effort=1), OUR_SETTINGS, ("kodak",)),
    "first": Codec(functools.partial(_ours, model="photo-exact"), (10, 30, 50, 70, 85, 97)),
}
"""The model, what `-m auto` makes of drawn pictures, the model with the search of effort 9, without masking, and with
plain rounding, and the lossy part of a windowed model: the first generation."""
CODECS = {**OURS, **RIVALS}
