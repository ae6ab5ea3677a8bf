"""Hugging Face datasets keep .vlz files in columns of images, and collections load as data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlae_codec
from vlae_codec.collections import encode_part

datasets = pytest.importorskip("datasets")
from vlae_codec.engines import huggingface  # noqa: E402


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def test_compress(tmp_path: Path, digits: list[Path]) -> None:
    plain = datasets.Dataset.from_dict({"image": list(map(str, digits)), "label": list(range(10))})
    plain = plain.cast_column("image", datasets.Image())
    small = huggingface.compress(plain, model="mnist", lossless=True, binarise=True, effort=1)
    small.save_to_disk(str(tmp_path / "saved"))
    loaded = datasets.load_from_disk(str(tmp_path / "saved"))
    assert loaded.features == plain.features
    for row, digit in zip(loaded, digits, strict=True):
        assert row["image"].size == (28, 28)
        assert np.array_equal(np.asarray(row["image"]), np.asarray(Image.open(digit).convert("L")) >= 128)
    assert loaded["label"][:] == list(range(10))
    files = loaded.cast_column("image", datasets.Image(decode=False))
    assert sum(len(row["image"]["bytes"]) for row in files) < sum(digit.stat().st_size for digit in digits) / 2


def test_a_collection_loads(tmp_path: Path, digits: list[Path]) -> None:
    path = tmp_path / "set.vlz"
    photo = np.zeros((20, 30, 3), np.uint8)
    path.write_bytes(encode_part([*digits[:3], photo], names=["a", "b", "c", "d"]))
    loaded = huggingface.load(path)
    assert loaded["name"][:] == ["a", "b", "c", "d"]
    assert [row["image"].size for row in loaded] == [(28, 28)] * 3 + [(30, 20)]
    expected = vlae_codec.decompress(vlae_codec.compress(digits[1]))
    assert np.array_equal(np.asarray(loaded[1]["image"]), np.asarray(expected))
