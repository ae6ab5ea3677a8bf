"""What the measurements share on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vlae_codec.errors import VlaeError
from vlae_codec.families.registry import find_model, read_model
from vlae_codec.model.networks import IntegerModel
from vlae_models.recipe import BILEVEL, read_recipe

if TYPE_CHECKING:
    from importlib.abc import Traversable

models_argument = click.argument("models", nargs=-1, required=True)
"""Shipped names or model folders."""


def images_option(default: int, name: str = "--images", text: str = "Test images") -> Callable[[Any], Any]:
    """Of how many of the test images, which are taken evenly spaced."""
    return click.option(
        name, type=click.IntRange(1), default=default, show_default=True, help=f"{text}, evenly spaced."
    )


def open_model(text: str, device: str = "cpu") -> IntegerModel:
    """Open the model of a name or a folder; a folder wins, so that models that are not released can be measured."""
    return read_model(folder_of(text), IntegerModel, device)


def set_of(text: str) -> str:
    """Return the set that a model was trained on, by the recipe in its folder; its test images measure it."""
    return read_recipe(folder_of(text) / "recipe.toml", BILEVEL).data


def folder_of(text: str) -> Traversable | Path:
    """Return the folder of a model's name, or the folder itself."""
    folder = Path(text)
    return folder if (folder / "model.json").is_file() else find_model(text).folder


def name_of_gpu() -> str:
    """Return torch's name of the GPU.

    Raises:
        VlaeError: there is none.
    """
    import torch

    if not torch.cuda.is_available():
        raise VlaeError("there is no GPU that torch can use")
    return torch.cuda.get_device_name()
