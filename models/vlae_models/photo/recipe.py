"""A photo model's recipe: a TOML file whose `kind` is "photo"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vlae_codec.errors import ModelError

from ..recipe import build, find_recipe, read_tree
from .config import PhotoConfig, PhotoTraining

if TYPE_CHECKING:
    from importlib.abc import Traversable
    from pathlib import Path

KIND = "photo"


@dataclass(frozen=True)
class PhotoRecipe:
    """A named photo model, its data and how it is trained."""

    name: str
    data: str
    description: str = ""
    model: PhotoConfig = field(default_factory=PhotoConfig)
    train: PhotoTraining = field(default_factory=PhotoTraining)


def is_photo_recipe(name: str) -> bool:
    """Return whether a recipe, by name or path, is a photo model's.

    Raises:
        ModelError: there is no such recipe, or it is not TOML.
    """
    return bool(read_tree(find_recipe(name)).get("kind") == KIND)


def load_photo_recipe(name: str) -> PhotoRecipe:
    """Return a photo model's recipe by the name of a shipped one or by the path of a TOML file.

    Raises:
        ModelError: no such recipe, not TOML, or a key that is unknown, missing or of the wrong type.
    """
    return parse_photo_recipe(read_tree(find_recipe(name)))


def read_photo_recipe(file: Traversable | Path) -> PhotoRecipe:
    """Return the photo model's recipe in a TOML file.

    Raises:
        ModelError: not TOML, or a key that is unknown, missing or of the wrong type.
    """
    return parse_photo_recipe(read_tree(file))


def parse_photo_recipe(tree: dict[str, Any]) -> PhotoRecipe:
    """Return the recipe in a parsed TOML tree.

    Raises:
        ModelError: a key is unknown, missing or of the wrong type.
    """
    tables = {key: tree.get(key, {}) for key in ("model", "train")}
    if not all(isinstance(table, dict) for table in tables.values()):
        raise ModelError("recipe: model and train should be tables")
    rest = {key: value for key, value in tree.items() if key not in (*tables, "kind")}
    for key in ("name", "data"):
        if not isinstance(rest.get(key), str):
            raise ModelError(f"recipe: {key} = {rest.get(key)!r} should be a string")
    model, train = build(PhotoConfig, tables["model"]), build(PhotoTraining, tables["train"])
    return build(PhotoRecipe, {**rest, "model": model, "train": train})
