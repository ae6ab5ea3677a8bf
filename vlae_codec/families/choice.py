"""Which models a picture goes to: those named, or those that suit it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..container.envelope import left_of
from ..errors import ModelError
from ..io.forms import as_exact
from ..io.images import Picture
from ..model.info import BILEVEL, ModelInfo
from . import known, registry
from .family import Job
from .registry import AUTO
from .request import Rate
from .stored import codec as stored
from .stored.family import StoredFamily


def plan(picture: Picture, model: str, rate: Rate, among: Sequence[ModelInfo] | None = None) -> Job:
    """Return a picture, ready to be coded, and the models that may code it.

    Args:
        model: name, folder or fingerprint as the user gave it, or "auto".
        rate: how it is to be coded; of its bytes the picture's metadata get theirs.
        among: `candidates(model, rate.lossless)`, for many pictures of one model.

    Raises:
        ImageError: a lossless file would not keep it as it is.
        ModelError: the model is unknown, or none is installed that takes the picture.
        OptionError: the model's family does not have an option.
    """
    if not rate.keeps_pixels:
        picture = replace(picture, deep=None)
    auto = model == AUTO
    among = candidates(model, rate.lossless) if among is None else among
    models = _suiting(picture, rate, among) if auto else tuple(among)
    options = known.family(models[0].family).options
    any_size = not models[0].height
    rate.check(options | StoredFamily.options if auto and any_size else options, models[0])
    rate = replace(rate, target_bytes=left_of(rate.target_bytes, picture.metadata))
    return Job(as_exact(picture) if any_size and rate.lossless else picture, models, rate, auto)


def _suiting(picture: Picture, rate: Rate, marked: Sequence[ModelInfo]) -> tuple[ModelInfo, ...]:
    """Return the models of the first family that takes a picture; of those for any size the first."""
    for family in known.families():
        models = [info for info in marked if info.family == family.name and family.takes(picture, info, rate)]
        if models:
            return tuple(models) if models[0].height else (models[0],)
    folder = registry.user_folder()
    raise ModelError(f"no installed model takes this picture: reinstall vlae-codec, or put one into {folder}")


def candidates(model: str = AUTO, lossless: bool = False) -> list[ModelInfo]:
    """Return the models that a picture may go to: the one named, or all that are marked for "auto".

    Some are marked for lossless files alone, which need none: the last one stands for that.

    Raises:
        ModelError: no model has the name.
    """
    if model != AUTO:
        return [registry.find_model(model)]
    marked = [info for info in registry.list_models() if info.auto or (lossless and info.auto_lossless)]
    return [*marked, stored.INFO] if lossless else marked


def bilevel_models(model: str = AUTO, lossless: bool = False) -> list[ModelInfo]:
    """Return those of `candidates` that are of the bilevel family; raises ModelError likewise."""
    return [info for info in candidates(model, lossless) if info.family == BILEVEL]
