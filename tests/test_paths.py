"""Outputs: which folder, what of the input's mode and time, and inputs that share one or cannot be read."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

Run = Callable[..., Result]
LONG_AGO = 1_000_000_000_123_456_789


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def packed(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> Path:
    assert run("compress", digits[3], "-m", model_name, "-o", tmp_path / "x.vlz").exit_code == 0
    return tmp_path / "x.vlz"


def test_a_slash_at_the_end_makes_a_folder(run: Run, model_name: str, digits: list[Path], packed: Path) -> None:
    folder = packed.parent
    assert run("compress", digits[3], "-m", model_name, "-o", f"{folder}/new/").exit_code == 0
    assert run("compress", *digits[4:6], "-m", model_name, "-o", f"{folder}/set.vlz/").exit_code == 0
    assert run("decompress", packed, "-o", f"{folder}/again/deep/").exit_code == 0
    assert [(folder / name).is_file() for name in ("new/3.vlz", "set.vlz/4.vlz", "again/deep/x.png")] == [True] * 3
    result = run("decompress", packed, "-o", f"{packed}/")
    assert result.exit_code == 1 and "a file, and a folder is needed" in result.stderr


@pytest.mark.parametrize(("given", "wanted"), [(0o600, 0o600), (0o644, 0o644), (0o640, 0o640), (0o444, 0o644)])
def test_outputs_are_no_more_open_than_inputs(
    run: Run, model_name: str, digits: list[Path], packed: Path, given: int, wanted: int
) -> None:
    digits[3].chmod(given)
    packed.chmod(given)
    assert run("compress", digits[3], "-m", model_name).exit_code == 0
    assert run("decompress", packed).exit_code == 0
    assert (mode(packed.parent / "3.vlz"), mode(packed.parent / "x.png")) == (wanted, wanted)


def test_an_archive_is_as_closed_as_its_most_closed_input(run: Run, mnist: str, digits: list[Path]) -> None:
    digits[3].chmod(0o600)
    out = digits[0].parent / "set.vlz"
    assert run("compress", *digits[:4], "-m", mnist, "-o", out).exit_code == 0
    assert mode(out) == 0o600
    for place in ("some", "some.npy"):
        assert run("decompress", out, "-o", out.parent / place).exit_code == 0
    assert mode(out.parent / "some" / "0000.png") == mode(out.parent / "some.npy") == 0o600


def test_replaced_files_keep_links_and_modes(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real.vlz", tmp_path / "3.vlz"
    target.write_bytes(b"old")
    target.chmod(0o606)
    link.symlink_to(Path("elsewhere") / "real.vlz")
    assert run("compress", digits[3], "-m", model_name).exit_code == 1
    assert run("compress", digits[3], "-m", model_name, "--force").exit_code == 0
    assert link.is_symlink() and mode(target) == 0o606 and target.read_bytes() != b"old"
    assert os.listdir(tmp_path / "elsewhere") == ["real.vlz"]


def test_a_link_that_leads_nowhere_gets_its_file(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    link = tmp_path / "3.vlz"
    link.symlink_to("later.vlz")
    assert run("compress", digits[3], "-m", model_name).exit_code == 0
    assert link.is_symlink() and (tmp_path / "later.vlz").is_file()


@pytest.mark.parametrize("option", ["-p", "--preserve"])
def test_times_are_kept_if_wanted(run: Run, model_name: str, digits: list[Path], packed: Path, option: str) -> None:
    for path in (digits[3], packed):
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    assert run("compress", digits[3], "-m", model_name, option).exit_code == 0
    assert run("decompress", packed, option).exit_code == 0
    for name in ("3.vlz", "x.png"):
        assert abs((packed.parent / name).stat().st_mtime_ns - LONG_AGO) < 1000
    assert run("compress", digits[4], "-m", model_name).exit_code == 0
    assert (packed.parent / "4.vlz").stat().st_mtime_ns > LONG_AGO + 10**18 // 100


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="No module named mkfifo")
def test_devices_and_pipes_are_written_to(run: Run, model_name: str, digits: list[Path], packed: Path) -> None:
    for command, source in (("compress", digits[3]), ("decompress", packed)):
        assert run(command, source, "-o", "/dev/null").exit_code == 0
        pipe = packed.with_name(f"pipe-{command}")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        assert run(command, source, "-o", pipe).exit_code == 0
        assert os.read(reader, 100)
        os.close(reader)
        assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_twins_in_a_tree_stop_nothing(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(("a.png", "b.gif", "b.png", "c.png")):
        digits[number].rename(folder / name)
    result = run("compress", "-r", folder, "-m", model_name, "--output-dir", tmp_path / "out", "--json-lines")
    assert result.exit_code == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.vlz", "b.vlz", "c.vlz"}
    assert "b.png: " in result.stderr and result.stderr.splitlines()[-1].endswith("1 of 4 inputs failed")
    errors = [line for line in map(json.loads, result.stdout.splitlines()) if "error" in line]
    assert [line["input"] for line in errors] == [str(folder / "b.png")]


def test_folders_that_cannot_be_read_are_told_of(
    run: Run, model_name: str, digits: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    (folder / "locked").mkdir(parents=True)
    digits[1].rename(folder / "a.png")
    real = os.scandir

    def scandir(path: str) -> object:
        if os.fspath(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = run("compress", "-r", folder, "-m", model_name)
    assert result.exit_code == 1 and (folder / "a.vlz").is_file()
    assert f"{folder}/locked: the folder cannot be read: Permission denied" in result.stderr
    result = run("compress", "-r", folder / "locked", "-m", model_name)
    assert result.exit_code == 1 and len(result.stderr.splitlines()) == 1


def test_a_file_in_the_way_of_a_folder(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    digits[1].rename(tmp_path / "in" / "a.png")
    digits[2].rename(tmp_path / "in" / "deep" / "b.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").touch()
    result = run("compress", "-r", tmp_path / "in", "--output-dir", tmp_path / "out", "-m", model_name)
    assert result.exit_code == 1 and "cannot be made: File exists" in result.stderr
    assert (tmp_path / "out" / "a.vlz").is_file()


def test_good_ones_among_bad_ones(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    for name in ("bad.png", "worse.png"):
        (tmp_path / name).write_bytes(np.random.default_rng(1).bytes(99))
    result = run("compress", *sorted(tmp_path.glob("*.png")), "-m", model_name, "-q")
    assert (result.exit_code, len(list(tmp_path.glob("*.vlz")))) == (1, 10)
    assert result.stderr.splitlines()[-1] == "vlae-compress: 2 of 12 inputs failed"
    result = run("info", *tmp_path.glob("*.vlz"), tmp_path / "bad.png")
    assert result.exit_code == 1 and "1 of 11 inputs failed" in result.stderr


def test_a_file_that_cannot_be_read_stops_no_other(
    run: Run, model_name: str, digits: list[Path], packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, real = {digits[1].name, "locked.vlz"}, os.access
    packed.with_name("locked.vlz").touch()
    monkeypatch.setattr(
        os, "access", lambda path, *rest: Path(os.fspath(path)).name not in locked and real(path, *rest)
    )
    opened = io.open

    def refusing(file: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(file, str | os.PathLike) and Path(file).name in locked:
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, *arguments, **options)

    monkeypatch.setattr(io, "open", refusing)
    monkeypatch.setattr("builtins.open", refusing)
    for command, names in (("compress", digits[:3]), ("decompress", (packed, packed.with_name("locked.vlz")))):
        options = ("-m", model_name) if command == "compress" else ()
        result = run(command, *names, *options)
        assert result.exit_code == 1 and "Permission denied" in result.stderr
        assert result.stderr.splitlines()[-1].endswith(f"1 of {len(names)} inputs failed")
    assert (packed.parent / "0.vlz").is_file() and (packed.parent / "2.vlz").is_file()
    assert (packed.parent / "x.png").is_file()
