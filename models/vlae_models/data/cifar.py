"""CIFAR-10: tiny colour pictures, kept as sheets of a thousand in lossless WebP files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlae_codec.errors import VlaeError
from vlae_codec.families.windowed.codec import ORDER

Levels = NDArray[np.uint8]

NAME = "cifar10"
SIDE = 32
ACROSS = 25
"""Pictures in a row of a sheet."""
TRAIN, TEST = "train_*.webp", "test_00.webp"
VALID = 1000
"""Pictures at the end of the training sheets that are never trained on."""


def load_cifar(folder: Path, pattern: str) -> Levels:
    """Load the pictures of the sheets of a pattern, uint8 (N, 32, 32, 3), green, red, blue.

    Raises:
        VlaeError: there is no such sheet, or it is not as large as a sheet should be.
    """
    files = sorted((folder / NAME).glob(pattern))
    if not files:
        raise VlaeError(f"{NAME}: no {pattern} in {folder / NAME}; give the folder of the data sets with --data")
    return np.concatenate([_pictures(path) for path in files])


def _pictures(path: Path) -> Levels:
    with Image.open(path) as image:
        sheet = np.asarray(image.convert("RGB"))[..., ORDER]
    if sheet.shape[0] % SIDE or sheet.shape[1] != ACROSS * SIDE:
        raise VlaeError(f"{path}: {sheet.shape[1]} x {sheet.shape[0]} pixels are no sheet of {ACROSS} pictures a row")
    rows = sheet.reshape(-1, SIDE, ACROSS, SIDE, 3).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(rows.reshape(-1, SIDE, SIDE, 3))
