"""CIFAR-10's pictures in RGB, with their classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlae_codec.families.windowed.codec import ORDER
from vlae_models.data.cifar import NAME, TEST, TRAIN, load_cifar

Pictures = NDArray[np.uint8]


def load_test(data: Path, count: int = 1000) -> tuple[Pictures, NDArray[np.int64]]:
    """Load the first test pictures, at most 1000, (N, 32, 32, 3), and their classes.

    Raises:
        VlaeError: they are not in the folder of the data sets.
    """
    return _load(data, TEST, "test", count)


def load_train(data: Path) -> tuple[Pictures, NDArray[np.int64]]:
    """Load the 50,000 training pictures and their classes.

    Raises:
        VlaeError: they are not in the folder of the data sets.
    """
    return _load(data, TRAIN, "train", None)


def _load(data: Path, pattern: str, part: str, count: int | None) -> tuple[Pictures, NDArray[np.int64]]:
    pictures = np.ascontiguousarray(load_cifar(data, pattern)[:count][..., ORDER])
    with np.load(data / NAME / "labels.npz", allow_pickle=False) as file:
        return pictures, np.asarray(file[part], np.int64)[: len(pictures)]
