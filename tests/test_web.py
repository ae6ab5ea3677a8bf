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

import numpy as np
import pytest

from vlae_codec.families.stored import predicted
from vlae_codec.families.stored.container import PREDICTED, StoredFile, write_file
from vlae_codec.io.images import Pixels

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
NODE = shutil.which("node")
SLOW = ("archive", "browsers", "damage")
MOST = 72_000
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


def _drawn(height: int, width: int, channels: int) -> Pixels:
    """Return slopes of the sine with noise in (H, W, C), flat and pure noise in parts; channels are related."""
    rng = np.random.default_rng(height * width + channels)
    rows, columns = np.mgrid[:height, :width]
    base = 128 + 90 * np.sin(rows / 7) * np.cos(columns / 11) + rng.normal(0, 3, (height, width))
    samples = base[:, :, None] + rng.normal(0, 2, (height, width, channels)) + 9 * np.arange(channels)
    found: Pixels = np.clip(samples, 0, 255).astype(np.uint8)
    found[height // 2 :, : width // 3] = 77
    found[: height // 3, width // 2 :] = rng.integers(0, 256, found[: height // 3, width // 2 :].shape)
    return found


def _decode(folder: Path, built: Path, data: bytes) -> tuple[bytes, str]:
    """Return what Node writes for a file, nothing if it refuses it, and what it says."""
    (folder / "in.vlz").write_bytes(data)
    call = [str(NODE), str(WEB / "decode.js"), str(folder / "in.vlz"), str(folder / "out.pam")]
    done = subprocess.run(call, env=os.environ | {"VLAE_WEB": str(built)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == (1 if done.stderr else 0), done.stderr
    return b"" if done.stderr else (folder / "out.pam").read_bytes(), done.stderr


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (60, 45, 1), (60, 45, 2), (60, 45, 3), (45, 60, 4), (3, 40, 3), (40, 3, 3), (1, 70, 3), (2, 9, 4)],
)
def test_predicted_samples_come_back(built: Path, tmp_path: Path, shape: tuple[int, int, int]) -> None:
    samples, (height, width, channels) = _drawn(*shape), shape
    data, _ = predicted.encode(samples)
    file = StoredFile(channels < 3, channels in (2, 4), height, width, data, False, PREDICTED)
    found, _ = _decode(tmp_path, built, write_file(file))
    assert found.partition(b"ENDHDR\n")[2] == samples.tobytes()


@pytest.mark.parametrize(
    ("size", "length", "deep", "said"),
    [
        ((4096, 4096), 476, False, "too few"), ((65536, 8), 4096, False, "too thin"),
        ((9, 9), 10, False, "whole words"), ((9, 9), 8, True, "exclude one another"),
    ],
)  # fmt: skip
def test_damaged_predictions_are_refused(
    built: Path, tmp_path: Path, size: tuple[int, int], length: int, deep: bool, said: str
) -> None:
    file = StoredFile(True, False, *size, bytes(length), deep, PREDICTED)
    found, error = _decode(tmp_path, built, write_file(file))
    assert not found
    assert said in error
    assert error.count("\n") == 1
