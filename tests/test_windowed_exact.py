"""Photographs by a windowed model, with exact pixels behind a lossy part: what comes back, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from vlae_codec.errors import FormatError, ImageError
from vlae_codec.families import registry
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.container import parse_file, write_file
from vlae_codec.io.images import Picture, Pixels

MODEL = "photo-exact"
Run = Callable[..., Result]


def scene(height: int, width: int) -> Pixels:
    """Return waves of colour with some grain."""
    rows, columns = np.mgrid[:height, :width]
    waves = np.stack([np.sin(rows / 9) + np.cos(columns / 13), np.sin((rows + columns) / 17), np.cos(rows / 31)], 2)
    grain = np.random.default_rng(3).normal(0, 4, waves.shape)
    return np.asarray((120 + 50 * waves + grain).clip(0, 255), np.uint8)


def test_exact_pixels_come_back() -> None:
    original = scene(40, 30)
    data = vlae_codec.compress(original, MODEL, lossless=True)
    assert vlae_codec.inspect(data).model == MODEL
    assert len(vlae_codec.compress(original, lossless=True)) < len(data)
    np.testing.assert_array_equal(np.asarray(vlae_codec.decompress(data)), original)


def test_a_model_of_the_other_family_is_damage() -> None:
    parts = parse_file(vlae_codec.compress(scene(16, 16), MODEL, lossless=True))
    other = registry.find_model("photo")
    with pytest.raises(FormatError, match="family"):
        vlae_codec.decompress(write_file(bytes.fromhex(other.fingerprint), parts))


def test_transparency_is_refused() -> None:
    with pytest.raises(ImageError, match="transparent"):
        codec.compress_photo(Picture(scene(64, 64), alpha=np.zeros((64, 64), np.uint8)), registry.find_model(MODEL))


@pytest.mark.parametrize("shape", [(1, 65_537, 3), (70_000, 1, 3)])
def test_sides_beyond_the_format_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ImageError, match="65536 is the most"):
        vlae_codec.compress(np.zeros(shape, np.uint8), MODEL)


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [(["--effort", "9"], "effort"), (["--bits", "24"], "bits"), (["--lossless", "--binarise"], "binarise")],
)
def test_options_that_it_lacks_are_refused(arguments: list[str], wrong: str, tmp_path: Path, run: Run) -> None:
    Image.fromarray(scene(24, 40)).save(tmp_path / "photo.png")
    result = run("compress", tmp_path / "photo.png", "-m", MODEL, *arguments)
    assert result.exit_code == 2 and not (tmp_path / "photo.vlz").exists()
    assert re.search(
        rf": --{wrong}: not for model {MODEL} of the windowed family, which has [a-z, -]+$", result.stderr.strip()
    )
