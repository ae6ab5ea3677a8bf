"""Sets with grey images: read as ink, drawn to bilevel images that are the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import some_images, write_ink_sets, write_set

from vlae_codec.errors import VlaeError
from vlae_codec.exact.philox import philox
from vlae_models.data.sets import binarise, load_ink, load_set


def some_ink(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (count, 28, 28)).astype(np.uint8)


def test_ink_is_drawn_with_its_grey_as_probability() -> None:
    ink = np.repeat(np.array([0, 1, 100, 254, 255], np.uint8), 28 * 28 * 40).reshape(5 * 40, 28, 28)
    found = binarise(ink, 2).reshape(5, -1).mean(axis=1)
    np.testing.assert_allclose(found, np.array([0, 1, 100, 254, 255]) / 255, atol=0.01)
    assert found[0] == 0 and found[4] == 1


def test_the_draw_is_the_one_written_down() -> None:
    """Word w of counter (pixel // 4, image, part, 2^29), lane pixel % 4, makes ink where 255 w < 2^32 level."""
    ink = some_ink(2)
    pixel, image, part = 5 * 28 + 6, 1, 2
    c0, c1, c2, c3 = (np.array([value], np.int64) for value in (pixel // 4, image, part, 1 << 29))
    word = int(philox(c0, c1, c2, c3, (0, 0))[pixel % 4][0])
    assert binarise(ink, part)[image, 5, 6] == (255 * word < int(ink[image, 5, 6]) << 32)


def test_an_image_is_drawn_alike_in_any_company() -> None:
    ink = some_ink(5)
    np.testing.assert_array_equal(binarise(ink[:3], 1), binarise(ink, 1)[:3])
    assert (binarise(ink, 1) != binarise(ink, 2)).any()
    np.testing.assert_array_equal(binarise(ink[:0], 1), ink[:0])


def test_bilevel_ink_stays_as_it_is() -> None:
    images = some_images(4)
    np.testing.assert_array_equal(binarise(images * np.uint8(255), 0), images)


def test_a_bilevel_set_is_ink_of_two_values(tmp_path: Path) -> None:
    images = some_images(6)
    write_set(tmp_path, train=images[:3], valid=images[3:4], test=images[4:])
    for ink, bilevel in zip(load_ink("mnist-static", tmp_path), load_set("mnist-static", tmp_path), strict=True):
        np.testing.assert_array_equal(ink, bilevel * np.uint8(255))


def test_the_parts_of_grey_digits(tmp_path: Path) -> None:
    ink = some_ink(12)
    write_ink_sets(tmp_path, ink)
    splits = load_ink("mnist-dynamic", tmp_path)
    for part, expected in zip(splits, (ink[:10], ink[10:], ink), strict=True):
        np.testing.assert_array_equal(part, expected)


def test_one_drawer_of_each_character_is_held_out(tmp_path: Path) -> None:
    ink = some_ink(30)
    write_ink_sets(tmp_path, ink)
    splits = load_ink("omniglot", tmp_path)
    held_out = np.arange(30) % 15 == 14
    for part, expected in zip(splits, (ink[~held_out], ink[held_out], ink), strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("name", ["mnist-dynamic", "omniglot", "caltech"])
@pytest.mark.parametrize("content", [None, b"", b"hello, no set at all", b"PK\x03\x04" + bytes(60)])
def test_a_damaged_set_is_one_clear_line(tmp_path: Path, name: str, content: bytes | None) -> None:
    files = ["mnist/train-images-idx3-ubyte.gz", "omniglot/omniglot28.npz"]
    for path in (*files, "caltech101-silhouettes/caltech101_silhouettes_28_split1.mat"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        if content is not None:
            (tmp_path / path).write_bytes(content)
    with pytest.raises(VlaeError, match=name) as error:
        load_set(name, tmp_path)
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "counts", "ink"),
    [
        ("mnist-dynamic", (50000, 10000, 10000), (0.12, 0.14)),
        ("omniglot", (22722, 1623, 8115), (0.07, 0.09)),
        ("caltech", (4100, 2264, 2307), (0.4, 0.5)),
    ],
)
def test_the_real_sets(name: str, counts: tuple[int, int, int], ink: tuple[float, float]) -> None:
    folder = os.environ.get("VLAE_DATA")
    if not folder:
        pytest.skip("VLAE_DATA names no folder of image sets")
    splits = load_set(name, Path(folder))
    assert tuple(map(len, splits)) == counts
    for part in splits:
        assert part.shape[1:] == (28, 28) and set(np.unique(part)) == {0, 1}
        assert ink[0] < part.mean() < ink[1]
