"""The user's model folder: look models over, install them whole, verify them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import registry
from .errors import ModelError
from .integer_model import load_model
from .model_limits import MAX_FILE, MAX_INFO, read_limited
from .registry import ModelInfo

NEEDED = {"model.json": MAX_INFO, "weights.npz": MAX_FILE}
"""Files of a model and the most bytes of each."""
BESIDE = {"CARD.md": MAX_INFO, "recipe.toml": MAX_INFO, "training.csv": MAX_FILE}
"""Files that are installed too, if they are there."""


@dataclass(frozen=True)
class Verified:
    """What came of verifying a model; `problem` is None if nothing is wrong."""

    model: ModelInfo
    problem: str | None


def verify_model(info: ModelInfo) -> Verified:
    """Read a model's weights, check them against its fingerprint, and put each of its networks to work."""
    try:
        model = load_model(info.folder)
        blank = np.zeros((1, info.height, info.width), np.uint8)
        mean, _ = model.posterior(blank)
        model.draw(mean)
    except ModelError as error:
        return Verified(info, str(error))
    return Verified(info, None)


def verify_models(models: Iterable[ModelInfo]) -> list[Verified]:
    """As `verify_model`, of each."""
    return [verify_model(info) for info in models]


def install_model(source: Path) -> ModelInfo:
    """Copy a model folder into the user's own, under its name and the beginning of its fingerprint.

    Args:
        source: a folder with model.json and weights.npz; nothing in it is run, and what else is in it stays there.

    Raises:
        ModelError: no model, one that does not verify, or one that is installed already.
        OSError: the user's folder cannot be written.
    """
    if not (source / "model.json").is_file():
        raise ModelError(f"{source}: not a model folder: there is no model.json in it")
    info = registry.read_folder(source)
    for known in registry.list_models():
        if known.fingerprint == info.fingerprint:
            raise ModelError(f"{source}: {known.name} {known.fingerprint[:12]} is installed already, in {known.folder}")
    if (problem := verify_model(info).problem) is not None:
        raise ModelError(problem)
    target = registry.user_folder() / f"{info.name.replace(' ', '-')}-{info.fingerprint[:12]}"
    if target.exists():
        raise ModelError(f"{target} is there already and is no whole model: remove it first")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".vlae-", dir=target.parent) as name:
        whole = Path(name) / "model"
        whole.mkdir()
        for file, limit in {**NEEDED, **BESIDE}.items():
            if file in NEEDED or (source / file).is_file():
                (whole / file).write_bytes(read_limited(source, file, limit))
        shutil.move(whole, target)
    return registry.read_folder(target)
