"""What vlae-compare says of two pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from PIL import Image

Run = Callable[..., Result]


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def figures(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    return save(tmp_path / "grey.png", np.full((40, 30), 100, np.uint8))


def test_a_known_error_has_its_psnr(run: Run, grey: Path, tmp_path: Path) -> None:
    other = save(tmp_path / "other.png", np.full((40, 30, 3), 102, np.uint8))
    found = figures(run("compare", grey, other, "--json"))
    assert found["psnr"] == pytest.approx(10 * np.log10(255**2 / 4))
    assert (found["mean_error"], found["max_error"], found["identical"]) == (2, 2, False)
    assert found["other_bpp"] == 8 * other.stat().st_size / 1200
    assert found["ms_ssim"] == pytest.approx(1, abs=1e-3)


def test_a_picture_beside_itself(run: Run, grey: Path) -> None:
    found = figures(run("compare", grey, grey, "--json"))
    assert found["identical"] and found["psnr"] is None and found["ms_ssim"] == pytest.approx(1)
    assert "no difference" in run("compare", grey, grey).stdout


def test_a_picture_beside_its_file(run: Run, digits: list[Path], tmp_path: Path) -> None:
    run("compress", digits[3], "--lossless", "--binarise", "-o", tmp_path / "3.vlz")
    with Image.open(digits[3]) as image:
        save(tmp_path / "round.png", np.where(np.asarray(image.convert("L")) >= 128, 255, 0).astype(np.uint8))
    assert figures(run("compare", tmp_path / "round.png", tmp_path / "3.vlz", "--json"))["identical"]


def test_the_difference_lies_around_grey(run: Run, grey: Path, tmp_path: Path) -> None:
    other = save(tmp_path / "other.png", np.full((40, 30), 103, np.uint8))
    assert run("compare", grey, other, "--diff", tmp_path / "diff.png", "--gain", 5).exit_code == 0
    with Image.open(tmp_path / "diff.png") as image:
        assert set(np.asarray(image).reshape(-1)) == {128 + 15}
    again = run("compare", grey, other, "--diff", tmp_path / "diff.png")
    assert again.exit_code == 1 and "force" in again.stderr
    assert run("compare", grey, other, "--diff", grey, "--force").exit_code == 1
    assert run("compare", grey, other, "--diff", tmp_path / "diff.txt").exit_code == 1


def test_lost_transparency_is_a_difference(run: Run, tmp_path: Path) -> None:
    clear = save(tmp_path / "clear.png", np.tile(np.array([255, 255, 255, 0], np.uint8), (9, 9, 1)))
    solid = save(tmp_path / "solid.png", np.full((9, 9, 3), 255, np.uint8))
    found = figures(run("compare", clear, solid, "--json"))
    assert (found["max_error"], found["alpha_max_error"], found["identical"]) == (0, 255, False)


def test_small_pictures_have_no_figure_that_means_nothing(run: Run, tmp_path: Path) -> None:
    one, two = (save(tmp_path / f"{level}.png", np.full((1, 5), level, np.uint8)) for level in (1, 2))
    found = figures(run("compare", one, two, "--json"))
    assert found["ms_ssim"] is found["ssimulacra2"] is None
    assert run("compare", one, two).exit_code == 0


def test_ssimulacra2_if_it_is_installed(run: Run, grey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = save(tmp_path / "other.png", np.full((40, 30), 110, np.uint8))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert figures(run("compare", grey, other, "--json"))["ssimulacra2"] is None
    assert "pip install ssimulacra2" in run("compare", grey, other).stdout
    monkeypatch.undo()
    pytest.importorskip("ssimulacra2")
    assert figures(run("compare", grey, grey, "--json"))["ssimulacra2"] == pytest.approx(100)


@pytest.mark.parametrize("kind", ["size", "missing", "text", "archive"])
def test_what_cannot_be_compared_is_one_line(run: Run, grey: Path, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    if kind == "size":
        other = save(tmp_path / "small.png", np.zeros((5, 5), np.uint8))
    elif kind == "text":
        other.write_text("hello")
    elif kind == "archive":
        other.write_bytes(b"\xd6\x5a\x16" + bytes(20))
    result = run("compare", grey, other)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1 and str(other) in result.stderr
