"""Ray Data codes columns of pictures on a local cluster, loses nothing when a worker dies, and writes collections."""

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

ray = pytest.importorskip("ray")
pytest.importorskip("ray.data")
from vlae_codec.engines import ray as engine  # noqa: E402

pytestmark = pytest.mark.slow
MODEL: dict[str, Any] = {"model": "mnist", "lossless": True, "binarise": True, "effort": 1}


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=1 << 28, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def data_of(digits: list[Path], bad: bool = False) -> Any:
    rows = [{"name": f"{n:02d}", "image": digits[n % 10].read_bytes()} for n in range(30)]
    if bad:
        rows[17]["image"] = b"no picture"
    return ray.data.from_items(rows, override_num_blocks=6)


def by_name(dataset: Any) -> dict[str, Any]:
    return {row["name"]: row for row in dataset.take_all()}


def test_there_and_back(digits: list[Path]) -> None:
    files = engine.compress(data_of(digits, bad=True), batch_size=5, workers=2, **MODEL)
    found = by_name(files)
    assert len(found) == 30
    for number in range(30):
        row = found[f"{number:02d}"]
        expected = None if number == 17 else vlae_codec.compress(digits[number % 10], **MODEL)
        assert row["image"] == expected
        assert ("not an image" in row["error"]) == (number == 17)
    back = by_name(engine.decompress(files.materialize(), workers=1))
    for number in range(30):
        row = back[f"{number:02d}"]
        if number == 17:
            assert row["image"].size == 0 and "not an image" in row["error"]
            continue
        ink = np.asarray(Image.open(digits[number % 10]).convert("L")) >= 128
        assert np.array_equal(row["image"][:, :, 0] == 255, ink)


def test_a_killed_worker_costs_nothing(digits: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "killed"

    class Killed(engine.Worker):
        """Dies once, in the middle of the job."""

        def __call__(self, batch: Any) -> Any:
            if "15" in batch["name"] and not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(batch)

    monkeypatch.setattr(engine, "Worker", Killed)
    found = by_name(engine.compress(data_of(digits), batch_size=5, workers=2, **MODEL))
    assert marker.exists()
    expected = [vlae_codec.compress(digit, **MODEL) for digit in digits]
    assert [found[f"{number:02d}"]["image"] for number in range(30)] == expected * 3


def test_the_command_collects_by_ray(run: Callable[..., Result], digits: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set.vlz"
    (tmp_path / "bad.png").write_bytes(b"no picture")
    given = ("collect", "make", *digits, tmp_path / "bad.png", "-o", out, "--effort", 1, "--part", 4, "--json")
    result = run(*given, "--engine", "ray", "--jobs", 2)
    assert result.exit_code == 1
    assert "bad.png: not an image" in result.stderr
    assert json.loads(result.stdout)["pictures"] == 10
    assert list(Collection(out).names()) == [f"{number}.png" for number in range(10)]
    assert Collection(out).file(7)[1] == vlae_codec.compress(digits[7], effort=1)
    assert not out.with_name("set.vlz.parts").exists()


def test_a_collection_is_written_and_a_stopped_run_goes_on(digits: list[Path], tmp_path: Path) -> None:
    path = str(tmp_path / "set.vlz")
    given: dict[str, Any] = {"names": "name", "batch_size": 5, "workers": 2, **MODEL}
    report = engine.collect(data_of(digits, bad=True), path, **given)
    assert (report.pictures, report.parts, report.reused) == (29, 6, 0)
    assert [name for name, _ in report.failed] == ["17"]
    assert report.bytes == Path(path).stat().st_size
    collection = Collection(path)
    assert list(collection.names()) == [f"{number:02d}" for number in range(30) if number != 17]
    assert collection.file(3)[1] == vlae_codec.compress(digits[3], **MODEL)
    with pytest.raises(VlaeError, match="exists"):
        engine.collect(data_of(digits), path, **given)
    before = Path(path).read_bytes()
    Path(path).unlink()
    sorted(Path(f"{path}.parts").glob("*.vlz"))[2].unlink()
    again = engine.collect(data_of(digits, bad=True), path, **given)
    assert (again.reused, again.failed) == (5, report.failed)
    assert Path(path).read_bytes() == before
