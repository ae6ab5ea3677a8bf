"""The kinds of models that recipes train: how each is trained, and released as a model folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from vlae_codec.errors import ModelError

from .data.sets import load_set
from .page.config import PAGE
from .page.release import release_page
from .page.training import PageTrainer
from .photo.config import PHOTO
from .photo.release import release_photo
from .photo.training import PhotoTrainer
from .recipe import BILEVEL, BilevelRecipe, Kind, Recipe, kind_of, load_recipe
from .release.release import release
from .train.bilevel import Trainer, load_trained
from .train.labelled import LabelledTrainer
from .train.loop import Loop
from .windowed.config import WINDOWED
from .windowed.release import release_windowed
from .windowed.training import WindowedTrainer


class Way(NamedTuple):
    """What can be done with the recipes of a kind.

    Attributes:
        kind: of the recipes.
        trainer: makes a trainer of a recipe, the folders of data and training, minutes (None: by the recipe), the
            device, and whether it is quiet.
        release: writes a model folder from the folder of a training, its recipe, the folders of data and model, and
            whether `-m auto` may choose the model; its model.json comes back.
    """

    kind: Kind[Any, Any]
    trainer: Callable[[Any, Path, Path, float | None, str, bool], Loop[Any]]
    release: Callable[[Path, Any, Path, Path, bool], dict[str, Any]]


def release_bilevel(run: Path, recipe: BilevelRecipe, data: Path, folder: Path, auto: bool = True) -> dict[str, Any]:
    """Write the model folder of a training, as `release.release`, from its folder and its recipe's data."""
    return release(load_trained(run, recipe), recipe, load_set(recipe.data, data).train, folder, auto=auto)


def train_bilevel(
    recipe: BilevelRecipe, data: Path, folder: Path, minutes: float | None, device: str, quiet: bool
) -> Trainer:
    """Return the trainer of a model, with labels or without."""
    kind = LabelledTrainer if recipe.model.labels else Trainer
    return kind(recipe, data, folder, minutes, device, quiet)


WAYS = (
    Way(BILEVEL, train_bilevel, release_bilevel),
    Way(PHOTO, PhotoTrainer, release_photo),
    Way(WINDOWED, WindowedTrainer, release_windowed),
    Way(PAGE, PageTrainer, release_page),
)


def way_of(name: str) -> tuple[Way, Recipe[Any, Any]]:
    """Return what can be done with a recipe, by name or path, and the recipe.

    Raises:
        ModelError: no such recipe, not TOML, of no known kind, or a key that is unknown, missing or of the wrong type.
    """
    kind = kind_of(name)
    for way in WAYS:
        if way.kind.name == kind:
            return way, load_recipe(name, way.kind)
    raise ModelError(f"recipe: kind = {kind!r} is unknown; known: {', '.join(way.kind.name for way in WAYS[1:])}")
