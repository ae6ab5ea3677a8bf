"""Any folder of pictures as a set to train on: resized, cut at half brightness, split by their order of names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlae_codec.errors import VlaeError
from vlae_codec.io.datasets import read_batches
from vlae_codec.io.forms import to_bilevel
from vlae_codec.io.images import Picture

SIDE = 28
"""Pixels of a side, which the networks of this package are made for."""
EACH = 10
"""Of so many pictures in a row the fifth is for testing and the last for validation, the others for training."""
LEAST = 20

Images = NDArray[np.uint8]


def read_folder_set(folder: Path) -> tuple[Images, Images, Images]:
    """Training, validation and test images of a folder, ink of 0 and 255, (N, 28, 28) each.

    Args:
        folder: image files, .npy or .npz arrays or idx files; bright ink on black.

    Raises:
        VlaeError: something in it is no picture, or there are fewer than 20.
        OSError: it cannot be read.
    """
    pictures = [Picture(pixels) for batch in read_batches(folder) for pixels in batch.pixels]
    if len(pictures) < LEAST:
        raise VlaeError(f"{folder}: {len(pictures)} pictures, and {LEAST} is the least that can be trained on")
    ink = np.stack([to_bilevel(picture, SIDE, SIDE, fit=True).pixels for picture in pictures]) * np.uint8(255)
    place = np.arange(len(ink)) % EACH
    return ink[(place != EACH // 2 - 1) & (place != EACH - 1)], ink[place == EACH - 1], ink[place == EACH // 2 - 1]
