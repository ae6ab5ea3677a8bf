"""What needs torch says so in one line where it is not installed; what does not, works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

ROOT = Path(__file__).resolve().parents[1]
Run = Callable[..., Result]


def without_torch(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A module as a process of its own that cannot import torch."""
    (folder / "block").mkdir(exist_ok=True)
    (folder / "block" / "torch.py").write_text("raise ModuleNotFoundError('No module named torch', name='torch')")
    paths = [str(folder / "block"), *filter(None, sys.path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    call = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(call, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "arguments", [["train", "mnist"], ["evaluate", "mnist"], ["export", "mnist", "--out", "nowhere-to-go"]]
)
def test_commands_that_need_it_say_so(tmp_path: Path, arguments: list[str]) -> None:
    done = without_torch(tmp_path, "vlae_cli", *arguments, "--data", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"python -m vlae_cli {arguments[0]}: this needs torch, which is not installed: pip install 'vlae-codec[train]'"
    ]


def test_measurements_say_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "render.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("bench", "mnist", "--data", tmp_path)
    assert result.exit_code == 1 and "this needs torch" in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.skipif(not (ROOT / "benchmarks").is_dir(), reason="No module named benchmarks")
def test_pages_and_the_report_need_no_torch(tmp_path: Path) -> None:
    pytest.importorskip("markdown")  # of the bench extra, as matplotlib
    assert without_torch(tmp_path, "benchmarks.render", "--check").returncode in (0, 1)
    done = without_torch(tmp_path, "benchmarks.report", tmp_path / "report")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "report" / "index.html").is_file()


def test_other_missing_modules_are_errors_of_ours(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'ours'", name="ours")

    monkeypatch.setattr("vlae_codec.io.files.read_by_head", fail)
    with pytest.raises(ModuleNotFoundError):
        run("info", tmp_path / "a.vlz")
