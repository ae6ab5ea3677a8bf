"""The user's model folder: look models over, install them whole, verify them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ..errors import ModelError, VlaeError
from ..model.folder import INFO, WEIGHTS, read_limited
from ..model.info import ModelInfo
from ..model.limits import MAX_FILE, MAX_INFO
from . import registry

NEEDED = {INFO: MAX_INFO, WEIGHTS: MAX_FILE}
"""Files of a model and the most bytes of each."""
BESIDE = {"CARD.md": MAX_INFO, "recipe.toml": MAX_INFO, "training.csv": MAX_FILE}
"""Files that are installed too, if they are there."""


def problem_of(info: ModelInfo) -> str | None:
    """Return what is wrong with a model: its weights, its fingerprint or what its networks compute."""
    try:
        registry.probe(info)
    except VlaeError as error:
        return str(error)
    return None


def install_model(source: Path) -> ModelInfo:
    """Copy a model folder into the user's own, under its name and the beginning of its fingerprint.

    Args:
        source: a folder with weights.npz and model.json; nothing in it is run, and what else is in it stays there.

    Raises:
        ModelError: no model, one that does not verify, or one that is installed already.
        OSError: the user's folder cannot be written.
    """
    info = registry.read_folder(source)
    for known in registry.list_models():
        if known.fingerprint == info.fingerprint:
            raise ModelError(f"{source}: {known.name} {known.fingerprint[:12]} is installed already, in {known.folder}")
    if (problem := problem_of(info)) is not None:
        raise ModelError(problem)
    target = registry.user_folder() / f"{info.name.replace(' ', '-')}-{info.fingerprint[:12]}"
    if target.exists():
        raise ModelError(f"{target} is there already and is no whole model: remove it first")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".vlae-", dir=target.parent) as name:
        whole = Path(name) / "model"
        whole.mkdir()
        for file, most in (NEEDED | BESIDE).items():
            if file in NEEDED or (source / file).is_file():
                (whole / file).write_bytes(read_limited(source, file, most))
        shutil.move(whole, target)
    return registry.read_folder(target)
