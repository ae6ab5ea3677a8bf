"""Models of all families by name, folder or fingerprint: first the shipped ones, then the user's.

Listing reads only each folder's `model.json`; weights are read once for each device, when first needed. A folder that
cannot be read hides no other. Several models may have one name: fingerprints distinguish them.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import FormatError, ModelError
from ..exact.backend import Backend
from ..model import folder as model_folder
from ..model.folder import INFO, read_weights
from ..model.info import ModelInfo
from .known import PREFIX, family, stand_in

if TYPE_CHECKING:
    from importlib.abc import Traversable

AUTO = "auto"
"""Stands for the model that suits a picture best."""

Model = TypeVar("Model")

_loaded: dict[tuple[str, str, str], Any] = {}
_read_before: dict[tuple[str, int, int], ModelInfo] = {}
"""By folder, and time and size of its model.json."""
_last: dict[tuple[bytes, str], ModelInfo] = {}
"""The model that was found last for the beginning of a fingerprint, by that and the user's folder."""


def load(info: ModelInfo, kind: type[Model], device: str = "cpu") -> Model:
    """Return the model itself, read once for each device ("cpu", "torch" or "cuda").

    Args:
        info: which model.
        kind: class of its family's models.
        device: where it computes.

    Raises:
        ModelError: altered, damaged, of another family, or the device is not there.
    """
    key = (info.fingerprint, str(info.folder), device)
    if key not in _loaded:
        model = read_model(info.folder, kind, device)
        _loaded[key] = model
    return _of_kind(_loaded[key], kind, info.folder)


def read_model(folder: Traversable | Path, kind: type[Model], device: str = "cpu") -> Model:
    """Return the model of a folder, its weights checked against its fingerprint, and both against the limits.

    Raises:
        ModelError: as `load`.
    """
    _check_device(device)
    tree = read_tree(folder)
    with _named(folder):
        model = family(model_folder.family_of(tree)).load(tree, read_weights(folder, tree), device)
    return _of_kind(model, kind, folder)


def _check_device(device: str) -> None:
    try:
        Backend(device).zeros((1,), False)
    except (ImportError, RuntimeError, AssertionError) as error:  # torch says in all these ways that it has no CUDA
        raise ModelError(f"cannot compute on {device} ({error}): `device` cpu gives the same results") from error


def _of_kind(model: Any, kind: type[Model], folder: Traversable | Path) -> Model:
    if not isinstance(model, kind):
        raise ModelError(f"{folder}: a {type(model).__name__}, and a {kind.__name__} is wanted")
    return model


def probe(info: ModelInfo) -> None:
    """Read a model's weights, check them against its fingerprint, and put each of its networks to work.

    Raises:
        VlaeError: something is wrong with it.
    """
    family(info.family).probe(read_model(info.folder, object))


def read_tree(folder: Traversable | Path) -> dict[str, Any]:
    """Return the tree of a folder's model.json, held against the limits of its family.

    Raises:
        ModelError: it is missing, damaged, of an unknown family or beyond the limits.
    """
    with _named(folder):
        tree = model_folder.read_tree(folder)
        family(model_folder.family_of(tree)).check(tree)
    return tree


@contextlib.contextmanager
def _named(folder: Traversable | Path) -> Iterator[None]:
    """Let messages of errors begin with the folder."""
    try:
        yield
    except ModelError as error:
        raise error if str(error).startswith(f"{folder}: ") else ModelError(f"{folder}: {error}") from error


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


def find_model(text: str) -> ModelInfo:
    """Return the model of this name, folder, or beginning of a fingerprint (6 hex digits or more).

    A shipped model keeps its name whatever the user installs; of the user's own, one name must mean one model.

    Raises:
        ModelError: there is none, or several; says which there are.
    """
    by_print = text.lower() if len(text) >= 2 * PREFIX else "-"
    named = []
    for info in _models():
        called = info.name == text
        if called and info.shipped:
            return info
        if called or info.fingerprint.startswith(by_print):
            named.append(info)
    if len(named) == 1:
        return named[0]
    if named:
        several = ", ".join(info.fingerprint[:12] for info in named)
        raise ModelError(f"{len(named)} models are called {text!r}: name one by its fingerprint, {several}")
    if (Path(text) / INFO).is_file():
        return read_folder(Path(text))
    known = ", ".join(info.name for info in _models()) or "none"
    damaged = "".join(f" (and not to be read: {error})" for error in damaged_folders()[:1])
    raise ModelError(f"no model {text!r}: installed are {known}; or give a model's folder or fingerprint{damaged}")


def find_checked(prefix: bytes, family_name: str, check: Callable[[bytes], None]) -> ModelInfo:
    """Return the model of a file, by the first bytes of its fingerprint and the file's checksum.

    Args:
        prefix: the first bytes.
        family_name: that of the file.
        check: verifies the checksum under a whole fingerprint, 32 bytes, and raises FormatError if it is wrong.

    Raises:
        FormatError: the file is damaged.
        ModelError: the model is unknown.
    """
    damage: FormatError | None = None
    for info in find_prefix(prefix):
        if info.family != family_name:
            damage = FormatError(f"it names model {info.name}, which is of the {info.family} family: damaged")
            continue
        try:
            check(bytes.fromhex(info.fingerprint))
            return info
        except FormatError as error:
            damage = error
    assert damage
    raise damage


def find_prefix(prefix: bytes) -> Iterator[ModelInfo]:
    """Yield the models whose fingerprints begin so; as good as always one.

    The one that the last file of this prefix had comes first, so that folders are not gone through for every file.

    Raises:
        ModelError: there is none; names the fingerprint and says where was looked.
    """
    if (instead := stand_in(prefix)) is not None:
        yield instead
        return
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
    return _data_folder(*(os.environ.get(name) for name in ("XDG_DATA_HOME", "HOME", "LOCALAPPDATA")))


@functools.lru_cache(maxsize=1)
def _data_folder(*environment: str | None) -> Path:
    """Return the system's folder for models, which depends on these variables; each file needs it."""
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


def folders() -> Iterator[Traversable | Path]:
    """Yield every folder with a model.json: shipped ones, then the user's."""
    for parent in (_zoo(), user_folder()):
        if parent.is_dir():
            for folder in sorted(parent.iterdir(), key=lambda entry: entry.name):
                if not folder.name.startswith(".") and (folder / INFO).is_file():
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
        status = (folder / INFO).stat()
    except OSError:
        return _parse(folder)
    key = (str(folder), status.st_mtime_ns, status.st_size)
    if key not in _read_before:
        _read_before[key] = _parse(folder)
    return _read_before[key]


def _parse(folder: Traversable | Path) -> ModelInfo:
    tree = read_tree(folder)
    return ModelInfo(
        name=tree["name"],
        fingerprint=tree["fingerprint"],
        height=tree.get("height", 0),
        width=tree.get("width", 0),
        auto=tree.get("auto", True) is True,
        folder=folder,
        shipped=is_shipped(folder),
        description=tree["description"],
        family=model_folder.family_of(tree),
        auto_lossless=tree.get("auto", True) is not False,
    )
