"""Real image sets from plain files on disk, as bilevel arrays of shape (N, 28, 28)."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vlae_codec.errors import VlaeError
from vlae_codec.stacks import load_idx

from .folder_set import read_folder_set

__all__ = ["Images", "Splits", "load_idx", "load_set"]

Images = NDArray[np.uint8]


class Splits(NamedTuple):
    """Bilevel images, uint8 0 or 1, (N, 28, 28) each."""

    train: Images
    valid: Images
    test: Images


def load_set(name: str, folder: Path) -> Splits:
    """One of the known sets.

    Args:
        name: "mnist-static", the fixed binarisation (Larochelle's split); "folder", all pictures in `folder` itself.
        folder: where the files lie, in one subfolder a set.

    Raises:
        VlaeError: the set is unknown or its files are not there.
    """
    if name not in _LOADERS:
        raise VlaeError(f"no data set is called {name!r}; known: {', '.join(_LOADERS)}")
    try:
        return _LOADERS[name](folder)
    except (OSError, EOFError, KeyError, TypeError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        raise VlaeError(f"{name}: cannot be read from {folder} ({error}); give its folder with --data") from error


def _mnist_static(folder: Path) -> Splits:
    with np.load(folder / "mnist-static" / "binarized_mnist.npz", allow_pickle=False) as file:
        parts = [np.unpackbits(file[part], axis=1).reshape(-1, 28, 28) for part in Splits._fields]
    return Splits(*parts)


def _folder(folder: Path) -> Splits:
    return Splits(*(ink // 255 for ink in read_folder_set(folder)))


_LOADERS = {"mnist-static": _mnist_static, "folder": _folder}
