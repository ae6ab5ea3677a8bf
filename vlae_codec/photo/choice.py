"""Which colour model a picture goes to, if any: the one asked for, or by the rate the usual or the finer one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import ImageError
from ..images import Picture
from ..registry import ModelInfo
from .codec import DEFAULT_QUALITY, PhotoCompressed, Progress, compress_photo
from .store import AUTO, PhotoInfo, find_photo_model, finer_photo_model

DIAL, FINER_DIAL = (60.0, 80.0, 100.0), (20.0, 28.0, 100.0)
"""Qualities, and what they are above 60 on the finer model's own dial: on from the size of the usual model's files."""
FINER_RATE = 0.12
"""Bits a pixel of a target from which the finer model is tried first."""


class Asked(NamedTuple):
    """What a file should be.

    Attributes:
        quality: 0 to 100, None for the default.
        target_bytes: the most bytes of a lossy file.
        lossless: keep the exact pixels.
    """

    quality: float | None = None
    target_bytes: int | None = None
    lossless: bool = False


class Choice(NamedTuple):
    """A colour model, the quality on its own dial, and the one to turn to if it cannot keep within the bytes."""

    info: PhotoInfo
    quality: float | None
    instead: PhotoInfo | None = None


def choose_photo_model(
    picture: Picture, model: str, others: Sequence[ModelInfo], asked: Asked, fit: bool = False
) -> Choice | None:
    """The colour model that a picture goes to, if it goes to one.

    With "auto" the dial of qualities is the usual model's up to 60 and the finer one's above, which also takes lossless
    files and targets that are not too low for it.

    Args:
        picture: the picture.
        model: name, folder or fingerprint as the user gave it, or "auto".
        others: the models of black and white that it may go to.
        asked: what the file should be.
        fit: whether they may resize it.
    """
    if model != AUTO:
        named = None if others else find_photo_model(model)
        return Choice(named, asked.quality) if named else None
    coloured = picture.pixels.ndim == 3 and bool((picture.pixels != picture.pixels[:, :, :1]).any())
    taken = fit or any(picture.size == (info.height, info.width) for info in others)
    usual, finer = find_photo_model(AUTO), finer_photo_model()
    if usual is None or (taken and not coloured):
        return None
    if finer is None:
        return Choice(usual, asked.quality)
    if asked.lossless:
        return Choice(finer, asked.quality)
    if asked.target_bytes is not None:
        height, width = picture.size
        enough = 8 * asked.target_bytes >= FINER_RATE * height * width
        return Choice(finer, None, usual) if enough else Choice(usual, None)
    quality = DEFAULT_QUALITY if asked.quality is None else asked.quality
    if quality > DIAL[0]:
        return Choice(finer, float(np.interp(quality, DIAL, FINER_DIAL)))
    return Choice(usual, quality)


def compress_chosen(
    picture: Picture, choice: Choice, asked: Asked, device: str = "cpu", progress: Progress | None = None
) -> PhotoCompressed:
    """The file of a picture by the model that was chosen; see `compress_photo`.

    Raises:
        ImageError: no quality keeps within the bytes; or the file would not keep what the picture's own file has.
        ModelError: the model is damaged, or the device is not there.
    """
    info, quality, instead = choice
    try:
        return compress_photo(
            picture, info, quality=quality, target_bytes=asked.target_bytes, lossless=asked.lossless,
            device=device, progress=progress,
        )  # fmt: skip
    except ImageError:
        if instead is None:
            raise
        return compress_chosen(picture, Choice(instead, quality), asked, device, progress)
