"""docs/format.md is enough: a reader that was written from it alone decodes the golden files to the same pixels."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import resources
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from independent_reader import Reader, philox
from PIL import Image

from vlae_codec.families.bilevel.archive import Reader as ArchiveReader

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = Path(__file__).with_name("golden")
CONFORMANCE = ROOT / "conformance" / "files"
FORMAT = ROOT / "docs" / "format.md"
SEED = 7
FIRST = "9cd1a86e7ea5"
"""Fingerprint of the released model whose files are read."""


@pytest.fixture(scope="module")
def reader() -> Reader:
    zoo = Path(str(resources.files("vlae_models"))) / "zoo"
    return Reader(zoo / "mnist", Path(str(resources.files("vlae_codec"))) / "exact" / "tables.npz")


def expected(name: str) -> list[list[list[int]]]:
    """The pictures of a golden file, from the PNG that was kept with it."""
    sheet = np.asarray(Image.open(GOLDEN / f"{FIRST}-{name}.png").convert("1"))
    found: list[list[list[int]]] = sheet.reshape(-1, 28, 28).astype(int).tolist()
    return found


@pytest.mark.parametrize("name", ["search", "sample", "lossless"])
def test_files_of_one_picture(reader: Reader, name: str) -> None:
    (found,) = reader.read((GOLDEN / f"{FIRST}-{name}.vlz").read_bytes(), SEED)
    assert found == expected(name)[0]


@pytest.mark.parametrize("name", ["lossy-archive", "sample-archive"])
def test_the_first_pictures_of_archives(reader: Reader, name: str) -> None:
    pictures = reader.read((GOLDEN / f"{FIRST}-{name}.vlz").read_bytes(), SEED)
    assert list(islice(pictures, 2)) == expected(name)[:2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lossy-archive", "sample-archive"])
def test_pictures_from_all_over_an_archive(reader: Reader, name: str) -> None:
    codes = list(reader.archive((GOLDEN / f"{FIRST}-{name}.vlz").read_bytes()))
    pictures = expected(name)
    assert len(codes) == len(pictures) >= 30
    for number in (7, 18, len(codes) - 1):
        assert reader.draw(reader.latents(*codes[number]), SEED) == pictures[number]


def test_codes_that_end_within_bytes(reader: Reader) -> None:
    data = (CONFORMANCE / "archive-bits.vlz").read_bytes()
    ours = [pixels.tolist() for _, pixels in ArchiveReader(data).pictures(range(2), seed=SEED)]
    assert list(islice(reader.read(data, SEED), 2)) == ours


def test_it_imports_nothing_of_ours() -> None:
    text = Path(__file__).with_name("independent_reader.py").read_text()
    imported = re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)
    assert not {"vlae_codec", "vlae_models", "vlae_cli", "benchmarks", "numpy"} & set(imported)


def test_the_example_of_the_page(reader: Reader) -> None:
    text = FORMAT.read_text()
    (example,) = re.findall(r"^    (d6 5a[0-9a-f ]+)$", text, re.MULTILINE)
    data = bytes.fromhex(example)
    assert data == (GOLDEN / f"{FIRST}-search.vlz").read_bytes()
    z = reader.latents(0, data[6:-2])
    features = reader.features(z)
    for told in (z[:8], z[-4:], features[0][0]):
        assert " ".join(map(str, told)) in " ".join(text.split())
    told_pixels = {(0, 0): "There P is 2,", (14, 14): "P is 6897296"}

    def decide(row: int, column: int, one: int) -> int:
        if (row, column) in told_pixels:
            assert f"P is {one}" in told_pixels[row, column]
            assert told_pixels.pop((row, column)) in " ".join(text.split())
        return int(philox((row, column, 0, 1 << 31), (SEED, 0))[0] < one << 8)

    assert reader.sweep(z, decide) == expected("search")[0]
    assert not told_pixels


@pytest.mark.skipif(shutil.which("file") is None, reason="needs file(1)")
def test_file_1_knows_the_format() -> None:
    kinds = {"search": "lossy", "lossless": "lossless", "lossless-archive": "archive (lossless)"}
    files = {GOLDEN / f"{FIRST}-{name}.vlz": kind for name, kind in kinds.items()}
    for kind in ("lossy", "lossless"):
        files[next((GOLDEN / "photo").glob(f"*-grey-{kind}.vlz"))] = f"any size, {kind}"
    for path, kind in files.items():
        call = ["file", "-b", "-m", str(ROOT / "docs" / "vlz.magic"), str(path)]
        told = subprocess.run(call, capture_output=True, text=True, check=True).stdout
        assert told == f"VLZ picture, version 1, {kind}, model {path.name[:6]}\n"
