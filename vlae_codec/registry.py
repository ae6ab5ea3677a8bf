"""Find models by name, folder or fingerprint: first the shipped ones, then those in the user's folder.

Listing reads only each folder's `model.json`; weights are read once for each device, when first needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import ModelError
from .integer_model import IntegerModel, load_model, read_info

if TYPE_CHECKING:
    from importlib.abc import Traversable

PREFIX_DIGITS = 6  # hex digits of a fingerprint that a .vlz file carries, and the least that names a model

_loaded: dict[tuple[str, str], IntegerModel] = {}


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model without its weights; `auto` says whether `-m auto` may choose it."""

    name: str
    fingerprint: str
    height: int
    width: int
    auto: bool
    folder: Traversable | Path


def load(info: ModelInfo, device: str = "cpu") -> IntegerModel:
    """The model itself, read once for each device ("cpu", "torch" or "cuda").

    Raises:
        ModelError: altered, damaged, or the device is not there.
    """
    key = (str(info.folder), device)
    if key not in _loaded:
        model = load_model(info.folder, device)
        if device != "cpu":
            _try_device(model, device)
        _loaded[key] = model
    return _loaded[key]


def _try_device(model: IntegerModel, device: str) -> None:
    try:
        model.to_device(np.zeros(1))
    except (ImportError, RuntimeError, AssertionError) as error:  # torch says in all these ways that it has no CUDA
        raise ModelError(f"cannot compute on {device} ({error}): use --device cpu, the results are the same") from error


def list_models() -> list[ModelInfo]:
    """All models: shipped, then the user's; of equal names or fingerprints the first.

    Raises:
        ModelError: a folder's model.json is damaged.
    """
    return list(_models())


def find_model(text: str) -> ModelInfo:
    """The model of this name, folder, or beginning of a fingerprint (6 hex digits or more).

    Raises:
        ModelError: there is none; says what there is.
    """
    for info in _models():
        if info.name == text or (len(text) >= PREFIX_DIGITS and info.fingerprint.startswith(text.lower())):
            return info
    if (Path(text) / "model.json").is_file():
        return _read(Path(text))
    known = ", ".join(info.name for info in _models()) or "none"
    raise ModelError(f"no model {text!r}: installed are {known}; or give a model's folder or fingerprint")


def find_prefix(prefix: bytes) -> Iterator[ModelInfo]:
    """The models whose fingerprints begin so; as good as always one.

    Raises:
        ModelError: there is none; names the fingerprint and says where was looked.
    """
    found = False
    for info in _models():
        if info.fingerprint.startswith(prefix.hex()):
            found = True
            yield info
    if not found:
        raise ModelError(
            f"made with a model that is not here: fingerprint {prefix.hex()}... is neither among the shipped models"
            f" nor in {user_folder()}; put the model's folder there (or the file is damaged)"
        )


def user_folder() -> Path:
    """Where the user's own models lie: $VLAE_MODELS, or else the system's folder for such data."""
    if folder := os.environ.get("VLAE_MODELS"):
        return Path(folder)
    from platformdirs import user_data_path

    return user_data_path("vlae-codec") / "models"


def _models() -> Iterator[ModelInfo]:
    seen: set[str] = set()
    for parent in (files("vlae_models") / "zoo", user_folder()):
        if not parent.is_dir():
            continue
        for folder in sorted(parent.iterdir(), key=lambda entry: entry.name):
            if (folder / "model.json").is_file():
                info = _read(folder)
                if not {info.name, info.fingerprint} & seen:
                    seen |= {info.name, info.fingerprint}
                    yield info


def _read(folder: Traversable | Path) -> ModelInfo:
    info = read_info(folder)
    return ModelInfo(
        name=info["name"],
        fingerprint=info["fingerprint"],
        height=info["height"],
        width=info["width"],
        auto=info.get("auto", True),
        folder=folder,
    )
