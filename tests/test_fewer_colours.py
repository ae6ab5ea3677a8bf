"""Drawn pictures in fewer colours: within their bytes, much nearer than a lossy file, and only where they are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import vlae_codec
from vlae_codec.families import codec
from vlae_codec.families.choice import plan
from vlae_codec.families.request import Rate
from vlae_codec.families.result import Encoded
from vlae_codec.families.stored import codec as stored
from vlae_codec.families.stored import colours
from vlae_codec.io.adjust import with_colours
from vlae_codec.io.images import Picture

Levels = NDArray[np.uint8]


def drawing() -> Levels:
    """Lines and discs with soft edges, in many colours."""
    image, rng = Image.new("RGB", (720, 600), "white"), np.random.default_rng(8)
    draw = ImageDraw.Draw(image)
    inks = rng.integers(0, 256, (10, 3))
    for _ in range(9):
        x, y, size = rng.integers(0, 600, 3)
        colour = tuple(int(level) for level in rng.choice(inks))
        draw.line((int(x), int(y), int(y), int(size)), colour, 5)
        draw.ellipse((int(x), int(y), int(x + size / 4 + 3), int(y + size / 5 + 3)), colour)
    return np.asarray(image.resize((150, 120), Image.Resampling.BICUBIC))


def made(levels: Levels, **rate: float | int) -> Encoded:
    """Return the file of a picture by the default choice."""
    return codec.compress_one(plan(Picture(levels), "auto", Rate(**rate)))  # type: ignore[arg-type]


def is_reduced(file: Encoded) -> bool:
    """Return whether a notice says that a file has fewer colours."""
    return any("colours" in notice for notice in file.notices)


def colours_of(levels: Levels) -> int:
    """Return how many colours a picture has."""
    return len(np.unique(levels.reshape(-1, levels.shape[2] if levels.ndim == 3 else 1), axis=0))


@pytest.mark.parametrize("count", [4, 30, 128])
def test_there_are_no_more_colours_than_said(count: int) -> None:
    levels = drawing()
    assert colours_of(levels) > 128
    assert colours_of(with_colours(levels, count)) <= count
    grey = with_colours(levels[:, :, 1], count)
    assert grey.shape == levels.shape[:2] and colours_of(grey) <= count


def test_a_file_has_about_the_most_colours_that_fit() -> None:
    picture, far = Picture(drawing()), 1e12
    sizes = [
        len(stored.compress(replace(picture, pixels=with_colours(picture.pixels, count))).data)
        for count in (24, 32, 48)
    ]
    found = colours.compress_within(picture, sizes[1], far)
    assert found is not None and sizes[0] <= len(found.data) <= sizes[1] < sizes[2]
    assert colours.compress_within(picture, 60, far) is None


def test_colours_that_are_too_far_off_are_not_coded(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture(drawing())
    assert colours.compress_within(picture, 4000, 1e12) is not None
    monkeypatch.setattr(colours, "compress", None)
    assert colours.compress_within(picture, 4000, 1.0) is None


def test_a_drawing_comes_back_much_nearer_than_the_model_draws_it() -> None:
    levels = drawing()
    file = made(levels, quality=75)
    lossy = vlae_codec.compress(levels, "photo", quality=75)
    assert is_reduced(file) and len(file.data) <= len(lossy)
    codec.verify(file, Picture(levels))
    errors = [np.square(np.asarray(vlae_codec.decompress(data)) - levels.astype(float)) for data in (file.data, lossy)]
    assert codec.MUCH * errors[0].mean() < errors[1].mean()


def test_targets_are_kept_and_transparency_with_them() -> None:
    levels = drawing()
    size = len(made(levels, quality=75).data)
    file = made(levels, target_bytes=size + 50)
    assert is_reduced(file) and len(file.data) <= size + 50
    alpha = np.tile(np.arange(150, dtype=np.uint8), (120, 1)) // 50 * 80
    see_through = codec.compress_one(plan(Picture(levels, alpha=alpha.astype(np.uint8)), "auto", Rate(quality=80)))
    assert is_reduced(see_through)
    assert np.array_equal(np.asarray(vlae_codec.decompress(see_through.data))[:, :, 3], alpha)


def test_photographs_and_noise_stay_lossy() -> None:
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[:160, :200]
    smooth = 128 + 60 * np.sin(rows / 31)[:, :, None] + 50 * np.cos(columns / 23)[:, :, None]
    for noise in (2, 15):
        levels = (smooth + rng.normal(0, noise, (160, 200, 3))).clip(0, 255).astype(np.uint8)
        assert not is_reduced(made(levels, quality=70))
