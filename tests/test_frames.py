"""Animations and documents of several pages: the first frame with a notice, one of them, or all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from PIL import Image

import vlae_codec

Run = Callable[..., Result]


def page(number: int, side: int = 28) -> NDArray[np.uint8]:
    """A bar that stands further to the right on each page."""
    out = np.zeros((side, side), np.uint8)
    out[4 : side - 4, 3 + 5 * number : 6 + 5 * number] = 255
    return out


@pytest.fixture(params=["gif"])
def animation(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Four frames of black and white."""
    path = tmp_path / f"moving.{request.param}"
    first, *others = (Image.fromarray(page(number)) for number in range(4))
    first.save(path, save_all=True, append_images=others, lossless=True)  # which the others pass over
    return path


def drawn(path: Path) -> NDArray[np.uint8]:
    return np.asarray(vlae_codec.decompress(path.read_bytes()).convert("L"))


EXACT = ("--lossless", "--binarise", "-m", "mnist")


def test_the_first_with_a_notice(run: Run, animation: Path, tmp_path: Path) -> None:
    result = run("compress", animation, *EXACT)
    assert "only the first of 4 frames is read (--frame" in result.stderr
    np.testing.assert_array_equal(drawn(tmp_path / "moving.vlz"), page(0))
    assert run("compress", animation, "--lossless", "-m", "mnist", "--force").exit_code == 1


@pytest.mark.parametrize("animation", ["gif", "png", "webp", "tif"], indirect=True)
def test_one_of_them(run: Run, animation: Path, tmp_path: Path) -> None:
    result = run("compress", animation, *EXACT, "--frame", 2)
    assert (result.exit_code, "frames" in result.stderr) == (0, False)
    np.testing.assert_array_equal(drawn(tmp_path / "moving.vlz"), page(2))
    result = run("compress", animation, *EXACT, "--frame", 4, "--force")
    assert result.exit_code == 1 and "frame 4 of a file of 4" in result.stderr


def test_all_into_files(run: Run, animation: Path, tmp_path: Path) -> None:
    Image.fromarray(page(1)).save(tmp_path / "still.png")
    result = run("compress", animation, tmp_path / "still.png", *EXACT, "--all-frames", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    names = [f"moving-000{number}.vlz" for number in range(4)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [*names, "still.vlz"]
    for number, name in enumerate(names):
        np.testing.assert_array_equal(drawn(tmp_path / "out" / name), page(number))


def test_all_into_an_archive(run: Run, animation: Path, tmp_path: Path) -> None:
    out = tmp_path / "set.vlz"
    result = run("compress", animation, "-m", "mnist", "--all-frames", "--lossless", "--binarise", "--names", "-o", out)
    assert result.exit_code == 0, result.output
    found = [np.asarray(image.convert("L")) for image in vlae_codec.decompress_many(out)]
    np.testing.assert_array_equal(found, [page(number) for number in range(4)])
    assert run("decompress", out, "-o", tmp_path / "again").exit_code == 0
    assert (tmp_path / "again" / "moving-0003.png").is_file()


def test_pages_of_several_sizes(run: Run, tmp_path: Path) -> None:
    pages = [Image.fromarray(page(number, 28 + number)).convert("RGB") for number in range(3)]
    pages[0].save(tmp_path / "document.tif", save_all=True, append_images=pages[1:])
    assert run("compress", tmp_path / "document.tif", "-m", "photo", "--all-frames").exit_code == 0
    for number in range(3):
        assert vlae_codec.decompress(tmp_path / f"document-000{number}.vlz").size == (28 + number, 28 + number)


def test_a_tree_of_them(run: Run, animation: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(
        "compress",
        "-r",
        tmp_path,
        "--output-dir",
        out,
        "--all-frames",
        *EXACT,
    )
    assert result.exit_code == 0, result.output
    assert len(list(out.iterdir())) == 4


def test_wrong_usage(run: Run, animation: Path) -> None:
    assert run("compress", animation, "--frame", 1, "--all-frames").exit_code == 2
    assert run("compress", animation, "--frame", -1).exit_code == 2
    assert run("compress", "-", "--all-frames", stdin=b"").exit_code == 2
    result = run("compress", animation, "--all-frames", "-c", "-m", "mnist")
    assert result.exit_code == 1 and "4 frames, and the standard output takes one" in result.stderr
