"""The examples of docs/collections.md run, each in a fresh interpreter, as far as the libraries are there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from click.testing import Result

from vlae_codec.collections import encode_part

PAGE = Path(__file__).resolve().parents[1] / "docs" / "collections.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
(LINES,) = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
LIBRARIES = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the page describes it."""
    digits = Path(shutil.copytree(str(resources.files("vlae_cli") / "digits"), tmp_path / "digits"))
    paths = sorted(digits.glob("*.png"))
    (tmp_path / "set.vlz").write_bytes(encode_part(paths, effort=1, names=[path.name for path in paths]))
    return tmp_path


@pytest.mark.slow
def test_lines(run: Callable[..., Result], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for line in LINES.splitlines():
        command, *arguments = shlex.split(line, comments=True)
        result = run(command.removeprefix("vlae-"), *arguments)
        assert result.exit_code == 0, (line, result.stderr)
    assert len(list((folder / "some").iterdir())) == 4 and (folder / "seven.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: "-".join(sorted(set(LIBRARIES.findall(example)))))
def test_examples(example: str, folder: Path) -> None:
    for library in LIBRARIES.findall(example):
        pytest.importorskip(library)
    found = os.pathsep.join(filter(None, sys.path))
    environment = os.environ | {"PYTHONPATH": found, "HF_HOME": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "print" not in example
