"""Colour models by name or fingerprint: folders with a photo.json, where the other models lie."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import registry
from ..errors import ModelError
from ..integer_model import fingerprint
from ..model_limits import MAX_FILE, MAX_INFO, MAX_LATENT, MAX_REACH, MAX_SHIFT, read_arrays, read_limited
from .model import PhotoModel

if TYPE_CHECKING:
    from importlib.abc import Traversable

INFO = "photo.json"
WEIGHTS = "weights.npz"
REQUIRED = {
    "format": int, "name": str, "description": str, "fingerprint": str, "latent": int, "window": list,
    "prior_window": list, "shifts": dict,
}  # fmt: skip
LAYERS = (
    *(f"encoder.{name}" for name in ("stem", "down_mid", "down_coarse", "out")),
    *(f"synthesis.{name}" for name in ("enter", "up_mid", "up_fine", "out", "mean")),
    *(f"{net}.{name}" for net in ("prior", "local") for name in ("mix", "heads")),
)
"""Layers that every model has."""


@dataclass(frozen=True)
class PhotoInfo:
    """What is known of a colour model without its weights.

    Attributes:
        name: what people call it; several models may have one name.
        fingerprint: 64 hex digits, of weights and settings.
        folder: where it lies.
        description: one line.
        shipped: whether it came with the package.
        auto: whether `-m auto` may choose it.
        older: whether it is superseded, so that its name means another.
    """

    name: str
    fingerprint: str
    folder: Traversable | Path
    description: str
    shipped: bool = False
    auto: bool = True
    older: bool = False


def list_photo_models() -> list[PhotoInfo]:
    """All colour models: shipped, superseded, then the user's; of equal fingerprints the first."""
    return list(_models())


def find_photo_model(text: str) -> PhotoInfo | None:
    """The colour model of this name, folder, or beginning of a fingerprint; "auto" is the first it may choose."""
    for info in _models():
        if (text == "auto" and info.auto) or (text == info.name and not info.older):
            return info
        if len(text) >= registry.PREFIX_DIGITS and info.fingerprint.startswith(text.lower()):
            return info
    folder = Path(text)
    return _parse(folder) if (folder / INFO).is_file() else None


def find_photo_prefix(prefix: bytes) -> PhotoInfo:
    """The colour model whose fingerprint begins so.

    Raises:
        ModelError: there is none.
    """
    for info in _models():
        if info.fingerprint.startswith(prefix.hex()):
            return info
    raise ModelError(
        f"made with a colour model that is not here: fingerprint {prefix.hex()}...; get its folder from where the file"
        f" came from and copy it to {registry.user_folder()} (or the file is damaged)"
    )


@functools.lru_cache(maxsize=8)
def load_photo_model(info: PhotoInfo, device: str = "cpu") -> PhotoModel:
    """The model itself, read once for each device ("cpu", "torch" or "cuda").

    Raises:
        ModelError: altered, damaged, or the device is not there.
    """
    tree = read_photo_info(info.folder)
    arrays = read_arrays(read_limited(info.folder, WEIGHTS, MAX_FILE))
    if fingerprint(tree, arrays).hex() != tree["fingerprint"]:
        raise ModelError(f"{info.folder}: the weights are not those that {INFO} names; install the model again")
    missing = [name for name in LAYERS if f"{name}.weight" not in arrays or f"{name}.bias" not in arrays]
    if missing or not all(name in tree["shifts"] for name in LAYERS):
        raise ModelError(f"{info.folder}: the weights lack {', '.join(missing) or 'their shifts'}")
    model = PhotoModel(tree, arrays, device)
    try:
        model.to_device(np.zeros(1))
    except (ImportError, RuntimeError, AssertionError) as error:  # torch says in all these ways that it has no CUDA
        raise ModelError(f"cannot compute on {device} ({error}): use --device cpu, the results are the same") from error
    return model


def read_photo_info(folder: Traversable | Path) -> dict[str, Any]:
    """The tree of a folder's photo.json.

    Raises:
        ModelError: it is missing, not JSON, of another format, incomplete or beyond the limits.
    """
    try:
        info = json.loads(read_limited(folder, INFO, MAX_INFO))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ModelError(f"{folder}: not a colour model's folder ({INFO}: {error})") from error
    wrong = [key for key, kind in REQUIRED.items() if not isinstance(info, dict) or not isinstance(info.get(key), kind)]
    if wrong:
        raise ModelError(f"{folder}: {INFO} lacks or misstates {', '.join(wrong)}")
    if info["format"] != 2:
        raise ModelError(f"{folder}: model format {info['format']} is unknown for colour; this version reads format 2")
    windows, shifts = info["window"] + info["prior_window"], list(info["shifts"].values())
    small = all(type(one) is int and 0 <= one <= MAX_REACH for one in windows) and len(windows) == 6
    if not small or not all(type(one) is int and 0 <= one <= MAX_SHIFT for one in shifts):
        raise ModelError(f"{folder}: {INFO} has a window or a shift out of range")
    if not 1 <= info["latent"] <= MAX_LATENT:
        raise ModelError(f"{folder}: {info['latent']} latent channels, and 1 to {MAX_LATENT} are read")
    if not isinstance(info.get("auto", True), bool):
        raise ModelError(f"{folder}: {INFO}: auto should be true or false")
    return dict(info)


def _models() -> Iterator[PhotoInfo]:
    seen: set[str] = set()
    for folder in registry.folders(INFO):
        with contextlib.suppress(ModelError):
            info = _parse(folder)
            if info.fingerprint not in seen:
                seen.add(info.fingerprint)
                yield info


def _parse(folder: Traversable | Path) -> PhotoInfo:
    info, older = read_photo_info(folder), registry.is_older(folder)
    return PhotoInfo(
        name=info["name"],
        fingerprint=info["fingerprint"],
        folder=folder,
        description=info["description"],
        shipped=registry.is_shipped(folder),
        auto=info.get("auto", True) and not older,
        older=older,
    )
