"""The reader that was written from the format's page gives the same pages."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from independent_page_reader import PageReader
from numpy.typing import NDArray
from PIL import Image

from vlae_codec.families.page import codec
from vlae_codec.families.registry import find_model
from vlae_codec.io.images import Picture
from vlae_codec.model.info import ModelInfo

TABLES = Path(str(resources.files("vlae_codec"))) / "exact" / "tables.npz"
GOLDEN = sorted((Path(__file__).parent / "golden" / "photo").glob("*-page*.vlz"))


@pytest.fixture(scope="module")
def info() -> ModelInfo:
    return find_model("page")


@pytest.fixture(scope="module")
def reader(info: ModelInfo) -> PageReader:
    return PageReader(Path(str(info.folder)), TABLES)


def read(reader: PageReader, data: bytes) -> NDArray[np.uint8]:
    rows = reader.picture(data)
    levels = np.array([[list(pixel) for pixel in row] for row in rows], np.uint8)
    return np.asarray(levels[:, :, 0] if levels.shape[2] == 1 else levels)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_files(reader: PageReader, path: Path) -> None:
    with Image.open(path.with_suffix(".png")) as image:
        np.testing.assert_array_equal(read(reader, path.read_bytes()), np.asarray(image))


def texture(height: int, width: int) -> NDArray[np.uint8]:
    """A dither of a ramp, strokes and specks: cells that overflow, flat contexts of both colours."""
    rows, columns = np.mgrid[:height, :width]
    ink = (rows * 5 + columns * 3) % 8 < rows * 10 // height - 1
    ink[: height // 3] = (columns[: height // 3] // 9 % 4 == 0) & (rows[: height // 3] % 17 > 3)
    ink ^= np.random.default_rng(3).random((height, width)) < 0.01
    found: NDArray[np.uint8] = ink.astype(np.uint8)
    return found


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (40, 3), (50, 60), (80, 110)])
def test_pages_of_few_and_many_pixels(reader: PageReader, info: ModelInfo, size: tuple[int, int]) -> None:
    pixels = np.array([(250, 240, 230), (10, 20, 90)], np.uint8)[texture(*size)]
    data = codec.compress(Picture(pixels), info).data
    np.testing.assert_array_equal(read(reader, data).reshape((*pixels.shape[:2], -1))[..., :3], pixels)
