"""The functions that programs call: what they accept, what comes back, what they refuse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vlae_codec
from vlae_codec import FormatError, ImageError, ModelError, VlaeError
from vlae_codec.io.images import read_image

BLANK = np.zeros((28, 28), np.uint8)


def array_of(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return read_image(path).pixels


def test_everything_that_is_offered_is_there() -> None:
    for name in vlae_codec.__all__:
        assert getattr(vlae_codec, name).__doc__
        assert name in dir(vlae_codec)
    with pytest.raises(AttributeError, match="comprez"):
        _ = vlae_codec.comprez


def test_importing_costs_no_library() -> None:
    code = "import sys, vlae_codec; print(*({'numpy', 'PIL', 'torch', 'constriction', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_all_kinds_of_input_give_one_file(model_name: str, digits: list[Path]) -> None:
    grey = array_of(digits[3])
    inputs: list[vlae_codec.api.ImageLike] = [
        digits[3],
        str(digits[3]),
        Image.open(digits[3]),
        grey,
        grey[:, :, None],
        np.repeat(grey[:, :, None], 3, axis=2),
        grey >= 128,
        Image.fromarray(grey >= 128),
        Image.fromarray(grey).convert("RGBA"),
    ]
    found = {vlae_codec.compress(image, model_name) for image in inputs}
    assert len(found) == 1


def test_options_reach_the_code(mnist: str, digits: list[Path]) -> None:
    short, long = (vlae_codec.inspect(vlae_codec.compress(digits[3], mnist, bits=bits)) for bits in (16, 40))
    assert (short.payload_bytes, long.payload_bytes) == (2, 5)
    sample = vlae_codec.inspect(vlae_codec.compress(digits[3], mnist, code="sample", effort=1))
    assert sample.mode.startswith("sample")
    fitted = vlae_codec.compress(Image.new("L", (90, 50)), mnist, fit=True)
    assert vlae_codec.decompress(fitted).size == (28, 28)


def test_lossless_keeps_every_pixel(mnist: str, digits: list[Path]) -> None:
    grey = array_of(digits[8])
    with pytest.raises(ImageError, match="binarise"):
        vlae_codec.compress(grey, mnist, lossless=True)
    data = vlae_codec.compress(grey, mnist, lossless=True, binarise=True)
    assert np.array_equal(np.asarray(vlae_codec.decompress(data)), grey >= 128)
    assert vlae_codec.decompress(data, preview=True).size == (28, 28)
    assert vlae_codec.decompress(data[:-3], preview=True).size == (28, 28)
    with pytest.raises(FormatError, match="exact pixels are lost"):
        vlae_codec.decompress(data[:-3])


def test_seed_decides_the_texture(mnist: str, digits: list[Path]) -> None:
    data = vlae_codec.compress(digits[3], mnist)
    pictures = [np.asarray(vlae_codec.decompress(data, seed)) for seed in (1, 1, 2)]
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


@pytest.mark.parametrize("lossless", [True, False])
def test_archives(mnist: str, digits: list[Path], lossless: bool) -> None:
    bits = [array_of(path) >= 128 for path in digits]
    names = [path.name for path in digits]
    data = vlae_codec.compress_many(bits, mnist, names=names, lossless=lossless, effort=1)
    assert data == vlae_codec.compress_many(np.stack(bits), mnist, names=names, lossless=lossless, effort=1)
    record = vlae_codec.inspect(data)
    assert (record.images, record.width, record.model) == (10, 28, mnist)
    pictures = [np.asarray(image) for image in vlae_codec.decompress_many(data, seed=5)]
    assert len(pictures) == 10
    for index in (0, 7, -1):
        assert np.array_equal(np.asarray(vlae_codec.decompress(data, 5, index=index)), pictures[index])
    if lossless:
        assert all(np.array_equal(one, other) for one, other in zip(pictures, bits, strict=True))
    with pytest.raises(FormatError, match="none of the 10"):
        vlae_codec.decompress(data, index=10)


def test_paths_of_files(mnist: str, digits: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "a.vlz"
    path.write_bytes(vlae_codec.compress(digits[1], mnist))
    assert vlae_codec.inspect(path).input == str(path)
    assert vlae_codec.decompress(str(path)).size == (28, 28)
    assert [image.size for image in vlae_codec.decompress_many(path)] == [(28, 28)]
    with pytest.raises(FormatError, match="holds one picture"):
        vlae_codec.decompress(path, index=1)


def test_limits(mnist: str, digits: list[Path]) -> None:
    one = vlae_codec.compress(digits[1], mnist)
    ten = vlae_codec.compress_many(digits, mnist)
    assert vlae_codec.decompress(one, max_pixels=784).size == (28, 28)
    assert len(list(vlae_codec.decompress_many(ten, max_pixels=7840))) == 10
    for call in (
        lambda: vlae_codec.decompress(one, max_pixels=783),
        lambda: vlae_codec.decompress(ten, max_pixels=7839),
        lambda: list(vlae_codec.decompress_many(ten, max_pixels=7839)),
    ):
        with pytest.raises(FormatError, match=r"announces .* more than the"):
            call()


def test_unknown_model_can_be_inspected(model_name: str, user_models: Path) -> None:
    data = vlae_codec.compress(BLANK, model_name)
    (user_models / model_name).rename(user_models.parent / "gone")
    assert vlae_codec.inspect(data).model is None
    with pytest.raises(ModelError, match=data[3:6].hex()):
        vlae_codec.decompress(data)


@pytest.mark.parametrize(
    "wrong",
    [BLANK.astype(np.float32), BLANK.astype(np.int64), BLANK[0], np.zeros((28, 28, 4), np.uint8), BLANK[:0],
     np.zeros((2, 28, 28, 3), np.uint8), Image.new("F", (28, 28)), Image.new("L", (0, 28))],
)  # fmt: skip
def test_what_is_no_picture(model_name: str, wrong: vlae_codec.api.ImageLike) -> None:
    with pytest.raises(ImageError):
        vlae_codec.compress(wrong, model_name)


@pytest.mark.parametrize(
    "options",
    [{"effort": 0}, {"effort": 10}, {"bits": 0}, {"bits": 57}, {"quality": -1}, {"quality": 101},
     {"bits": 8, "quality": 50}, {"lossless": True, "quality": 50}, {"lossless": True, "code": "sample"}],
)  # fmt: skip
def test_options_out_of_range(model_name: str, options: dict[str, Any]) -> None:
    with pytest.raises(VlaeError):
        vlae_codec.compress(BLANK, model_name, **options)
    with pytest.raises(VlaeError):
        vlae_codec.compress_many([BLANK], model_name, **options)


def test_archives_that_cannot_be(model_name: str) -> None:
    calls: list[Callable[[], bytes]] = [
        lambda: vlae_codec.compress_many([], model_name),
        lambda: vlae_codec.compress_many([BLANK], model_name, names=["a", "b"]),
        lambda: vlae_codec.compress_many([BLANK, BLANK], model_name, names=["a", "a"]),
        lambda: vlae_codec.compress_many([BLANK], model_name, lossless=True, bits=8),
        lambda: vlae_codec.compress_many([BLANK, BLANK[:9]], model_name),
    ]
    for call in calls:
        with pytest.raises(VlaeError):
            call()


@pytest.mark.parametrize("seed", [-1, 1 << 63])
def test_seeds_out_of_range(model_name: str, seed: int) -> None:
    data = vlae_codec.compress(BLANK, model_name)
    with pytest.raises(VlaeError, match="seed"):
        vlae_codec.decompress(data, seed)
    with pytest.raises(VlaeError, match="seed"):
        list(vlae_codec.decompress_many(data, seed))
