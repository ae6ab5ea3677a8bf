"""The examples of docs/collections.md run, each in a fresh interpreter, as far as the libraries are there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from vlae_codec.collections import encode_part

PAGE = Path(__file__).resolve().parents[1] / "docs" / "collections.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
LIBRARIES = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: "-".join(sorted(set(LIBRARIES.findall(example)))))
def test_examples(example: str, tmp_path: Path) -> None:
    for library in LIBRARIES.findall(example):
        pytest.importorskip(library)
    digits = Path(shutil.copytree(str(resources.files("vlae_cli") / "digits"), tmp_path / "digits"))
    paths = sorted(digits.glob("*.png"))
    (tmp_path / "set.vlz").write_bytes(encode_part(paths, effort=1, names=[path.name for path in paths]))
    found = os.pathsep.join(filter(None, sys.path))
    environment = os.environ | {"PYTHONPATH": found, "HF_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "print" not in example
