from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import some_images, write_set

from vlae_codec.errors import VlaeError
from vlae_models.data.sets import Splits, load_idx, load_set

IMAGES = some_images(6)


def test_a_set_is_unpacked(tmp_path: Path) -> None:
    write_set(tmp_path, train=IMAGES[:3], valid=IMAGES[3:4], test=IMAGES[4:])
    splits = load_set("mnist-static", tmp_path)
    for part, expected in zip(splits, (IMAGES[:3], IMAGES[3:4], IMAGES[4:]), strict=True):
        assert part.dtype == np.uint8
        np.testing.assert_array_equal(part, expected)


def test_an_unknown_set_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(VlaeError, match="mnist-static"):
        load_set("imagenet", tmp_path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def save(path: Path, shape: tuple[int, int], kind: type[np.generic]) -> None:
    parts: dict[str, Any] = {part: np.zeros(shape, kind) for part in Splits._fields}
    np.savez(path, **parts)


def wrong_width(path: Path) -> None:
    save(path, (3, 97), np.uint8)


def wrong_type(path: Path) -> None:
    save(path, (3, 98), np.float32)


def no_test_part(path: Path) -> None:
    np.savez(path, train=np.zeros((3, 98), np.uint8), valid=np.zeros((3, 98), np.uint8))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "no zip": lambda path: path.write_bytes(b"hello, this is no archive"),
    "cut": cut,
    "a byte flipped": flip,
    "wrong width": wrong_width,
    "wrong type": wrong_type,
    "a part missing": no_test_part,
    "an array": lambda path: np.save(path.open("wb"), np.zeros(3)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_set_is_one_clear_line(tmp_path: Path, damage: str) -> None:
    DAMAGE[damage](write_set(tmp_path, train=IMAGES, valid=IMAGES, test=IMAGES))
    with pytest.raises(VlaeError, match="mnist-static") as error:
        load_set("mnist-static", tmp_path)
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def idx(array: NDArray[np.uint8]) -> bytes:
    shape = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()


@pytest.mark.parametrize("array", [IMAGES, np.arange(5, dtype=np.uint8), np.zeros((2, 0), np.uint8)])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_files(tmp_path: Path, array: NDArray[np.uint8], suffix: str) -> None:
    path = tmp_path / f"images{suffix}"
    path.write_bytes(gzip.compress(idx(array)) if suffix else idx(array))
    found = load_idx(path)
    assert found.shape == array.shape and found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 15, 16, 17, 16 + 6 * 784 - 1])
def test_a_cut_idx_file(tmp_path: Path, length: int) -> None:
    path = tmp_path / "images"
    path.write_bytes(idx(IMAGES)[:length])
    with pytest.raises(VlaeError):
        load_idx(path)


@pytest.mark.parametrize(
    "data", [idx(IMAGES) + b"x", b"\0\0\x0d\1" + bytes(8), b"PK\3\4" + bytes(20), b"\0\0\x08\xff" + bytes(99)]
)
def test_what_is_no_idx_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "images"
    path.write_bytes(data)
    with pytest.raises(VlaeError):
        load_idx(path)


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(idx(IMAGES))[:-20], gzip.compress(b"", mtime=0)])
def test_damaged_gzip(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(data)
    with pytest.raises(VlaeError):
        load_idx(path)


@pytest.mark.data
def test_the_real_set() -> None:
    folder = os.environ.get("VLAE_DATA")
    if not folder:
        pytest.skip("VLAE_DATA names no folder of image sets")
    splits = load_set("mnist-static", Path(folder))
    assert [part.shape for part in splits] == [(50000, 28, 28), (10000, 28, 28), (10000, 28, 28)]
    assert all(set(np.unique(part)) == {0, 1} for part in splits)
    assert all(0.1 < part.mean() < 0.15 for part in splits)  # ink is 1
