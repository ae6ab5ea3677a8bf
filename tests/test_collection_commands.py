"""Collections and URLs in `vlae-info` and `vlae-decompress`: looked at, taken apart, one picture of them, damage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from vlae_codec.collections import Collection, append, encode_part

Run = Callable[..., Result]


@pytest.fixture
def collection(digits: list[Path], tmp_path: Path) -> Path:
    """Four digits and a photograph in a folder, in two parts."""
    path = tmp_path / "set.vlz"
    append(path, encode_part(digits[:4], names=[f"digits/{digit.name}" for digit in digits[:4]], effort=1))
    append(path, encode_part([np.arange(1800, dtype=np.uint8).reshape(20, 30, 3)], names=["photo.jpg"]))
    return path


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def same(path: Path, collection: Path, number: int) -> bool:
    return np.array_equal(np.asarray(Image.open(path)), np.asarray(Collection(collection)[number]))


def test_info_reads_the_index(run: Run, collection: Path) -> None:
    record = json.loads(run("info", collection, "--json").stdout)
    assert (record["mode"], record["images"], record["file_bytes"]) == ("collection", 5, collection.stat().st_size)
    assert record["header_bytes"] + record["payload_bytes"] == record["file_bytes"]
    assert sum(section["bytes"] for section in record["sections"]) == record["file_bytes"]
    assert "mnist" in record["model"] and record["fingerprint"].count(", ") == record["model"].count(", ")
    assert "collection" in run("info", collection).stdout
    collection.write_bytes(collection.read_bytes()[:-1])
    result = run("info", collection)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "no index at its end" in result.stderr


def test_info_names_models_that_are_not_here(
    run: Run, install: Callable[..., Path], user_models: Path, digits: list[Path], tmp_path: Path
) -> None:
    folder = install("fake")
    (tmp_path / "fake.vlz").write_bytes(encode_part(digits[:1], "fake"))
    assert json.loads(run("info", tmp_path / "fake.vlz", "--json").stdout)["model"] == "fake"
    folder.rename(tmp_path / "elsewhere")
    assert json.loads(run("info", tmp_path / "fake.vlz", "--json").stdout)["model"] == "unknown"


def test_all_pictures_go_to_a_folder(run: Run, collection: Path, tmp_path: Path) -> None:
    result = run("decompress", collection, "--json")
    assert json.loads(result.stdout)["images"] == 5
    assert files_of(tmp_path / "set") == [*(f"digits/{number}.png" for number in range(4)), "photo.png"]
    assert all(same(tmp_path / "set" / "digits" / f"{number}.png", collection, number) for number in range(4))
    again = run("decompress", collection)
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)
    assert "exists: --force" in again.stderr
    assert run("decompress", collection, "--force").exit_code == 0
    assert run("decompress", collection, "-n", "-o", tmp_path / "none").exit_code == 0
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("given", [("--index", "2"), ("--name", "digits/2.png")])
def test_one_picture_goes_to_a_file(run: Run, collection: Path, tmp_path: Path, given: tuple[str, str]) -> None:
    assert run("decompress", collection, *given, "-o", tmp_path / "two.bmp").exit_code == 0
    assert Image.open(tmp_path / "two.bmp").format == "BMP"
    assert same(tmp_path / "two.bmp", collection, 2)
    assert run("decompress", collection, *given, "-c").stdout_bytes.startswith(b"\x89PNG")
    run("decompress", collection, "--index", "1:3", "-o", tmp_path / "some")
    assert files_of(tmp_path / "some") == ["digits/1.png", "digits/2.png"]


def test_one_picture_of_an_archive_goes_to_a_file(run: Run, digits: list[Path], tmp_path: Path) -> None:
    data = vlae_codec.compress_many(digits, "mnist", names=[digit.name for digit in digits], effort=1)
    (tmp_path / "all.vlz").write_bytes(data)
    run("decompress", tmp_path / "all.vlz", "--name", "7.png", "-o", tmp_path / "seven.png")
    assert same(tmp_path / "seven.png", tmp_path / "all.vlz", 7)
    assert "no picture of the archive is called x" in run("decompress", tmp_path / "all.vlz", "--name", "x").stderr


def test_a_damaged_picture_is_passed_over_if_asked(run: Run, collection: Path, tmp_path: Path) -> None:
    data = bytearray(collection.read_bytes())
    data[data.index(b"digits/1.png") + 12 + 8] ^= 1
    collection.write_bytes(data)
    result = run("decompress", collection, "-o", tmp_path / "out")
    assert result.exit_code == 1 and "damaged" in result.stderr
    result = run("decompress", collection, "-o", tmp_path / "out", "--keep-going", "--force")
    assert result.exit_code == 1 and "picture 1: " in result.stderr
    assert files_of(tmp_path / "out") == ["digits/0.png", "digits/2.png", "digits/3.png", "photo.png"]


def test_what_cannot_be_done_is_one_line(run: Run, collection: Path, digits: list[Path], tmp_path: Path) -> None:
    before = files_of(tmp_path)
    for arguments, says, code in (
        ((collection, "-c"), "give a folder", 1),
        ((collection, "--index", "9"), "names none of the 5 pictures", 1),
        ((collection, "--name", "9.png"), "no file of the collection is called 9.png", 1),
        ((collection, "--name", "9.png", "--index", "3"), "exclude one another", 2),
        ((collection, "--preview"), "for files of one picture", 2),
    ):
        result = run("decompress", *arguments)
        assert result.exit_code == code and says in result.stderr, arguments
    result = run("decompress", "-", stdin=collection.read_bytes())
    assert "name its file" in result.stderr
    assert files_of(tmp_path) == before


def test_urls_are_read(
    run: Run, collection: Path, digits: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory: Any = fsspec.filesystem("memory")
    data = vlae_codec.compress(digits[3])
    memory.pipe_file("/bucket/three.vlz", data)
    memory.pipe_file("/bucket/set.vlz", collection.read_bytes())
    monkeypatch.chdir(tmp_path)
    record = json.loads(run("info", "memory://bucket/three.vlz", "--json").stdout)
    assert (record["input"], record["file_bytes"]) == ("three.vlz", len(data))
    assert json.loads(run("info", "memory://bucket/set.vlz", "--json").stdout)["images"] == 5
    assert run("decompress", "memory://bucket/three.vlz").exit_code == 0
    assert np.array_equal(np.asarray(Image.open("three.png")), np.asarray(vlae_codec.decompress(data)))
    assert run("decompress", "memory://bucket/set.vlz", "--index", "4", "-o", "photo.png").exit_code == 0
    assert same(Path("photo.png"), collection, 4)
    assert "photo.jpg" in run("collect", "list", "memory://bucket/set.vlz").stdout
    assert run("collect", "extract", "memory://bucket/set.vlz", "-o", "out").stdout == "5 pictures\n"
    joined = "memory://bucket/all.vlz"
    assert run("collect", "join", "memory://bucket/set.vlz", collection, "-o", joined).stdout == "10 pictures\n"
    for arguments in (("memory://bucket/gone.vlz",), ("memory://",), ("nosuch://x/y.vlz",)):
        result = run("decompress", *arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
