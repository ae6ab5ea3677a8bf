"""Section 9 of docs/format.md is enough: a reader written from it decodes lossless archives to the same pictures."""

from __future__ import annotations

import re
from importlib import resources
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from independent_archive_reader import ArchiveReader
from PIL import Image

from benchmarks.small_model import write_small_model
from vlae_codec.families.bilevel.archive import compress_archive
from vlae_codec.families.registry import find_model
from vlae_codec.families.request import Rate

GOLDEN = Path(__file__).with_name("golden")
TABLES = Path(str(resources.files("vlae_codec"))) / "exact" / "tables.npz"
FIRST = "9cd1a86e7ea5"
"""Fingerprint of the released model whose files are read."""


def test_every_batch_of_an_archive(user_models: Path) -> None:
    write_small_model(user_models / "small")
    pictures = np.random.default_rng(2).integers(0, 2, (23, 8, 8)).astype(np.uint8)
    pictures[4:] &= pictures[:-4]
    for chunk in (23, 9):
        data = compress_archive(find_model("small"), pictures, Rate(lossless=True), chunk=chunk).data
        found = list(ArchiveReader(user_models / "small", TABLES).pictures(data))
        assert found == pictures.tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "skipped", "count"), [("lossless-archive", 0, 6), ("lossless-archive-named", 2, 5)])
def test_golden_archives(name: str, skipped: int, count: int) -> None:
    """Two batches of several pictures, and a chunk to its end; chunks of all kinds of batches are read above."""
    reader = ArchiveReader(Path(str(resources.files("vlae_models"))) / "zoo" / "mnist", TABLES)
    sheet = np.asarray(Image.open(GOLDEN / f"{FIRST}-{name}.png").convert("1")).astype(int)
    pictures = sheet.reshape(-1, 28, 28).tolist()
    found = list(islice(reader.pictures((GOLDEN / f"{FIRST}-{name}.vlz").read_bytes(), skipped), count))
    assert found == (pictures[-4:] if skipped else pictures[:count])


def test_it_imports_nothing_of_ours_but_the_first_reader() -> None:
    text = Path(__file__).with_name("independent_archive_reader.py").read_text()
    imported = re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)
    assert not {"vlae_codec", "vlae_models", "vlae_cli", "benchmarks", "numpy"} & set(imported)
