"""Which models a picture goes to: those named, or those that suit it best."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ModelError
from ..io.images import Picture, is_grey
from ..model.info import BILEVEL, PAGE, PHOTO, WINDOWED, ModelInfo
from . import registry
from .registry import AUTO


def candidates(model: str = AUTO, lossless: bool = False) -> list[ModelInfo]:
    """Return the bilevel models that may be chosen from: the one named, or all that are marked for "auto".

    There are none if the name is that of a model of another family. Some are marked for lossless files alone.

    Raises:
        ModelError: no model has the name.
    """
    if model != AUTO:
        return [info for info in [registry.find_model(model)] if info.family == BILEVEL]
    bilevel = [info for info in registry.list_models() if info.family == BILEVEL]
    models = [info for info in bilevel if info.auto or (lossless and info.auto_lossless)]
    if not models:
        raise ModelError(f"no models are installed: reinstall vlae-codec, or put one into {registry.user_folder()}")
    return models


def choose_photo_model(
    picture: Picture, model: str, others: Sequence[ModelInfo], fit: bool = False, lossless: bool = False
) -> ModelInfo | None:
    """Return the model of pictures of any size that a picture goes to, if it goes to one.

    Args:
        picture: the picture.
        model: name, folder or fingerprint as the user gave it, or "auto".
        others: the bilevel models that it may go to.
        fit: whether they may resize it.
        lossless: whether the exact pixels are to be kept.
    """
    if model != AUTO:
        info = registry.find_model(model)
        return None if info.family == BILEVEL else info
    if lossless and picture.deep is not None:
        return default_photo_model(lossless)
    taken = fit or any(picture.size == (info.height, info.width) for info in others)
    return None if taken and is_grey(picture.pixels) else default_photo_model(lossless)


def default_photo_model(lossless: bool = False) -> ModelInfo | None:
    """Return the first model of pictures of any size that may be chosen where none is named, for the purpose."""
    return _first_of(WINDOWED) if lossless else _first_of(PHOTO, WINDOWED)


def default_page_model() -> ModelInfo | None:
    """Return the first page model that pictures of two levels may go to where none is named."""
    return _first_of(PAGE)


def _first_of(*families: str) -> ModelInfo | None:
    return next((info for info in registry.list_models() if info.auto and info.family in families), None)
