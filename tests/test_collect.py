"""`vlae-collect`: make in processes, go on after a stop, join, append, list, extract, recover."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from vlae_codec.collections import Collection
from vlae_codec.collections.parts import keep_part

Run = Callable[..., Result]


@pytest.fixture
def folder(digits: list[Path], tmp_path: Path) -> Path:
    """Ten digits in two folders, a photograph, and a file that is none."""
    folder = tmp_path / "pictures"
    for number, digit in enumerate(digits):
        (folder / str(number % 2)).mkdir(parents=True, exist_ok=True)
        shutil.move(digit, folder / str(number % 2))
    Image.fromarray(np.arange(1800, dtype=np.uint8).reshape(20, 30, 3)).save(folder / "photo.png")
    (folder / "0" / "bad.png").write_bytes(b"no picture")
    return folder


NAMES = ["photo.png", *(f"0/{n}.png" for n in range(0, 10, 2)), *(f"1/{n}.png" for n in range(1, 10, 2))]


@pytest.mark.parametrize("jobs", [1, 2])
def test_make(run: Run, folder: Path, tmp_path: Path, jobs: int) -> None:
    out = tmp_path / "set.vlz"
    result = run(
        "collect", "make", folder, "-o", out, "--effort", 1, "--part", 4, "-j", jobs, "--json",
        "--errors", tmp_path / "errors.jsonl",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "0/bad.png: not an image" in result.stderr
    (bad,) = map(json.loads, (tmp_path / "errors.jsonl").read_text().splitlines())
    assert bad["name"] == "0/bad.png"
    record = json.loads(result.stdout)
    assert (record["pictures"], record["failed"], record["parts"], record["reused"]) == (11, 1, 3, 0)
    collection = Collection(out)
    assert list(collection.names()) == NAMES
    assert record["bytes"] == out.stat().st_size
    for number, name in enumerate(NAMES):
        assert collection.file(number)[1] == vlae_codec.compress(folder / name, effort=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["errors.jsonl", "pictures", "set.vlz"]
    assert "exists" in run("collect", "make", folder, "-o", out).stderr


def test_a_stopped_job_goes_on(run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("collect", "make", folder, "-o", tmp_path / "set.vlz", "--effort", 1, "--part", 4, "--json")
    calls = list[int]()

    def stopped(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return keep_part(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("vlae_codec.collections.inputs.keep_part", stopped)
    assert run(*given).exit_code == 130
    assert not (tmp_path / "set.vlz").exists()
    monkeypatch.setattr("vlae_codec.collections.inputs.keep_part", keep_part)
    result = run(*given)
    record = json.loads(result.stdout)
    assert (record["pictures"], record["parts"], record["reused"]) == (11, 3, 2)
    assert "0/bad.png" in result.stderr


def test_join_append_list_extract(run: Run, folder: Path, tmp_path: Path) -> None:
    one, two, both = tmp_path / "one.vlz", tmp_path / "two.vlz", tmp_path / "both.vlz"
    (folder / "0" / "bad.png").unlink()
    run("collect", "make", folder / "0", folder / "photo.png", "-o", one, "--effort", 1)
    run("collect", "make", folder / "1", "-o", two, "--effort", 1)
    assert run("collect", "join", one, two, "-o", both).stdout == "11 pictures\n"
    assert run("collect", "append", one, two).stdout == "11 pictures\n"
    assert [*Collection(one).names()] == [*Collection(both).names()]
    rows = [json.loads(line) for line in run("collect", "list", both, "--json").stdout.splitlines()]
    assert [row["number"] for row in rows] == list(range(11))
    assert rows[5]["name"] == "photo.png"
    assert run("collect", "extract", both, "-o", tmp_path / "out", "--index", "4:7").stdout == "3 pictures\n"
    found = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert found == ["1.png", "8.png", "photo.png"]
    assert Image.open(tmp_path / "out" / "photo.png").size == (30, 20)
    assert "exists" in run("collect", "extract", both, "-o", tmp_path / "out", "--index", "4").stderr
    whole = both.read_bytes()
    both.write_bytes(whole[:-30])
    assert "no index at its end" in run("collect", "list", both).stderr
    assert run("collect", "recover", both).exit_code == 0
    assert [*Collection(both).names()] == [*Collection(one).names()]


def test_what_cannot_be_done_is_one_line(run: Run, tmp_path: Path) -> None:
    for arguments, says in (
        (("make", tmp_path, "-o", tmp_path / "x.vlz"), "no pictures of a known kind"),
        (("make", tmp_path, "-o", tmp_path / "x.vlz", "-m", "nosuch"), "nosuch"),
        (("join", tmp_path / "gone.vlz", "-o", tmp_path / "x.vlz"), "no such file"),
    ):
        result = run("collect", *arguments)
        assert result.exit_code == 1
        assert says in result.stderr and result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
