"""`vlae-collect make` of tars and Parquet files, of parts that an earlier run left, and of what cannot be done."""

from __future__ import annotations

import errno
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import vlae_codec
from vlae_codec.collections import Collection
from vlae_codec.collections.parts import PartTask, keep_part

Run = Callable[..., Result]


def write_tar(path: Path, members: dict[str, bytes], mode: Any = "w") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_tars_give_their_pictures(run: Run, digits: list[Path], tmp_path: Path) -> None:
    members = {f"{number:03d}.png": digit.read_bytes() for number, digit in enumerate(digits)}
    members |= {"003.cls": b"3", "bad.png": b"no picture", "../out.png": digits[0].read_bytes()}
    tar, out = write_tar(tmp_path / "shard.tar", members), tmp_path / "set.vlz"
    result = run("collect", "make", tar, digits[2], "-o", out, "--effort", 1, "--part", 4, "--json")
    assert result.exit_code == 1
    assert "bad.png: not an image" in result.stderr and "../out.png: " in result.stderr
    assert json.loads(result.stdout)["failed"] == 2
    found = Collection(out)
    assert list(found.names()) == [*(f"{number:03d}.png" for number in range(10)), "2.png"]
    assert found.file(7)[1] == vlae_codec.compress(digits[7], effort=1)


@pytest.mark.parametrize("struct", [False, True])
def test_parquet_columns_give_their_pictures(run: Run, digits: list[Path], tmp_path: Path, struct: bool) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    pictures: list[Any] = [digit.read_bytes() for digit in digits]
    pictures[3] = None
    cells = [{"bytes": data, "path": "x"} for data in pictures] if struct else pictures
    table = pyarrow.table({"image": cells, "id": [f"id-{number}" for number in range(10)], "label": range(10)})
    parquet.write_table(table, tmp_path / "train.parquet", row_group_size=6)
    given = ("collect", "make", tmp_path / "train.parquet", "--effort", 1, "--part", 4)
    result = run(*given, "-o", tmp_path / "set.vlz")
    assert result.exit_code == 1
    assert "train/00000003: no picture" in result.stderr
    found = Collection(tmp_path / "set.vlz")
    assert list(found.names()) == [f"train/{number:08d}" for number in range(10) if number != 3]
    assert [found.file(number)[1] for number in (2, 6)] == [vlae_codec.compress(digits[n], effort=1) for n in (2, 7)]
    run(*given, "-o", tmp_path / "named.vlz", "--name-column", "id")
    assert Collection(tmp_path / "named.vlz").name(8) == "id-9"
    assert (
        "has no column picture: it has image, id, label"
        in run(*given, "-o", tmp_path / "x.vlz", "--column", "picture").stderr
    )


def test_urls_give_their_pictures(run: Run, digits: list[Path], tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    memory = fsspec.filesystem("memory")
    write_tar(tmp_path / "shard.tar", {"t.png": digits[3].read_bytes()})
    parquet.write_table(pyarrow.table({"image": [digits[4].read_bytes()]}), tmp_path / "rows.parquet")
    for name in ("shard.tar", "rows.parquet"):
        memory.pipe_file(f"/made/{name}", (tmp_path / name).read_bytes())
    for place, digit in (("deep/0.png", 0), ("1.png", 1)):
        memory.pipe_file(f"/made/folder/{place}", digits[digit].read_bytes())
    memory.pipe_file("/made/folder/notes.txt", b"no picture")
    inputs = [f"memory://made/{name}" for name in ("folder", "folder/1.png", "gone.png", "shard.tar", "rows.parquet")]
    result = run("collect", "make", *inputs, digits[2], "-o", "memory://made/set.vlz", "--effort", 1, "--part", 2)
    assert result.exit_code == 1 and "gone.png: [Errno 2] No such file" in result.stderr, result.stderr
    found = Collection("memory://made/set.vlz")
    assert list(found.names()) == ["1.png", "deep/0.png", "1.png", "t.png", "rows/00000000", "2.png"]
    expected = [vlae_codec.compress(digits[number], effort=1) for number in (1, 0, 1, 3, 4, 2)]
    assert [found.file(number)[1] for number in range(6)] == expected
    assert not memory.exists("/made/set.vlz.parts")


def test_what_cannot_be_read_is_one_line(run: Run, digits: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    write_tar(tmp_path / "packed.tar", {"a.png": digits[0].read_bytes()}, "w:gz")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing")
    before = sorted(tmp_path.iterdir())
    for name, says in (("packed.tar", "no uncompressed tar"), ("bad.parquet", "no Parquet file")):
        result = run("collect", "make", tmp_path / name, "-o", tmp_path / "x.vlz")
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert says in result.stderr
    assert run("collect", "make", digits[0], "-o", tmp_path / "x.vlz", "--column", "image").exit_code == 2
    assert sorted(tmp_path.iterdir()) == before


def test_a_half_written_part_is_made_again(digits: list[Path], tmp_path: Path) -> None:
    task = PartTask(str(tmp_path / "parts"), "mnist", {"effort": 1})
    pictures = [digit.read_bytes() for digit in digits[:3]]
    first = keep_part(task, pictures, None)
    whole = Path(first.path).read_bytes()
    assert keep_part(task, pictures, None).reused
    for damaged in (whole[:-1], b"", whole[:40]):
        Path(first.path).write_bytes(damaged)
        assert not keep_part(task, pictures, None).reused
        assert Path(first.path).read_bytes() == whole


def test_a_part_of_another_model_version_is_made_again(
    digits: list[Path], tmp_path: Path, install: Callable[..., Path]
) -> None:
    folder = install("fake")
    task = PartTask(str(tmp_path / "parts"), "fake")
    first = keep_part(task, [digits[0].read_bytes()], None)
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(about | {"fingerprint": 32 * "5a"}))
    again = keep_part(task, [digits[0].read_bytes()], None)
    assert not again.reused
    assert Collection(again.path).models() == ["5a5a5a"] != Collection(first.path).models()


def test_a_full_disk_stops_the_job_which_goes_on_later(
    run: Run, digits: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, replace, calls = tmp_path / "set.vlz", os.replace, list[int]()
    given = ("collect", "make", *digits, "-o", out, "--effort", 1, "--part", 4, "--json")

    def full(*paths: Any) -> None:
        calls.append(1)
        if len(calls) == 4:  # a part and the note beside it take two
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(*paths)

    monkeypatch.setattr(os, "replace", full)
    result = run(*given)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "cannot be written: No space left on device" in result.stderr
    assert not out.exists() and not list(tmp_path.glob("**/*.tmp"))
    monkeypatch.setattr(os, "replace", replace)
    assert json.loads(run(*given).stdout)["reused"] == 1
    assert len(Collection(out)) == 10
