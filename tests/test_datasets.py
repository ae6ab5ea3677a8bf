from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vlae_codec.errors import ImageError, VlaeError
from vlae_codec.io.datasets import Batch, bilevel, is_stack, join, load_idx, parse_idx, read_batches
from vlae_codec.io.forms import BINARISED, REMARKS, refuse_changes
from vlae_codec.model.info import ModelInfo

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (4, 28, 28), np.uint8)
BITS = (GREY > 99).astype(np.uint8)
MODEL = ModelInfo("m", "00" * 32, 28, 28, True, Path())


def idx(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def test_one_picture(tmp_path: Path) -> None:
    Image.fromarray(GREY[0]).save(tmp_path / "a.png")
    (batch,) = read_batches(tmp_path / "a.png")
    assert (batch.names, batch.size) == (("a.png",), (28, 28))
    np.testing.assert_array_equal(batch.pixels[0], GREY[0])


def test_folder_by_name_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", ".hidden.png"):
        Image.fromarray(GREY[0]).save(tmp_path / name)
    (tmp_path / "inner").mkdir()
    assert [batch.names for batch in read_batches(tmp_path)] == [("a.png",), ("b.png",)]


def test_numpy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "grey.npy", GREY)
    np.save(tmp_path / "bits.npy", BITS)
    np.savez(tmp_path / "both.npz", one=BITS[:1].astype(bool), two=BITS[1:, :, :, None])
    np.testing.assert_array_equal(read_batches(tmp_path / "grey.npy")[0].pixels, GREY)
    (batch,) = read_batches(tmp_path / "bits.npy")
    np.testing.assert_array_equal(batch.pixels, 255 * BITS)
    assert batch.names[3] == "bits-0003"
    both = read_batches(tmp_path / "both.npz")
    np.testing.assert_array_equal(np.concatenate([part.pixels for part in both]), 255 * BITS)
    assert [part.names[0] for part in both] == ["both-one-0000", "both-two-0000"]


@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz", "a.idx"])
def test_idx_files(tmp_path: Path, name: str) -> None:
    data = idx(GREY)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert is_stack(tmp_path / name)
    np.testing.assert_array_equal(read_batches(tmp_path / name)[0].pixels, GREY)
    np.testing.assert_array_equal(load_idx(tmp_path / name), GREY)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an idx"),
        (b"\0\0\x08\x03\0\0", "not an idx"),
        (b"\0\0\x0d\x01\0\0\0\0", "not an idx"),
        (idx(GREY)[:-1], "3135 bytes where"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "0 bytes where"),
        (gzip.compress(idx(GREY))[:-20], "damaged gzip"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
    ],
)
def test_damaged_idx(data: bytes, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        parse_idx(data)


def test_errors_name_the_idx_file(tmp_path: Path) -> None:
    (tmp_path / "a-idx").write_bytes(b"no")
    with pytest.raises(VlaeError, match="a-idx: not an idx"):
        load_idx(tmp_path / "a-idx")


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (GREY.astype(np.float32), "float32"),
        (GREY[0], r"\(28, 28\)"),
        (GREY[:0], r"\(0, 28, 28\)"),
        (np.zeros((2, 5, 5, 4), np.uint8), r"\(2, 5, 5, 4\)"),
        (np.array([{}, None], object), "not a numpy file"),
    ],
)
def test_arrays_that_are_no_pictures(
    tmp_path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], says: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ImageError, match=says):
        read_batches(tmp_path / "a.npy")


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_damaged_numpy_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    np.savez(path, a=GREY) if suffix == ".npz" else np.save(path, GREY)
    for data in (path.read_bytes()[:100], b"nonsense"):
        path.write_bytes(data)
        with pytest.raises(ImageError, match="damaged"):
            read_batches(path)


def test_empty_folder_and_what_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="an empty folder"):
        read_batches(tmp_path)
    (tmp_path / "a.txt").write_text("no")
    with pytest.raises(ImageError, match=r"a.txt in it: not an image"):
        read_batches(tmp_path)


def test_join() -> None:
    grey, exact = Batch(GREY, tuple("abcd")), Batch(255 * BITS, tuple("efgh"))
    pixels, notices = join([exact, grey], [MODEL])
    np.testing.assert_array_equal(pixels, np.concatenate([BITS, GREY >= 128]))
    assert notices == (BINARISED,)
    np.testing.assert_array_equal(join([exact], [MODEL], exact=True)[0], BITS)
    with pytest.raises(ImageError, match=r"a: it has grey pixels.*binarise"):
        join([exact, grey], [MODEL], exact=True)


def test_sizes() -> None:
    large, right = Batch(np.zeros((1, 32, 30), np.uint8), ("large",)), Batch(GREY, tuple("abcd"))
    with pytest.raises(ImageError, match=r"mixed sizes, 28 x 28 \(a\) and 30 x 32 \(large\)"):
        join([right, large], [MODEL])
    with pytest.raises(ImageError, match=r"30 x 32 pixels, and m takes 28 x 28"):
        join([large], [MODEL])
    pixels, notices = join([right, large], [MODEL], fit=True)
    assert pixels.shape == (5, 28, 28)
    assert any("resized" in notice for notice in notices)


def test_colours_of_many() -> None:
    colour = np.repeat(255 * BITS[..., None], 3, axis=3)
    pixels, notices = bilevel(Batch(colour, tuple("abcd")), 28, 28)
    np.testing.assert_array_equal(pixels, BITS)
    assert set(notices) <= set(REMARKS)


def test_changes_are_refused() -> None:
    refuse_changes(REMARKS)
    for notice in (BINARISED, "resized from 3 x 3 to 28 x 28", "turned by its EXIF orientation"):
        with pytest.raises(ImageError, match="binarise"):
            refuse_changes([*REMARKS, notice])
