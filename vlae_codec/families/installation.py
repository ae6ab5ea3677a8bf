"""The user's model folder: look models over, install them whole, verify them; models of every kind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ModelError, VlaeError
from ..model import registry
from ..model.limits import MAX_FILE, MAX_INFO, read_limited
from ..model.networks import load_model
from ..model.registry import ModelInfo
from . import store
from .photo.model import PhotoModel
from .photo.trial import try_model
from .store import PhotoInfo
from .windowed.trial import try_photo_model

BILEVEL = "model.json"
WEIGHTS = "weights.npz"
LIMITS = {BILEVEL: MAX_INFO, store.INFO: MAX_INFO, WEIGHTS: MAX_FILE}
"""Files of models and the most bytes of each; each model has one of the first two."""
BESIDE = {"CARD.md": MAX_INFO, "recipe.toml": MAX_INFO, "training.csv": MAX_FILE}
"""Files that are installed too, if they are there."""

AnyInfo = ModelInfo | PhotoInfo


@dataclass(frozen=True)
class Verified:
    """What came of verifying a model; `problem` is None if nothing is wrong."""

    model: AnyInfo
    problem: str | None


def find_any_model(text: str) -> AnyInfo:
    """Return the model of any kind that has this name, folder, or beginning of a fingerprint.

    Raises:
        ModelError: there is none, or several; says which there are.
    """
    return store.find_photo_model(text) or registry.find_model(text, store.photo_names)


def list_all_models() -> list[AnyInfo]:
    """Models of every kind, those for pictures of any size last."""
    return [*registry.list_models(), *store.list_photo_models()]


def damaged_folders() -> list[ModelError]:
    """Return an error for each folder that looks like a model of some kind and cannot be read."""
    return [*registry.damaged_folders(), *store.damaged_photo_folders()]


def verify_model(info: AnyInfo) -> Verified:
    """Read a model's weights, check them against its fingerprint, and put each of its networks to work."""
    try:
        if isinstance(info, PhotoInfo):
            found = store.read_photo_model(info.folder)
            if isinstance(found, PhotoModel):
                try_model(found)
            else:
                try_photo_model(found)
        else:
            model = load_model(info.folder)
            mean, _ = model.posterior(np.zeros((1, info.height, info.width), np.uint8))
            model.draw(mean)
    except VlaeError as error:
        return Verified(info, str(error))
    return Verified(info, None)


def verify_models(models: Iterable[AnyInfo]) -> list[Verified]:
    """As `verify_model`, of each."""
    return [verify_model(info) for info in models]


def install_model(source: Path) -> AnyInfo:
    """Copy a model folder into the user's own, under its name and the beginning of its fingerprint.

    Args:
        source: a folder with weights.npz and model.json or photo.json; nothing in it is run, and what else is in it
            stays there.

    Raises:
        ModelError: no model, one that does not verify, or one that is installed already.
        OSError: the user's folder cannot be written.
    """
    info = _read(source)
    for known in list_all_models():
        if known.fingerprint == info.fingerprint:
            raise ModelError(f"{source}: {known.name} {known.fingerprint[:12]} is installed already, in {known.folder}")
    if (problem := verify_model(info).problem) is not None:
        raise ModelError(problem)
    target = registry.user_folder() / f"{info.name.replace(' ', '-')}-{info.fingerprint[:12]}"
    if target.exists():
        raise ModelError(f"{target} is there already and is no whole model: remove it first")
    target.parent.mkdir(parents=True, exist_ok=True)
    needed = store.INFO if isinstance(info, PhotoInfo) else BILEVEL, WEIGHTS
    with tempfile.TemporaryDirectory(prefix=".vlae-", dir=target.parent) as name:
        whole = Path(name) / "model"
        whole.mkdir()
        for file in (*needed, *BESIDE):
            if file in needed or (source / file).is_file():
                (whole / file).write_bytes(read_limited(source, file, (LIMITS | BESIDE)[file]))
        shutil.move(whole, target)
    return _read(target)


def _read(folder: Path) -> AnyInfo:
    if (folder / BILEVEL).is_file():
        return registry.read_folder(folder)
    if (folder / store.INFO).is_file():
        return store.read_photo_folder(folder)
    raise ModelError(f"{folder}: not a model folder: there is no {BILEVEL} or {store.INFO} in it")
