"""MATLAB files are read in their shapes; what is damaged is an error, never a wrong array."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import some_images

from vlae_codec.errors import VlaeError
from vlae_models.data.mat_file import read_mat
from vlae_models.data.sets import load_set

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
NAMES = {"train": "train_data", "val": "val_data", "test": "test_data"}


def element(kind: int, body: bytes, short: bool = False) -> bytes:
    if short and len(body) <= 4:
        return struct.pack("<HH", kind, len(body)) + body.ljust(4, b"\0")
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def matrix(name: str, array: NDArray[np.uint8], kind: int = 2, short: bool = True) -> bytes:
    parts = [
        element(6, struct.pack("<II", 6, 0)),
        element(5, struct.pack(f"<{array.ndim}i", *array.shape)),
        element(1, name.encode(), short),
        element(kind, array.tobytes(order="F"), short),
    ]
    return element(14, b"".join(parts))


def packed(plain: bytes) -> bytes:
    body = zlib.compress(plain)
    return struct.pack("<II", 15, len(body)) + body  # compressed elements are not padded


def write_silhouettes(folder: Path, data: bytes) -> Path:
    path = folder / "caltech101-silhouettes" / "caltech101_silhouettes_28_split1.mat"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (2, 5), (4, 3, 2)])
@pytest.mark.parametrize("name", ["a", "four", "longer_name"])
def test_arrays_come_back(tmp_path: Path, shape: tuple[int, ...], name: str) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    path = tmp_path / "a.mat"
    path.write_bytes(HEADER + packed(matrix(name, array)) + matrix("plain", array, short=False))
    found = read_mat(path)
    assert list(found) == [name, "plain"]
    for one in found.values():
        assert one.dtype == np.uint8
        np.testing.assert_array_equal(one, array)


def test_values_of_another_kind_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    path.write_bytes(HEADER + matrix("floats", array, kind=9) + matrix("bytes", array))
    assert list(read_mat(path)) == ["bytes"]


def silhouettes(images: NDArray[np.uint8]) -> bytes:
    """Stored as the real file is: column by column, the object as 0."""
    flat = (1 - images).transpose(0, 2, 1).reshape(len(images), -1)
    return HEADER + b"".join(packed(matrix(name, flat)) for name in NAMES.values())


def test_silhouettes_are_turned_and_inverted(tmp_path: Path) -> None:
    images = some_images(5)
    write_silhouettes(tmp_path, silhouettes(images))
    for part in load_set("caltech", tmp_path):
        np.testing.assert_array_equal(part, images)


def test_every_cut_is_one_clear_line(tmp_path: Path) -> None:
    data = silhouettes(some_images(2))
    for end in [*range(0, len(data), 37), len(data) - 1]:
        write_silhouettes(tmp_path, data[:end])
        with pytest.raises(VlaeError, match="caltech") as error:
            load_set("caltech", tmp_path)
        assert "\n" not in str(error.value)


def test_damage_is_never_a_crash(tmp_path: Path) -> None:
    data = HEADER + b"".join(
        matrix(name, some_images(1).reshape(1, -1), short=False) for name in NAMES.values()
    )  # not compressed, so that every field can be hit
    random = np.random.default_rng(5)
    for at in [*range(128, 260), *random.integers(0, len(data), 100)]:
        damaged = bytearray(data)
        damaged[at] ^= int(random.integers(1, 256))
        write_silhouettes(tmp_path, bytes(damaged))
        try:
            load_set("caltech", tmp_path)
        except VlaeError as error:
            assert "\n" not in str(error)
