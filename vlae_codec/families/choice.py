"""The choice of a photo model for a picture."""

from __future__ import annotations

from collections.abc import Sequence

from ..io.images import Picture, is_grey
from ..model.registry import ModelInfo
from .store import AUTO, PhotoInfo, find_photo_model


def choose_photo_model(
    picture: Picture, model: str, others: Sequence[ModelInfo], fit: bool = False, lossless: bool = False
) -> PhotoInfo | None:
    """Return the photo model for a picture, if it goes to one.

    Args:
        picture: the picture.
        model: name, folder or fingerprint as the user gave it, or "auto".
        others: the bilevel models that it may go to.
        fit: whether they may resize it.
        lossless: whether the exact pixels are to be kept.
    """
    if model != AUTO:
        return None if others else find_photo_model(model)
    if lossless and picture.deep is not None:
        return find_photo_model(AUTO, lossless)
    taken = fit or any(picture.size == (info.height, info.width) for info in others)
    return None if taken and is_grey(picture.pixels) else find_photo_model(AUTO, lossless)
