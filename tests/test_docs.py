"""Every command in the documentation works: shell blocks of each page are run one after the other in one folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SOURCE = re.compile(r"`((?:tests|benchmarks|vlae_codec|families|container|exact|model)/[a-z_/]+\.py)`")
"""Files of source that a page names, from the root of the repository or of the codec."""
BY_CI = re.compile(r"^(make|pip install) ")
"""Commands that .ci/run or .ci/wheel runs itself: they make environments."""


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_pages_keep_no_marks_of_a_merge(page: Path) -> None:
    assert not re.search(r"^(<{7}|>{7}) ", page.read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_source_that_pages_name_is_there(page: Path) -> None:
    for name in SOURCE.findall(page.read_text()):
        assert (ROOT / name).exists() or (ROOT / "vlae_codec" / name).exists(), name


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment whose commands are those of this checkout, in a folder with some digits."""
    (tmp_path / "bin").mkdir()
    for name in re.findall(r"^vlae-([a-z]+) =", (ROOT / "pyproject.toml").read_text(), re.MULTILINE):
        script = tmp_path / "bin" / f"vlae-{name}"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vlae_cli {name} "$@"\n')
        script.chmod(0o755)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    shutil.copytree(str(resources.files("vlae_cli") / "digits"), tmp_path / "digits")
    shutil.copy(tmp_path / "digits" / "3.png", tmp_path / "digit.png")
    rows, columns = np.mgrid[:40, :56]
    grain = np.random.default_rng(0).integers(0, 12, rows.shape)
    levels = np.stack([rows * 6, columns * 4, 255 - rows * 3 - columns], axis=-1) - grain[:, :, None]
    levels = np.clip(levels, 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(tmp_path / "photo.jpg")
    paths = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    found = os.pathsep.join(filter(None, sys.path))
    own = {"VLAE_MODELS": str(tmp_path / "models"), "HOME": str(tmp_path)}
    return os.environ | {"PATH": paths, "PYTHONPATH": found} | own


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_commands(page: Path, shell: dict[str, str], tmp_path: Path) -> None:
    if "vlae-train" in page.read_text():
        pytest.importorskip("torch")
    for block in blocks(page):
        lines = [line for line in block.splitlines() if not BY_CI.match(line)]
        script = "\n".join(["set -eu", *lines])
        call = ["bash", "-c", script]
        done = subprocess.run(call, cwd=tmp_path, env=shell, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{block}\n{done.stderr}"


def test_what_ci_runs_itself_is_in_ci() -> None:
    script = "\n".join((ROOT / ".ci" / name).read_text() for name in ("run", "wheel"))
    lines = [line for page in PAGES for block in blocks(page) for line in block.splitlines() if BY_CI.match(line)]
    assert lines
    for line in lines:
        program, verb = line.split()[:2]
        assert re.search(rf"{program}\b.* {verb}\b", script), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"(?:\]\(|src=\")([^)#:\"]+)[)\"]", page.read_text()):
        assert (page.parent / target).exists(), target


def test_python_examples_of_the_readme(tmp_path: Path, shell: dict[str, str]) -> None:
    examples = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, env=shell, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
