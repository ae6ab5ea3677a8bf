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
from .model import GATES, SCALES, WIDTHS, PhotoModel

if TYPE_CHECKING:
    from importlib.abc import Traversable

INFO = "photo.json"
WEIGHTS = "weights.npz"
REQUIRED = {
    "format": int, "name": str, "description": str, "fingerprint": str, "latent": int, "window": list,
    "prior_window": list, "shifts": dict,
}  # fmt: skip
STRAIGHT = ["encoder.straight", "synthesis.straight"]
"""Layers of the linear path, which a model has both of or none."""


def layers(patch: int) -> list[str]:
    """Layers that every model of this patch has."""
    scales = SCALES[patch]
    names = ["encoder.stem", "encoder.out", "synthesis.enter", "synthesis.out", "synthesis.mean"]
    names += [f"encoder.down_{scale}" for scale in scales[1:]] + [f"synthesis.up_{scale}" for scale in scales[:-1]]
    return names + [f"{net}.{name}" for net in ("prior", "local") for name in ("mix", "heads")]


@dataclass(frozen=True)
class PhotoInfo:
    """What is known of a colour model without its weights."""

    name: str
    fingerprint: str
    folder: Traversable | Path
    description: str
    shipped: bool = False
    auto: bool = True


def list_photo_models() -> list[PhotoInfo]:
    """All colour models: shipped, then the user's."""
    return list(_models())


def find_photo_model(text: str) -> PhotoInfo | None:
    """The colour model of this name, folder, or beginning of a fingerprint; "auto" is one for pictures at large."""
    for info in _models():
        if text == info.name or (text == "auto" and info.auto):
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
    wanted = layers(tree.get("patch", 16))
    if any(f"{name}.weight" in arrays for name in STRAIGHT):
        wanted += STRAIGHT
        if arrays.get(GATES, np.zeros(0)).shape != (WIDTHS, tree["latent"]):
            raise ModelError(f"{info.folder}: the weights lack {GATES} or misstate its shape")
    missing = [name for name in wanted if f"{name}.weight" not in arrays or f"{name}.bias" not in arrays]
    if missing or not all(name in tree["shifts"] for name in wanted):
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
    if info.get("patch", 16) not in SCALES or not _is_range(info.get("widths", [0, WIDTHS - 1])):
        raise ModelError(f"{folder}: {INFO} has a patch or widths out of range")
    if not 1 <= info["latent"] <= MAX_LATENT:
        raise ModelError(f"{folder}: {info['latent']} latent channels, and 1 to {MAX_LATENT} are read")
    return dict(info)


def _is_range(widths: object) -> bool:
    numbers = isinstance(widths, list) and len(widths) == 2 and all(type(one) is int for one in widths)
    return numbers and 0 <= widths[0] <= widths[1] < WIDTHS  # type: ignore[index]


def _models() -> Iterator[PhotoInfo]:
    for folder in registry.folders(INFO):
        with contextlib.suppress(ModelError):
            yield _parse(folder)


def _parse(folder: Traversable | Path) -> PhotoInfo:
    info = read_photo_info(folder)
    shipped, auto = registry.is_shipped(folder), info.get("auto", True)
    return PhotoInfo(info["name"], info["fingerprint"], folder, info["description"], shipped, auto)
