"""A windowed model's recipe: a TOML file whose `kind` is "windowed"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vlae_codec.errors import ModelError

from ..recipe import build, find_recipe, read_tree
from .config import WindowedConfig, WindowedTraining

if TYPE_CHECKING:
    from importlib.abc import Traversable
    from pathlib import Path

KIND = "windowed"


@dataclass(frozen=True)
class WindowedRecipe:
    """A named windowed model, its data and how it is trained."""

    name: str
    data: str
    description: str = ""
    model: WindowedConfig = field(default_factory=WindowedConfig)
    train: WindowedTraining = field(default_factory=WindowedTraining)


def is_windowed_recipe(name: str) -> bool:
    """Whether a recipe, by name or path, is a windowed model's.

    Raises:
        ModelError: there is no such recipe, or it is not TOML.
    """
    return read_tree(find_recipe(name)).get("kind") == KIND


def load_windowed_recipe(name: str) -> WindowedRecipe:
    """Load a windowed model's recipe by the name of a shipped one or by the path of a TOML file.

    Raises:
        ModelError: no such recipe, not TOML, or a key that is unknown, missing or of the wrong type.
    """
    return read_windowed_recipe(find_recipe(name))


def read_windowed_recipe(file: Traversable | Path) -> WindowedRecipe:
    """Read a windowed model's recipe in a TOML file.

    Raises:
        ModelError: not TOML, or a key that is unknown, missing or of the wrong type.
    """
    return parse_windowed_recipe(read_tree(file))


def parse_windowed_recipe(tree: dict[str, Any]) -> WindowedRecipe:
    """Parse the recipe in a TOML tree.

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
    model, train = build(WindowedConfig, tables["model"]), build(WindowedTraining, tables["train"])
    return build(WindowedRecipe, {**rest, "model": model, "train": train})
