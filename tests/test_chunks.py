"""Arrays of any shape as chunks: exact without loss, close with it, in Zarr 3 and in numcodecs."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vlae_codec.collections import encode_part
from vlae_codec.collections.chunks import ChunkOptions, decode_array, encode_array
from vlae_codec.errors import FormatError, ImageError, VlaeError

Shape = tuple[int, ...]
SHAPES: list[Shape] = [(9, 11), (1, 1), (2, 9, 11), (9, 11, 3), (2, 8, 9, 3), (8, 9, 2), (8, 9, 4), (2, 1, 8, 9)]


def array_of(shape: Shape, kind: type = np.uint8) -> np.ndarray[Any, Any]:
    numbers = np.arange(np.prod(shape)).reshape(shape)
    return np.asarray((numbers * 37 % 256).astype(np.uint8) if kind is np.uint8 else numbers % 5 < 2)


@pytest.mark.parametrize("kind", [np.uint8, bool])
@pytest.mark.parametrize("shape", SHAPES)
def test_without_loss(shape: Shape, kind: type) -> None:
    array = array_of(shape, kind)
    found = decode_array(encode_array(array, ChunkOptions(lossless=True)))
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


@pytest.mark.parametrize("kind", [np.uint8, bool])
@pytest.mark.parametrize("shape", SHAPES)
def test_with_loss_shape_and_kind_stay(shape: Shape, kind: type) -> None:
    array = array_of(shape, kind)
    found = decode_array(encode_array(array, ChunkOptions(quality=30)))
    assert (found.dtype, found.shape) == (array.dtype, array.shape)


def test_with_loss_it_is_close_and_smaller() -> None:
    rows, columns = np.mgrid[:64, :96]
    array = np.stack([(rows + columns + 10 * number).astype(np.uint8) for number in range(4)])
    data = encode_array(array, ChunkOptions(quality=80))
    assert len(data) < array.size / 20
    assert np.abs(decode_array(data).astype(int) - array).mean() < 4


def test_digits_take_the_model_that_is_named() -> None:
    digits = np.zeros((6, 28, 28), bool)
    digits[:, 5:23, 13:16] = True
    data = encode_array(digits, ChunkOptions(lossless=True, model="mnist", effort=1))
    assert np.array_equal(decode_array(data), digits)
    assert len(data) < 300


def test_what_is_no_chunk_is_refused() -> None:
    for array in (np.zeros(5, np.uint8), np.zeros((4, 4), np.uint16), np.zeros((0, 4), np.uint8)):
        with pytest.raises(ImageError, match="chunks of"):
            encode_array(array, ChunkOptions())
    with pytest.raises(VlaeError, match="no quality"):
        ChunkOptions(lossless=True, quality=50)
    with pytest.raises(FormatError, match="not a chunk"):
        decode_array(encode_part([np.zeros((9, 9), np.uint8)], names=["x"]))
    with pytest.raises(FormatError, match="are no chunk of"):
        decode_array(encode_part([np.zeros((9, 9), np.uint8)], names=["2x9x9"]))
    with pytest.raises(FormatError, match="are no chunk of"):
        decode_array(encode_part([np.zeros((9, 9), np.uint8), np.zeros((9, 8), np.uint8)], names=["2x9x9", ""]))


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 70.0}])
def test_zarr(options: dict[str, Any], tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr", "3")
    codec = import_module("vlae_codec.engines.zarr").VlaeCodec
    zarr.registry.register_codec("vlae", codec)  # where the package is installed its entry point does that
    array = array_of((3, 9, 14, 3))
    stored = zarr.create_array(
        tmp_path / "a.zarr", shape=array.shape, chunks=(2, 9, 8, 3), dtype="uint8", serializer=codec(**options),
        compressors=None,
    )  # fmt: skip
    stored[:] = array
    again = zarr.open_array(tmp_path / "a.zarr", mode="r")
    assert again.metadata.codecs[0] == codec(**options)
    found = again[:]
    assert found.shape == array.shape
    assert np.array_equal(found, array) == ("lossless" in options)
    assert np.array_equal(again[2, 4:9, 6:11], found[2, 4:9, 6:11])
    with pytest.raises(ImageError, match="chunks of uint16"):
        zarr.create_array(tmp_path / "b.zarr", shape=(9, 9), dtype="uint16", serializer=codec(), compressors=None)


def test_zarr_tells_of_damage(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr", "3")
    codec = import_module("vlae_codec.engines.zarr").VlaeCodec
    zarr.registry.register_codec("vlae", codec)
    path = tmp_path / "a.zarr"
    stored = zarr.create_array(path, shape=(20, 30), dtype="uint8", serializer=codec(), compressors=None)
    stored[:] = array_of((20, 30))
    (chunk,) = (path / "c").rglob("0/0")
    chunk.write_bytes(chunk.read_bytes()[:-1])
    with pytest.raises(FormatError, match="damaged"):
        stored[:]


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 70.0, "effort": 2}])
def test_numcodecs(options: dict[str, Any]) -> None:
    numcodecs = pytest.importorskip("numcodecs")
    codec = import_module("vlae_codec.engines.numcodecs").Vlae
    numcodecs.register_codec(codec)
    used = numcodecs.get_codec({"id": "vlae", **options})
    assert numcodecs.get_codec(used.get_config()) == used
    array = array_of((3, 9, 14))
    out, data = np.empty_like(array), used.encode(array)
    used.decode(data, out)
    assert np.array_equal(out, used.decode(data))
    assert np.array_equal(out, array) == ("lossless" in options)


def test_numcodecs_in_an_array_of_zarr_2(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr", "3")
    codec = import_module("vlae_codec.engines.numcodecs").Vlae
    pytest.importorskip("numcodecs").register_codec(codec)
    array = array_of((3, 9, 14))
    stored = zarr.create_array(
        tmp_path / "a.zarr", shape=array.shape, chunks=(2, 9, 14), dtype="uint8", zarr_format=2,
        filters=[codec(lossless=True)], compressors=None,
    )  # fmt: skip
    stored[:] = array
    assert np.array_equal(zarr.open_array(tmp_path / "a.zarr", mode="r")[:], array)
