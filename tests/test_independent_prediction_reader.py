"""The reader that was written from the format's page gives the same predicted pictures."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from independent_prediction_reader import picture
from numpy.typing import NDArray

from vlae_codec.families.stored import predicted
from vlae_codec.families.stored.container import PREDICTED, StoredFile, write_file

TABLES = Path(str(resources.files("vlae_codec"))) / "exact" / "tables.npz"


def slopes(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    """Slopes and an edge with noise, (H, W, C), the last of two or four planes of few levels."""
    rng = np.random.default_rng(height + channels)
    rows, columns = np.mgrid[:height, :width]
    smooth = np.stack([90 + (3 + plane) * rows + (5 - plane) * columns for plane in range(channels)], -1)
    smooth[rows > columns] //= 2
    levels = (smooth + rng.normal(0, 5, smooth.shape)).clip(0, 255).astype(np.uint8)
    if channels % 2 == 0:
        levels[:, :, -1] = levels[:, :, -1] // 128 * 255
    return levels


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_channels(channels: int) -> None:
    check(slopes(11, 13, channels))


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (36, 1), (2, 3), (3, 2)])
def test_thin_pictures(size: tuple[int, int]) -> None:
    check(slopes(*size, 3))


@pytest.mark.parametrize("channels", [1, 4])
def test_flat_pictures(channels: int) -> None:
    check(np.full((6, 9, channels), 77, np.uint8))


def test_extremes() -> None:
    """Predictions and coefficients come to their bounds."""
    check(255 * np.random.default_rng(1).integers(0, 2, (6, 9, 3), np.uint8))


def check(levels: NDArray[np.uint8]) -> None:
    height, width, channels = levels.shape
    body, _ = predicted.encode(levels)
    file = StoredFile(channels < 3, channels % 2 == 0, height, width, body, coding=PREDICTED)
    np.testing.assert_array_equal(np.array(picture(write_file(file), TABLES)), levels)
