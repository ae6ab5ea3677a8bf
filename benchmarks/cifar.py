"""CIFAR-10 as it lies in the data folder: exact pixels in WebP sheets of 40 rows of 25 pictures, and their classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlae_codec.errors import VlaeError

FOLDER = "cifar10"
ROWS, COLUMNS, SIDE = 40, 25, 32
TRAIN_SHEETS = 50

Pictures = NDArray[np.uint8]


def load_sheet(path: Path) -> Pictures:
    """The thousand pictures of a sheet, (1000, 32, 32, 3).

    Raises:
        VlaeError: it is not there or of another size.
    """
    if not path.exists():
        raise VlaeError(f"{path}: no such sheet of CIFAR-10")
    pixels = np.asarray(Image.open(path).convert("RGB"))
    if pixels.shape != (ROWS * SIDE, COLUMNS * SIDE, 3):
        raise VlaeError(f"{path}: {pixels.shape}, a sheet of CIFAR-10 has {ROWS * SIDE} x {COLUMNS * SIDE} pixels")
    parts = pixels.reshape(ROWS, SIDE, COLUMNS, SIDE, 3).swapaxes(1, 2)
    return np.ascontiguousarray(parts).reshape(-1, SIDE, SIDE, 3)


def load_test(data: Path, count: int = 1000) -> tuple[Pictures, NDArray[np.int64]]:
    """The first test pictures, at most 1000, and their classes."""
    pictures = load_sheet(data / FOLDER / "test_00.webp")[:count]
    return pictures, _labels(data, "test")[: len(pictures)]


def load_train(data: Path, sheets: int = TRAIN_SHEETS) -> tuple[Pictures, NDArray[np.int64]]:
    """The training pictures of the first sheets, and their classes."""
    parts = [load_sheet(data / FOLDER / f"train_{number:02d}.webp") for number in range(sheets)]
    pictures = np.concatenate(parts)
    return pictures, _labels(data, "train")[: len(pictures)]


def _labels(data: Path, part: str) -> NDArray[np.int64]:
    with np.load(data / FOLDER / "labels.npz", allow_pickle=False) as file:
        return np.asarray(file[part], np.int64)
