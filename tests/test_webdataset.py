"""WebDataset reads and writes .vlz files in tars, and its samples go into collections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlae_codec
from vlae_codec.collections import Collection
from vlae_codec.errors import ImageError, VlaeError

wds = pytest.importorskip("webdataset")
from vlae_codec.engines.webdataset import collect, vlz_decoder, vlz_encoder  # noqa: E402


@pytest.fixture
def tar(tmp_path: Path, digits: list[Path]) -> str:
    path = str(tmp_path / "set-%02d.tar")
    encode = vlz_encoder("mnist", lossless=True, binarise=True, effort=1)
    with wds.ShardWriter(path, maxcount=6, encoder=encode, verbose=0) as writer:
        for number, digit in enumerate(digits):
            writer.write({"__key__": f"digit{number}", "vlz": Image.open(digit), "cls": number})
    return str(tmp_path / "set-{00..01}.tar")


@pytest.mark.parametrize("kind", ["pil", "numpy", "torch"])
def test_there_and_back(tar: str, digits: list[Path], kind: str) -> None:
    if kind == "torch":
        pytest.importorskip("torch")
    samples = list(wds.WebDataset(tar, shardshuffle=False).decode(vlz_decoder(kind)))
    assert [sample["cls"] for sample in samples] == list(range(10))
    for sample, digit in zip(samples, digits, strict=True):
        expected = np.asarray(Image.open(digit).convert("L")) >= 128
        assert np.array_equal(np.squeeze(np.asarray(sample["vlz"])) > 0, expected)
        assert type(sample["vlz"]).__module__.split(".")[0] == {"pil": "PIL"}.get(kind, kind)


def test_a_damaged_file_is_passed_over_if_asked(tmp_path: Path, digits: list[Path]) -> None:
    path = str(tmp_path / "bad.tar")
    good = vlae_codec.compress(digits[0])
    with wds.TarWriter(path) as writer:
        for number, data in enumerate([good, good[:-1], good]):
            writer.write({"__key__": str(number), "vlz": data})
    read = wds.WebDataset(path, shardshuffle=False)
    found = list(read.decode(vlz_decoder(), handler=wds.ignore_and_continue))
    assert [sample["__key__"] for sample in found] == ["0", "2"]


def test_samples_go_into_a_collection(tar: str, tmp_path: Path, digits: list[Path]) -> None:
    plain = str(tmp_path / "png.tar")
    with wds.TarWriter(plain) as writer:
        for number, digit in enumerate(digits):
            writer.write({"__key__": f"a/{number}", "png": digit.read_bytes()})
        writer.write({"__key__": "a/bad", "png": b"no picture"})
    path, failed = tmp_path / "set.vlz", list[int]()
    total = collect(
        wds.WebDataset(plain, shardshuffle=False), path, field="png", part=4, model="mnist", effort=1,
        failed=lambda number, error: failed.append(number),
    )  # fmt: skip
    collection = Collection(path)
    assert (total, len(collection), failed) == (10, 10, [10])
    assert list(collection.names()) == [f"a/{number}.vlz" for number in range(10)]
    assert collection.file(7)[1] == vlae_codec.compress(digits[7], "mnist", effort=1)
    with pytest.raises(ImageError, match="not an image"):
        collect([{"__key__": "b", "png": b"no picture"}], path, field="png")
    with pytest.raises(VlaeError, match="sample b has no field vlz: it has png"):
        collect([{"__key__": "b", "png": b""}], path)
    assert len(Collection(path)) == 10


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(VlaeError, match="'jax' pictures: there are numpy, pil, torch"):
        vlz_decoder("jax")
