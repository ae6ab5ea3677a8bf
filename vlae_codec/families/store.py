"""Models of pictures of any size by name or fingerprint: folders with a photo.json, where the other models lie."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ModelError
from ..model import registry
from ..model.limits import MAX_FILE, MAX_INFO, MAX_LATENT, MAX_REACH, MAX_SHIFT, check_label, read_arrays, read_limited
from ..model.networks import fingerprint
from .photo.model import PhotoModel
from .windowed import model as windowed
from .windowed.layers import PhotoLayers
from .windowed.model import SCALES, SHARPEST_PRIOR, WIDTHS

if TYPE_CHECKING:
    from importlib.abc import Traversable

INFO = "photo.json"
WEIGHTS = "weights.npz"
REQUIRED = {
    "format": int, "name": str, "description": str, "fingerprint": str, "latent": int, "window": list,
    "prior_window": list, "shifts": dict,
}  # fmt: skip
REQUIRED_3 = {
    "format": int, "family": str, "name": str, "description": str, "fingerprint": str, "slices": list, "shifts": dict,
    "programs": dict, "picture_shift": int,
}  # fmt: skip
AUTO = "auto"
PHOTO, WINDOWED, STORED = "photo", "windowed", "stored"
"""Families of pictures of any size; the last has no model."""
AnyModel = PhotoModel | windowed.PhotoModel


@dataclass(frozen=True)
class PhotoInfo:
    """A photo model's description, without its weights.

    Attributes:
        name: what people call it; several models may have one name.
        fingerprint: 64 hex digits, of weights and settings.
        folder: where it lies.
        description: one line.
        shipped: whether it came with the package.
        auto: whether `-m auto` may choose it.
        family: `PHOTO`, `WINDOWED` or `STORED`; models of the second can also keep exact pixels.
    """

    name: str
    fingerprint: str
    folder: Traversable | Path
    description: str
    shipped: bool = False
    auto: bool = True
    family: str = WINDOWED


def list_photo_models() -> list[PhotoInfo]:
    """All models of pictures of any size: shipped ones, then the user's; of equal fingerprints the first."""
    return list(_models())


def photo_names() -> list[str]:
    """Names of the models of pictures of any size."""
    return [info.name for info in _models()]


def damaged_photo_folders() -> list[ModelError]:
    """Return an error for each folder that looks like a photo model and cannot be read."""
    found = []
    for folder in registry.folders(INFO):
        try:
            read_photo_folder(folder)
        except ModelError as error:
            found.append(error)
    return found


def find_photo_model(text: str, lossless: bool = False) -> PhotoInfo | None:
    """Return the model of this name, folder or beginning of a fingerprint; "auto" is the first fit for the purpose.

    Names are those of all kinds of models: a shipped one keeps its name, of the user's own one name must mean one.

    Raises:
        ModelError: several of the user's models have the name.
    """
    if text == AUTO:
        return next((info for info in _models() if info.auto and (info.family == WINDOWED) >= lossless), None)
    by_print = text.lower() if len(text) >= registry.PREFIX_DIGITS else "-"
    named = []
    for info in _models():
        called = info.name == text
        if called and info.shipped:
            return info
        if called or info.fingerprint.startswith(by_print):
            named.append(info)
    if named:
        return _only(text, named)
    folder = Path(text)
    return read_photo_folder(folder) if (folder / INFO).is_file() else None


def _only(text: str, named: list[PhotoInfo]) -> PhotoInfo | None:
    """Return the one of these models, unless bilevel models have the name too."""
    others = [info for info in registry.list_models() if info.name == text]
    if any(info.shipped for info in others):
        return None
    if len(named) + len(others) == 1:
        return named[0]
    prints = [info.fingerprint[:12] for info in named] + [info.fingerprint[:12] for info in others]
    several = ", ".join(prints)
    raise ModelError(f"{len(prints)} models are called {text!r}: name one by its fingerprint, {several}")


def find_photo_prefix(prefix: bytes) -> PhotoInfo:
    """Return the photo model whose fingerprint begins so.

    Raises:
        ModelError: there is none; names the fingerprint and says where was looked.
    """
    for info in _models():
        if info.fingerprint.startswith(prefix.hex()):
            return info
    raise ModelError(registry.missing(prefix))


@functools.lru_cache(maxsize=8)
def load_photo_model(info: PhotoInfo, device: str = "cpu") -> AnyModel:
    """Load the model itself, read once for each device ("cpu", "torch" or "cuda").

    Raises:
        ModelError: altered, damaged, or the device is not there.
    """
    return read_photo_model(info.folder, device)


def read_photo_model(folder: Traversable | Path, device: str = "cpu") -> AnyModel:
    """Read the model of a folder, its weights checked against the fingerprint that photo.json names, and its sizes.

    Raises:
        ModelError: altered, damaged, beyond the limits, or the device is not there.
    """
    tree = read_photo_info(folder)
    try:
        arrays = read_arrays(read_limited(folder, WEIGHTS, MAX_FILE))
        if fingerprint(tree, arrays).hex() != tree["fingerprint"]:
            raise ModelError(f"the weights are not those that {INFO} names; install the model again")
        if tree["format"] == 3:
            return PhotoModel(tree, arrays, device)
        PhotoLayers(tree, arrays).check()
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    model = windowed.PhotoModel(tree, arrays, device)
    try:
        model.to_device(np.zeros(1))
    except (ImportError, RuntimeError, AssertionError) as error:  # torch says in all these ways that it has no CUDA
        raise ModelError(f"cannot compute on {device} ({error}): use --device cpu, the results are the same") from error
    return model


def read_windowed_model(folder: Traversable | Path, device: str = "cpu") -> windowed.PhotoModel:
    """Read the model of a folder, of the windowed family.

    Raises:
        ModelError: as `read_photo_model`, or it is of another family.
    """
    model = read_photo_model(folder, device)
    if isinstance(model, PhotoModel):
        raise ModelError(f"{folder}: of the photo family, and a windowed model is wanted")
    return model


def read_photo_info(folder: Traversable | Path) -> dict[str, Any]:
    """Read the tree of a folder's photo.json.

    Raises:
        ModelError: it is missing, not JSON, of another format, incomplete or beyond the limits.
    """
    try:
        info = json.loads(read_limited(folder, INFO, MAX_INFO))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{folder}: not a photo model's folder ({INFO}: {error})") from error
    required = REQUIRED_3 if isinstance(info, dict) and info.get("format") == 3 else REQUIRED
    wrong = [key for key, kind in required.items() if not isinstance(info, dict) or not isinstance(info.get(key), kind)]
    if wrong:
        raise ModelError(f"{folder}: {INFO} lacks or misstates {', '.join(wrong)}")
    if info["format"] not in (2, 3):
        raise ModelError(f"{folder}: model format {info['format']} is unknown for colour; this version reads 2 and 3")
    try:
        check_label(INFO, info)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    if not isinstance(info.get(AUTO, True), bool):
        raise ModelError(f"{folder}: {INFO}: auto should be true or false")
    if info["format"] == 3:
        if info["family"] != PHOTO:
            raise ModelError(f"{folder}: {INFO}: family {info['family']!r} is unknown; this version reads {PHOTO!r}")
        return dict(info)
    windows = info["window"] + info["prior_window"]
    small = len(info["window"]) == 3 and len(windows) == 6 and all(_is_within(one, 0, MAX_REACH) for one in windows)
    if not small or not all(_is_within(one, 0, MAX_SHIFT) for one in info["shifts"].values()):
        raise ModelError(f"{folder}: {INFO} has a window or a shift out of range")
    if not _is_within(info["latent"], 1, MAX_LATENT):
        raise ModelError(f"{folder}: {INFO}: latent should be 1 to {MAX_LATENT}")
    if not _is_within(info.get("prior_sharper", 0), 0, SHARPEST_PRIOR):
        raise ModelError(f"{folder}: {INFO}: prior_sharper should be 0 to {SHARPEST_PRIOR}")
    widths = info.get("widths", [0, WIDTHS - 1])
    ordered = isinstance(widths, list) and len(widths) == 2 and all(_is_within(one, 0, WIDTHS - 1) for one in widths)
    if not _is_within(info.get("patch", 16), 4, 16) or info.get("patch", 16) not in SCALES:
        raise ModelError(f"{folder}: {INFO}: patch should be {', '.join(map(str, SCALES))}")
    if not ordered or widths[0] > widths[1]:
        raise ModelError(f"{folder}: {INFO}: widths should be the first and the last of 0 to {WIDTHS - 1}")
    return dict(info)


def _is_within(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _models() -> Iterator[PhotoInfo]:
    seen: set[str] = set()
    for folder in registry.folders(INFO):
        with contextlib.suppress(ModelError):
            info = read_photo_folder(folder)
            if info.fingerprint not in seen:
                seen.add(info.fingerprint)
                yield info


def read_photo_folder(folder: Traversable | Path) -> PhotoInfo:
    """Return what the photo.json of a folder declares.

    Raises:
        ModelError: it is missing or damaged.
    """
    info = read_photo_info(folder)
    return PhotoInfo(
        name=info["name"],
        fingerprint=info["fingerprint"],
        folder=folder,
        description=info["description"],
        shipped=registry.is_shipped(folder),
        auto=info.get(AUTO, True),
        family=PHOTO if info["format"] == 3 else WINDOWED,
    )
