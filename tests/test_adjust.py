"""Backgrounds, other sizes, dry runs, and why a model was chosen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_codec.errors import ImageError
from vlae_codec.io.adjust import Size, adjusted, in_size, is_hidden_ink, laid_over, parse_colour, parse_size
from vlae_codec.io.images import Picture

Run = Callable[..., Result]
BAR = np.zeros((28, 28), np.uint8)
BAR[5:23, 12:16] = 255


def black_ink(path: Path) -> Path:
    Image.fromarray(np.dstack([np.zeros_like(BAR), BAR])).save(path)
    return path


def white_ink(path: Path) -> Path:
    Image.fromarray(np.dstack([np.full_like(BAR, 255), BAR])).save(path)
    return path


def drawn(path: Path) -> NDArray[np.uint8]:
    return np.asarray(vlae_codec.decompress(path).convert("L"))


@pytest.mark.parametrize(
    ("text", "wanted"), [("640x480", (640, 480)), ("640x", (640, None)), ("x7", (None, 7)), ("1X1", (1, 1))]
)
def test_sizes(text: str, wanted: tuple[int | None, int | None]) -> None:
    assert parse_size(text) == wanted


@pytest.mark.parametrize("text", ["", "x", "640", "0x5", "-1x5", "5x65537", "axb", "1x2x3", "nan x 5"])
def test_what_is_no_size(run: Run, text: str) -> None:
    with pytest.raises(ImageError):
        parse_size(text)
    assert run("compress", "a.png", f"--resize={text}").exit_code == 2


def test_colours(run: Run) -> None:
    assert parse_colour("white") == parse_colour("#fff") == (255, 255, 255)
    assert parse_colour("rgb(1, 2, 3)") == (1, 2, 3)
    for text in ("nothing", "#ffff0", "#11223344", ""):
        with pytest.raises(ImageError):
            parse_colour(text)
        assert run("compress", "a.png", f"--background={text}").exit_code == 2


def test_laying_over_mixes_by_alpha() -> None:
    grey = Picture(np.array([[200, 200, 200]], np.uint8), alpha=np.array([[0, 51, 255]], np.uint8))
    assert laid_over(grey, (100, 100, 100)).pixels.tolist() == [[100, 120, 200]]
    assert laid_over(grey, (100, 0, 255)).pixels.tolist() == [[[100, 0, 255], [120, 40, 244], [200, 200, 200]]]
    assert adjusted(grey, background=(0, 0, 0)).alpha is None


def test_proportions_are_kept() -> None:
    picture = Picture(np.zeros((100, 300), np.uint8))
    assert in_size(picture, Size(30, None)).size == (10, 30)
    assert in_size(picture, Size(None, 50)).size == (50, 150)
    assert in_size(picture, Size(7, 9)).size == (9, 7)
    assert in_size(picture, Size(1, None)).size == (1, 1)
    with pytest.raises(ImageError):
        in_size(picture, Size(None, 60000))


@pytest.mark.parametrize("channels", [1, 3])
def test_hidden_colours_do_not_bleed_when_resized(channels: int) -> None:
    pixels = np.full((40, 40, channels), 255, np.uint8)
    alpha = np.full((40, 40), 255, np.uint8)
    pixels[:, 20:], alpha[:, 20:] = 0, 0
    small = in_size(Picture(pixels[:, :, 0] if channels == 1 else pixels, alpha=alpha), Size(13, None))
    assert small.alpha is not None and small.pixels.ndim == (2 if channels == 1 else 3)
    shown = small.alpha > 20
    assert shown.any() and (small.pixels[shown] > 230).all()


def test_a_background_for_transparent_ink(run: Run, tmp_path: Path) -> None:
    ink = black_ink(tmp_path / "ink.png")
    result = run("compress", ink, "-m", "mnist")
    assert result.exit_code == 1 and "background" in result.stderr
    exact = ("--lossless", "-m", "mnist", "--force")
    assert run("compress", ink, *exact, "--background", "white").exit_code == 0
    np.testing.assert_array_equal(drawn(tmp_path / "ink.vlz"), 255 - BAR)
    assert run("compress", white_ink(ink), *exact, "--background", "#000").exit_code == 0
    np.testing.assert_array_equal(drawn(tmp_path / "ink.vlz"), BAR)


def test_dark_ink_on_transparency_goes_where_it_is_kept(run: Run, tmp_path: Path) -> None:
    ink = black_ink(tmp_path / "ink.png")
    result = run("compress", ink, "-v")
    assert result.exit_code == 0 and "pixels without a model" in result.stderr
    found = np.asarray(vlae_codec.decompress(tmp_path / "ink.vlz"))
    np.testing.assert_array_equal(found[:, :, -1], BAR)
    np.testing.assert_array_equal(np.asarray(vlae_codec.decompress(vlae_codec.compress(ink)))[:, :, -1], BAR)
    assert is_hidden_ink(Picture(np.zeros_like(BAR), alpha=BAR)) and not is_hidden_ink(Picture(np.zeros_like(BAR)))


def test_archives_lay_over_black_or_what_is_asked_for(run: Run, tmp_path: Path) -> None:
    paths = [white_ink(tmp_path / f"{name}.png") for name in "ab"]
    out = tmp_path / "set.vlz"
    for options, wanted in ([], BAR), (["--background", "white", "--force"], np.full_like(BAR, 255)):
        result = run("compress", *paths, "-m", "mnist", "--lossless", "--binarise", "-o", out, *options)
        assert result.exit_code == 0, result.output
        for image in vlae_codec.decompress_many(out):
            np.testing.assert_array_equal(np.asarray(image.convert("L")), wanted)
    with Image.open(paths[0]) as image:
        data = vlae_codec.compress_many([image], "mnist", lossless=True, binarise=True)
    np.testing.assert_array_equal(np.asarray(vlae_codec.decompress(data).convert("L")), BAR)


def test_resizing_comes_first(run: Run, tmp_path: Path) -> None:
    Image.fromarray(np.kron(BAR, np.ones((4, 4), np.uint8))).save(tmp_path / "large.png")
    result = run("compress", tmp_path / "large.png", "--resize", "28x", "-m", "mnist")
    assert result.exit_code == 0, result.output
    assert vlae_codec.decompress(tmp_path / "large.vlz").size == (28, 28)
    Image.new("RGB", (60, 40)).save(tmp_path / "colour.png")
    for option in ("--quality=50", "--lossless"):
        result = run("compress", tmp_path / "colour.png", "--resize", "30x10", option, "--force")
        assert vlae_codec.decompress(tmp_path / "colour.vlz").size == (30, 10)


def test_a_dry_run_writes_nothing(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    assert run("compress", digits[3], "-m", model_name, "-o", tmp_path / "x.vlz").exit_code == 0
    before = set(tmp_path.rglob("*"))
    real = run("compress", digits[4], "-m", model_name, "--json", "-n")
    assert json.loads(real.stdout)["images"][0]["file_bytes"] == 11
    for arguments in (
        ["compress", *digits[:3], "-m", model_name, "-o", f"{tmp_path}/new"],
        ["compress", digits[0], "-m", model_name, "-o", f"{tmp_path}/new/"],
        ["compress", "-r", tmp_path, "-m", model_name, "--output-dir", tmp_path / "deep" / "new"],
        ["decompress", tmp_path / "x.vlz"],
        ["decompress", tmp_path / "x.vlz", "-o", f"{tmp_path}/new/"],
    ):
        result = run(*arguments, "--dry-run")
        assert result.exit_code == 0, result.output
        assert "nothing was written" in result.stderr
        assert set(tmp_path.rglob("*")) == before
    assert run("compress", digits[3], "-m", model_name, "-o", tmp_path / "x.vlz", "-n").exit_code == 1


def test_a_dry_run_of_archives(run: Run, digits: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set.vlz"
    assert run("compress", *digits[:2], "-m", "mnist", "-o", out, "-n").exit_code == 0
    assert not out.exists()
    assert run("compress", *digits[:2], "-m", "mnist", "-o", out).exit_code == 0
    before = set(tmp_path.iterdir())
    for place in ("some", "some.npy"):
        assert run("decompress", out, "-o", tmp_path / place, "-n").exit_code == 0
    assert set(tmp_path.iterdir()) == before


def test_verbose_says_which_model_and_why(run: Run, digits: list[Path], tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    Image.fromarray(noise[:28, :28]).save(tmp_path / "small.png")
    Image.new("L", (40, 20), 99).save(tmp_path / "flat.png")
    Image.fromarray((np.indices((20, 60))[1] // 20 * 90).astype(np.uint8)).save(tmp_path / "stripes.png")
    for path, options, words in (
        (digits[3], [], "model mnist: without colour and of its size"),
        (digits[4], ["-m", "mnist"], "model mnist, as given"),
        (tmp_path / "small.png", [], "in colour"),
        (tmp_path / "noise.png", [], "for a lossy picture: 40 x 30, which no bilevel model takes"),
        (tmp_path / "noise.png", ["--lossless", "--force"], "pixels without a model"),
        (tmp_path / "flat.png", [], "model page: exact pixels, as the picture has two levels"),
        (tmp_path / "stripes.png", [], "pixels without a model"),
    ):
        result = run("compress", path, "-v", *options)
        assert result.exit_code == 0 and words in result.stderr, result.stderr
