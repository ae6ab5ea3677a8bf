"""Find models by name, folder or fingerprint: first the shipped ones, then those in the user's folder.

Listing reads only each folder's `model.json`; weights are read once for each device, when first needed. A folder that
cannot be read hides no other. Several models may have one name: fingerprints distinguish them.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ModelError
from .networks import IntegerModel, load_model, read_info

if TYPE_CHECKING:
    from importlib.abc import Traversable

PREFIX_DIGITS = 6  # hex digits of a fingerprint that a .vlz file carries, and the least that names a model

_loaded: dict[tuple[str, str, str], IntegerModel] = {}
_read_before: dict[tuple[str, int, int], ModelInfo] = {}
"""By folder, and time and size of its model.json."""
_last: dict[tuple[bytes, str], ModelInfo] = {}
"""The model that was found last for the beginning of a fingerprint, by that and the user's folder."""


class _Settings:
    """What holds for the whole process."""

    workers: int | None = None


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model without its weights.

    Attributes:
        name: what people call it; several models may have one name.
        fingerprint: 64 hex digits, of weights and settings.
        height, width: of its pictures, pixels.
        auto: whether `-m auto` may choose it.
        folder: where it lies.
        shipped: whether it came with the package.
        description: one line.
    """

    name: str
    fingerprint: str
    height: int
    width: int
    auto: bool
    folder: Traversable | Path
    shipped: bool = False
    description: str = ""


def load(info: ModelInfo, device: str = "cpu") -> IntegerModel:
    """Load the model itself, read once for each device ("cpu", "torch" or "cuda").

    Raises:
        ModelError: altered, damaged, or the device is not there.
    """
    key = (info.fingerprint, str(info.folder), device)
    if key not in _loaded:
        model = load_model(info.folder, device)
        if _Settings.workers is not None:
            model.workers = _Settings.workers
        if device != "cpu":
            _try_device(model, device)
        _loaded[key] = model
    return _loaded[key]


def _try_device(model: IntegerModel, device: str) -> None:
    try:
        model.to_device(np.zeros(1))
    except (ImportError, RuntimeError, AssertionError) as error:  # torch says in all these ways that it has no CUDA
        raise ModelError(f"cannot compute on {device} ({error}): use --device cpu, the results are the same") from error


def use_workers(count: int) -> None:
    """Let models that are loaded from now on compute in so many threads; by default there is one for each core."""
    _Settings.workers = count


def list_models() -> list[ModelInfo]:
    """All models: shipped ones, then the user's; of equal fingerprints the first."""
    return list(_models())


def damaged_folders() -> list[ModelError]:
    """Return an error for each folder that looks like a model and cannot be read."""
    found = []
    for folder in folders():
        try:
            read_folder(folder)
        except ModelError as error:
            found.append(error)
    return found


def find_model(text: str, others: Callable[[], Sequence[str]] = tuple) -> ModelInfo:
    """Return the model of this name, folder, or beginning of a fingerprint (6 hex digits or more).

    A shipped model keeps its name whatever the user installs; of the user's own, one name must mean one model.

    Args:
        text: the name, folder or beginning of a fingerprint.
        others: gives the names of models of other kinds, for the message.

    Raises:
        ModelError: there is none, or several; says which there are.
    """
    named = []
    for info in _models():
        called = info.name == text
        if called and info.shipped:
            return info
        if called or (len(text) >= PREFIX_DIGITS and info.fingerprint.startswith(text.lower())):
            named.append(info)
    if len(named) == 1:
        return named[0]
    if named:
        several = ", ".join(info.fingerprint[:12] for info in named)
        raise ModelError(f"{len(named)} models are called {text!r}: name one by its fingerprint, {several}")
    if (Path(text) / "model.json").is_file():
        return read_folder(Path(text))
    installed = [info.name for info in _models()]
    known = ", ".join([*installed, *others()]) or "none"
    damaged = "".join(f" (and not to be read: {error})" for error in damaged_folders()[:1])
    raise ModelError(f"no model {text!r}: installed are {known}; or give a model's folder or fingerprint{damaged}")


def find_prefix(prefix: bytes) -> Iterator[ModelInfo]:
    """Yield the models whose fingerprints begin so; as good as always one.

    The one that the last file of this prefix had comes first, so that folders are not gone through for every file.

    Raises:
        ModelError: there is none; names the fingerprint and says where was looked.
    """
    key = prefix, str(user_folder())
    last = _last_of(key)
    if last:
        yield last
    found = last is not None
    for info in _models():
        if info.fingerprint.startswith(prefix.hex()) and info != last:
            found, _last[key] = True, info
            yield info
    if not found:
        raise ModelError(missing(prefix))


def _last_of(key: tuple[bytes, str]) -> ModelInfo | None:
    """Return the model that was found for a prefix and a user's folder before, if it is still there and the same."""
    last = _last.get(key)
    if last is not None:
        with contextlib.suppress(ModelError):
            if read_folder(last.folder) == last:
                return last
    return None


def missing(prefix: bytes) -> str:
    """Return the message for a file whose model is not here."""
    return (
        f"made with a model that is not here: fingerprint {prefix.hex()}... is neither among the shipped models"
        f" nor in {user_folder()}; get its folder from where the file came from and install it with"
        " vlae-models install FOLDER (or the file is damaged)"
    )


def user_folder() -> Path:
    """Where the user's own models lie: $VLAE_MODELS, or else the system's folder for such data."""
    if folder := os.environ.get("VLAE_MODELS"):
        return Path(folder)
    from platformdirs import user_data_path

    return user_data_path("vlae-codec") / "models"


def _models() -> Iterator[ModelInfo]:
    seen: set[str] = set()
    for folder in folders():
        with contextlib.suppress(ModelError):
            info = read_folder(folder)
            if info.fingerprint not in seen:
                seen.add(info.fingerprint)
                yield info


def folders(file: str = "model.json") -> Iterator[Traversable | Path]:
    """Every folder with a file of this name: shipped ones, then the user's."""
    for parent in (_zoo(), user_folder()):
        if parent.is_dir():
            for folder in sorted(parent.iterdir(), key=lambda entry: entry.name):
                if not folder.name.startswith(".") and (folder / file).is_file():
                    yield folder


@functools.cache
def _zoo() -> Traversable:
    return files("vlae_models") / "zoo"


def is_shipped(folder: Traversable | Path) -> bool:
    """Whether a model's folder came with the package."""
    return str(folder).startswith(str(_zoo()))


def read_folder(folder: Traversable | Path) -> ModelInfo:
    """Return what the model.json of a folder declares; it is read again only if it changed.

    Raises:
        ModelError: it is missing or damaged.
    """
    if not isinstance(folder, Path):
        return _parse(folder)
    try:
        status = (folder / "model.json").stat()
    except OSError:
        return _parse(folder)
    key = (str(folder), status.st_mtime_ns, status.st_size)
    if key not in _read_before:
        _read_before[key] = _parse(folder)
    return _read_before[key]


def _parse(folder: Traversable | Path) -> ModelInfo:
    info = read_info(folder)
    return ModelInfo(
        name=info["name"],
        fingerprint=info["fingerprint"],
        height=info["height"],
        width=info["width"],
        auto=info.get("auto", True),
        folder=folder,
        shipped=is_shipped(folder),
        description=info["description"],
    )
