"""The reader that was written from the format's page gives the same pictures of few colours."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from independent_palette_reader import picture
from numpy.typing import NDArray

from vlae_codec.families.stored import palette
from vlae_codec.families.stored.container import PALETTE, StoredFile, parse_file, write_file

SUITE = Path(__file__).resolve().parents[1] / "conformance" / "files"
TABLES = Path(str(resources.files("vlae_codec"))) / "exact" / "tables.npz"


def figures(height: int, width: int, colours: int, channels: int) -> NDArray[np.uint8]:
    """Stripes, boxes, a dither and specks in so many colours, (H, W, C): long runs, all candidates and none."""
    rng = np.random.default_rng(colours)
    rows, columns = np.mgrid[:height, :width]
    numbers = columns // 5 % colours
    numbers[rows > height // 3] = ((rows // 4 + columns // 6) % colours)[rows > height // 3]
    numbers[rows > 3 * height // 4] = ((rows + columns) % 2 % colours)[rows > 3 * height // 4]
    specks = rng.random((height, width)) < 0.2
    numbers[specks] = rng.integers(0, colours, int(specks.sum()))
    inks = rng.permutation(256 ** min(channels, 2))[:colours, None] >> 8 * np.arange(channels) & 255
    found: NDArray[np.uint8] = inks.astype(np.uint8)[numbers]
    return found


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("colours", [1, 2, 3, 40, 200])
def test_pictures_of_few_colours(colours: int, channels: int) -> None:
    levels = figures(24, 30, colours, channels)
    check(levels)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3), (70, 60)])
def test_pictures_of_other_sizes(size: tuple[int, int]) -> None:
    check(figures(*size, 9, 3))


def test_long_runs() -> None:
    """Cells come to the ends of what they count and of their probability, and then something else comes."""
    levels = np.random.default_rng(1).integers(0, 64, (1, 1200, 1), np.uint8)
    levels[:, :250] = 0
    levels[:, 64:250:37], levels[:, 1100::5] = 90, 255
    check(levels)


@pytest.mark.parametrize("path", sorted(SUITE.glob("stored-palette*.vlz")), ids=lambda path: path.stem)
def test_files_of_the_suite(path: Path) -> None:
    data = path.read_bytes()
    file = parse_file(data)
    expected = palette.decode(file.residual, file.height, file.width, file.channels)
    np.testing.assert_array_equal(np.array(picture(data, TABLES)), expected)


def check(levels: NDArray[np.uint8]) -> None:
    height, width, channels = levels.shape
    found = palette.split(levels)
    assert found is not None
    body, _ = palette.encode(*found)
    file = StoredFile(channels < 3, channels % 2 == 0, height, width, body, coding=PALETTE)
    np.testing.assert_array_equal(np.array(picture(write_file(file), TABLES)), levels)
