"""Real image sets from plain files on disk, as ink (grey) or as bilevel arrays, of shape (N, 28, 28).

The grey level of a pixel is its probability of ink. Training draws it anew every time it meets the image; valid and
test images are drawn once, by Philox: word w of counter (pixel // 4, image, part, 2^29), lane pixel % 4, key (0, 0)
makes ink where 255 w < 2^32 level. So everybody who has the files has the same bilevel sets.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vlae_codec.errors import VlaeError
from vlae_codec.exact.philox import philox
from vlae_codec.io.datasets import load_idx, read_batches
from vlae_codec.io.forms import to_bilevel
from vlae_codec.io.images import Picture

from .mat_file import read_mat

__all__ = ["Images", "Splits", "binarise", "load_idx", "load_ink", "load_labels", "load_set"]

Images = NDArray[np.uint8]

WHITE = 255
BINARISE_DOMAIN = 1 << 29
VALID_DRAWER = 15
CHUNK = 2000
SIDE = 28
"""Pixels of a side, which the networks of this package are made for."""
EACH = 10
"""Of so many pictures in a row the fifth is for testing and the last for validation, the others for training."""
LEAST = 20
OMNIGLOT_FILE = Path("omniglot") / "omniglot28.npz"
CALTECH_FILE = Path("caltech101-silhouettes") / "caltech101_silhouettes_28_split1.mat"


class Splits(NamedTuple):
    """Images, uint8, (N, 28, 28) each: bilevel of 0 and 1, or ink of 0 to 255."""

    train: Images
    valid: Images
    test: Images


def load_set(name: str, folder: Path) -> Splits:
    """One of the known sets as bilevel images of 0 and 1; grey ones are drawn once, always the same.

    Args:
        name: "mnist-static", the fixed binarisation (Larochelle's split); "mnist-dynamic", the grey digits;
            "omniglot", 28x28 by area averaging, drawer 15 of each character as the valid part;
            "caltech", the silhouettes, the object as ink.
            "folder", all pictures in `folder` itself.
        folder: where the files lie, in one subfolder a set.

    Raises:
        VlaeError: the set is unknown or its files are not there.
    """
    return Splits(*(binarise(ink, part) for part, ink in enumerate(load_ink(name, folder))))


def load_ink(name: str, folder: Path) -> Splits:
    """One of the known sets, as by `load_set`, with the ink of each pixel, 0 to 255; of bilevel sets just these two.

    Raises:
        VlaeError: the set is unknown or its files are not there.
    """
    if name not in _LOADERS:
        raise VlaeError(f"no data set is called {name!r}; known: {', '.join(_LOADERS)}")
    return _read(name, _LOADERS[name], folder)


def load_labels(name: str, folder: Path) -> Splits:
    """Load the classes of the images of a set, uint8, (N,) for each part.

    Raises:
        VlaeError: no classes of the set are known, or its files are not there.
    """
    if name != "mnist-dynamic":
        raise VlaeError(f"the classes of {name!r} are not known; those of mnist-dynamic are")
    return _read(name, partial(_mnist, kind="labels-idx1"), folder)


def _read(name: str, load: Callable[[Path], Splits], folder: Path) -> Splits:
    try:
        return load(folder)
    except (OSError, EOFError, KeyError, TypeError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        raise VlaeError(f"{name}: cannot be read from {folder} ({error}); give its folder with --data") from error


def binarise(ink: Images, part: int) -> Images:
    """Bilevel images of 0 and 1 drawn from ink, the same in every run and on every machine.

    Args:
        ink: uint8 of 0 to 255, (N, H, W).
        part: of the set (0 train, 1 valid, 2 test): each has draws of its own.
    """
    out: Images = (ink == WHITE).astype(np.uint8)
    grey = np.flatnonzero(((ink != 0) & (ink != WHITE)).any(axis=(1, 2)))
    calls = np.arange((ink[0].size + 3) // 4 if len(ink) else 0, dtype=np.int64)[None, :]
    for start in range(0, len(grey), CHUNK):
        chosen = grey[start : start + CHUNK]
        zero = np.zeros((len(chosen), calls.shape[1]), np.int64)
        words = philox(calls + zero, chosen[:, None] + zero, zero + part, zero + BINARISE_DOMAIN, (0, 0))
        uniform = np.stack(words, axis=-1).reshape(len(chosen), -1)[:, : ink[0].size].reshape(-1, *ink.shape[1:])
        out[chosen] = WHITE * uniform < ink[chosen].astype(np.int64) << 32
    return out


def _mnist_static(folder: Path) -> Splits:
    with np.load(folder / "mnist-static" / "binarized_mnist.npz", allow_pickle=False) as file:
        parts = [np.unpackbits(file[part], axis=1).reshape(-1, 28, 28) * WHITE for part in Splits._fields]
    return Splits(*parts)


def _mnist(folder: Path, kind: str) -> Splits:
    train, test = (load_idx(folder / "mnist" / f"{part}-{kind}-ubyte.gz") for part in ("train", "t10k"))
    valid = len(train) // 6  # the last 10,000 of 60,000
    return Splits(train[:-valid], train[-valid:], test)


def _omniglot(folder: Path) -> Splits:
    with np.load(folder / OMNIGLOT_FILE, allow_pickle=False) as file:
        held_out = file["train_drawer"] == VALID_DRAWER
        return Splits(file["train"][~held_out], file["train"][held_out], file["test"])


def _caltech(folder: Path) -> Splits:
    matrices = read_mat(folder / CALTECH_FILE)
    # Stored column by column, the object as 0.
    parts = [(1 - matrices[f"{part}_data"].reshape(-1, 28, 28).transpose(0, 2, 1)) for part in ("train", "val", "test")]
    return Splits(*(np.ascontiguousarray(part * WHITE) for part in parts))


def _folder(folder: Path) -> Splits:
    """Return any pictures, bright ink on black, cut at half brightness: image files, arrays or idx files."""
    pictures = [Picture(pixels) for batch in read_batches(folder) for pixels in batch.pixels]
    if len(pictures) < LEAST:
        raise VlaeError(f"{folder}: {len(pictures)} pictures, and {LEAST} is the least that can be trained on")
    ink = np.stack([to_bilevel(picture, SIDE, SIDE, fit=True).pixels for picture in pictures]) * np.uint8(255)
    place = np.arange(len(ink)) % EACH
    return Splits(
        ink[(place != EACH // 2 - 1) & (place != EACH - 1)], ink[place == EACH - 1], ink[place == EACH // 2 - 1]
    )


_LOADERS: dict[str, Callable[[Path], Splits]] = {
    "mnist-static": _mnist_static,
    "mnist-dynamic": partial(_mnist, kind="images-idx3"),
    "omniglot": _omniglot,
    "caltech": _caltech,
    "folder": _folder,
}
