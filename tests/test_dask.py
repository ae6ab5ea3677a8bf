"""Dask codes rows with pictures on a local cluster, loses nothing when a worker dies, and writes collections."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from vlae_codec.collections import Collection
from vlae_codec.errors import VlaeError

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pytest.importorskip("dask.bag")
from vlae_codec.engines import dask as engine  # noqa: E402

MODEL: dict[str, Any] = {"model": "mnist", "lossless": True, "binarise": True, "effort": 1}


@pytest.fixture
def client() -> Iterator[Any]:
    with distributed.Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as found:
        yield found


def bag_of(digits: list[Path], bad: bool = False) -> Any:
    rows = [{"name": f"{n:02d}", "image": digits[n % 10].read_bytes()} for n in range(12)]
    if bad:
        rows[7]["image"] = b"no picture"
    return dask.bag.from_sequence(rows, partition_size=4)


def test_there_and_back(digits: list[Path]) -> None:
    files = engine.compress(bag_of(digits, bad=True), **MODEL)
    back = engine.decompress(files)
    found, pictures = dask.compute(files, back, scheduler="synchronous")
    assert [row["name"] for row in found] == [f"{number:02d}" for number in range(12)]
    for number, (row, picture) in enumerate(zip(found, pictures, strict=True)):
        assert ("not an image" in row["error"]) == ("not an image" in picture["error"]) == (number == 7)
        if number == 7:
            assert row["image"] is None and picture["image"].size == 0
            continue
        assert row["image"] == vlae_codec.compress(digits[number % 10], **MODEL)
        ink = np.asarray(Image.open(digits[number % 10]).convert("L")) >= 128
        assert np.array_equal(picture["image"][:, :, 0] == 255, ink)


@pytest.mark.slow
def test_a_collection_is_written_and_a_stopped_run_goes_on(client: Any, digits: list[Path], tmp_path: Path) -> None:
    path, told = tmp_path / "set.vlz", list[tuple[int, int]]()
    given: dict[str, Any] = {"names": "name", "progress": lambda *step: told.append(step), **MODEL}
    report = engine.collect(bag_of(digits, bad=True), str(path), **given)
    assert (report.pictures, report.parts, report.reused, report.bytes) == (11, 3, 0, path.stat().st_size)
    assert [name for name, _ in report.failed] == ["07"]
    assert told == [(1, 3)] * 3
    names = [f"{number:02d}" for number in range(12) if number != 7]
    assert list(Collection(path).names()) == names
    with pytest.raises(VlaeError, match="exists"):
        engine.collect(bag_of(digits), str(path), **given)
    before = path.read_bytes()
    path.unlink()
    next(Path(f"{path}.parts").glob("*.vlz")).unlink()
    again = engine.collect(bag_of(digits, bad=True), str(path), **given)
    assert (again.reused, again.failed, path.read_bytes()) == (2, report.failed, before)


@pytest.mark.slow
def test_the_command_collects_by_dask(
    client: Any, run: Callable[..., Result], digits: list[Path], tmp_path: Path
) -> None:
    given = ("collect", "make", *digits, "--effort", 1, "--part", 4, "--json")
    result = run(*given, "-o", tmp_path / "set.vlz", "--engine", "dask")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["pictures"] == 10
    run(*given, "-o", tmp_path / "one.vlz")
    assert (tmp_path / "set.vlz").read_bytes() == (tmp_path / "one.vlz").read_bytes()


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(tmp_path: Path) -> None:
    marker = str(tmp_path / "killed")

    def work(number: int) -> int:
        if number == 3 and not os.path.exists(marker):
            open(marker, "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    assert list(engine.spread(work, range(8), 2)) == [number * number for number in range(8)]
    assert os.path.exists(marker)
