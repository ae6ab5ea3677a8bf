"""Pictures that photo models are validated with: middles of photographs that are in no training set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlae_codec.errors import VlaeError

VALIDATION = "kodak-dev/*.png"
VALIDATION_SIDE = 256
HELD_OUT = "validation.npz"
"""The validation crops beside shards."""


def validation_crops(data: Path) -> NDArray[np.uint8]:
    """Return the middles of photographs that are never trained with, uint8 RGB (N, side, side, 3).

    Args:
        data: folder of shards with `HELD_OUT` beside them, or of the data sets.

    Raises:
        VlaeError: no such photographs are there.
    """
    if (data / HELD_OUT).exists():
        with np.load(data / HELD_OUT, allow_pickle=False) as arrays:
            return np.asarray(arrays["crops"], np.uint8)
    found = sorted(data.glob(VALIDATION))
    if not found:
        raise VlaeError(f"no {VALIDATION} in {data}; give the folder of the data sets with --data")
    crops = []
    for path in found:
        with Image.open(path) as image:
            left, top = (image.width - VALIDATION_SIDE) // 2, (image.height - VALIDATION_SIDE) // 2
            box = (left, top, left + VALIDATION_SIDE, top + VALIDATION_SIDE)
            crops.append(np.asarray(image.convert("RGB").crop(box)))
    return np.stack(crops)
