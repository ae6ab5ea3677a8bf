"""Section 10 of docs/format.md is enough: a reader written from it decodes golden photographs to the same pixels."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from independent_photo_reader import Number, PhotoReader, Words
from PIL import Image

import vlae_codec
from benchmarks.small_photo_model import write_small_photo_model
from vlae_codec.coding.binary_coder import FEW, Reader, Writer
from vlae_codec.coding.interval import encode_interval
from vlae_codec.errors import FormatError
from vlae_codec.families import registry
from vlae_codec.families.windowed import codec

GOLDEN = Path(__file__).with_name("golden") / "photo"
FILES = sorted(GOLDEN.glob("aa59939b0107-*-tiny.vlz"))
TABLES = Path(str(resources.files("vlae_codec"))) / "exact" / "tables.npz"
SEED, HEAT = 11, 717
"""Of the golden pictures: 717 is 1024 times 0.7, rounded."""


@pytest.fixture(scope="module")
def reader() -> PhotoReader:
    """For the model of the golden files."""
    (folder,) = (
        folder
        for folder in registry.folders()
        if registry.read_folder(folder).fingerprint.startswith(FILES[0].stem.split("-")[0])
    )
    return PhotoReader(Path(str(folder)), TABLES)


def pixels(rows: list[list[list[int]]]) -> np.ndarray:
    """Rows of pixels as Pillow has them."""
    found = np.array(rows, np.uint8)
    return found[:, :, 0] if found.shape[2] == 1 else found


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_golden_files(reader: PhotoReader, path: Path) -> None:
    expected = np.asarray(Image.open(path.with_suffix(".png")))
    np.testing.assert_array_equal(pixels(reader.picture(path.read_bytes(), SEED, HEAT)), expected)


@pytest.mark.parametrize(("kind", "temperature"), [("grey", 0.0), ("colour", 1.0)])
def test_other_temperatures_and_previews(reader: PhotoReader, kind: str, temperature: float) -> None:
    (path,) = (path for path in FILES if f"{kind}-lossy-" in path.stem)
    data = path.read_bytes()
    expected, _, _ = codec.decompress_photo(data, seed=3 << 40, temperature=temperature)
    np.testing.assert_array_equal(pixels(reader.picture(data, 3 << 40, round(1024 * temperature))), expected)
    expected, _, _ = codec.decompress_photo(data, preview=True)
    np.testing.assert_array_equal(pixels(reader.preview(data)), expected)


@pytest.mark.parametrize(("patch", "straight", "sharper"), [(4, False, 3), (8, True, 0), (16, True, 1)])
def test_other_shapes_of_models(patch: int, straight: bool, sharper: int, user_models: Path) -> None:
    write_small_photo_model(user_models / "small", patch=patch, straight=straight, sharper=sharper)
    reader = PhotoReader(user_models / "small", TABLES)
    picture = np.random.default_rng(patch).integers(0, 256, (patch + 3, 5, 3)).astype(np.uint8)
    exact = vlae_codec.compress(picture, "small-photo", lossless=True)
    np.testing.assert_array_equal(pixels(reader.picture(exact)), picture)
    lossy = vlae_codec.compress(picture, "small-photo")
    drawn = np.asarray(vlae_codec.decompress(lossy, 7, temperature=0.5))
    np.testing.assert_array_equal(pixels(reader.picture(lossy, 7, 512)), drawn)


def test_it_imports_nothing_of_ours_but_the_first_reader() -> None:
    names = ("independent_photo_reader.py", "independent_enlarging.py")
    text = "\n".join(Path(__file__).with_name(name).read_text() for name in names)
    imported = re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)
    assert not {"vlae_codec", "vlae_models", "vlae_cli", "benchmarks", "numpy"} & set(imported)


@pytest.mark.parametrize("count", [1, 40, 3000])
def test_both_codes_of_decisions(count: int) -> None:
    rng = np.random.default_rng(count)
    ones = np.clip((rng.random(count) ** 4 * (1 << 24)).astype(np.int64), 1, (1 << 24) - 1)
    ones[::7] = (1 << 24) - 1
    symbols = (rng.random(count) < ones / 2.0**24).astype(np.int64)
    writer = Writer(FEW + 1)
    writer.push(symbols, ones)
    assert Words(writer.to_bytes())(ones.tolist()) == symbols.tolist()
    few = encode_interval(symbols.tolist(), ones.tolist())
    assert Number(few, count)(ones.tolist()) == symbols.tolist()


def test_any_words_mean_the_same_to_both_readers() -> None:
    """What no encoder wrote, too: shorter than two words, or beyond the range."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        data, ones = rng.bytes(4 * int(rng.integers(0, 5))), rng.integers(1, 1 << 24, 200)
        try:
            expected = Reader(data, FEW + 1).pop(ones).tolist()
        except FormatError:
            with pytest.raises(AssertionError):
                Words(data)(ones.tolist())
        else:
            assert Words(data)(ones.tolist()) == expected
