"""The page's decoder, run by Node: the same pixels as numpy's for golden files, and one sentence for damaged ones."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
NODE = shutil.which("node")
SLOW = ("archive", "browsers", "damage")
MOST = 66_000
"""Bytes of all script, gzipped."""

pytestmark = pytest.mark.skipif(NODE is None or not WEB.is_dir(), reason="needs node and the checkout's page")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static folder of the page."""
    out = tmp_path_factory.mktemp("web")
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "models", "cli"))
    environment = os.environ | {"PYTHONPATH": paths}
    call = [sys.executable, "-m", "web.build", str(out)]
    subprocess.run(call, check=True, cwd=ROOT, env=environment, timeout=300)
    return out


def test_models_are_named_by_the_hash_of_what_they_hold(built: Path) -> None:
    index = json.loads((built / "models" / "index.json").read_text())
    names = {*index["models"], *index["tables"].values()}
    assert {path.name for path in (built / "models").glob("*.gz")} == {f"{name}.bin.gz" for name in names}
    for name in names:
        data = gzip.decompress((built / "models" / f"{name}.bin.gz").read_bytes())
        assert hashlib.sha256(data).hexdigest() == name


def test_the_script_is_small(built: Path) -> None:
    scripts = b"".join(path.read_bytes() for path in sorted((built / "js").rglob("*.js")))
    assert len(gzip.compress(scripts, 9)) < MOST


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem.split(".")[0] in SLOW else [])
        for path in sorted((WEB / "test").glob("*.test.js"))
    ],
)
def test_of_the_page(path: Path, built: Path) -> None:
    done = subprocess.run(
        [str(NODE), "--test", str(path)],
        env=os.environ | {"VLAE_WEB": str(built)}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
