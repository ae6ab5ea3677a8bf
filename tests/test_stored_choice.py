"""Which pictures are stored without a model where none is named, by what both kinds of file take."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vlae_codec
from vlae_codec.families import codec, smooth
from vlae_codec.families.family import Job
from vlae_codec.families.photo import codec as photo
from vlae_codec.families.request import Rate
from vlae_codec.families.result import Encoded
from vlae_codec.families.stored import codec as stored
from vlae_codec.families.windowed import codec as windowed
from vlae_codec.io.images import Picture
from vlae_codec.model.info import PHOTO, ModelInfo

LOSSY = ModelInfo("lossy", "a" * 64, 0, 0, True, Path(), family=PHOTO)
Sizes = Callable[[int], list[tuple[int, int]]]


@pytest.fixture
def model_takes(monkeypatch: pytest.MonkeyPatch) -> Sizes:
    """Return a function that sets the bytes of a model's files and returns the list of sizes that it was asked for."""

    def set_bytes(count: int) -> list[tuple[int, int]]:
        asked = list[tuple[int, int]]()

        def compress(picture: Picture, info: ModelInfo, *_: Any, **__: Any) -> Encoded:
            asked.append(picture.size)
            return Encoded(bytes(count), info, picture.size, picture.size, 0.0, 0)

        monkeypatch.setattr(photo, "compress", compress)
        monkeypatch.setattr(windowed, "compress_photo", compress)
        return asked

    return set_bytes


def compressed(picture: Picture, info: ModelInfo, auto: bool = False, **rate: Any) -> Encoded:
    """Return the file of a picture by a model, or without one."""
    return codec.compress_one(Job(picture, (info,), Rate(**rate), auto))


def noise(height: int, width: int, bits: int) -> Picture:
    """Return a picture of so many bits a sample, that no coder can do with fewer."""
    levels = np.random.default_rng(0).integers(0, 1 << bits, (height, width, 3))
    return Picture((8 * levels).astype(np.uint8))


@pytest.mark.parametrize(("more", "kept"), [(-500, True), (0, True), (32, True), (128, False), (1000, False)])
def test_exact_pixels_are_kept_for_a_few_dozen_bytes(more: int, kept: bool, model_takes: Sizes) -> None:
    picture = noise(40, 50, 3)
    exact = stored.compress(picture)
    model_takes(len(exact.data) - more)
    found = compressed(picture, LOSSY, auto=True)
    assert (found.data == exact.data) is kept
    assert (codec.EXACT in found.notices) is kept


def test_a_model_that_is_named_is_taken(model_takes: Sizes) -> None:
    model_takes(10_000)
    assert compressed(noise(40, 50, 1), LOSSY).model is LOSSY


def test_quality_100_is_without_loss_where_no_model_is_named(model_takes: Sizes) -> None:
    asked = model_takes(1)
    found = compressed(noise(64, 64, 5), LOSSY, auto=True, quality=100)
    assert found.model is stored.INFO and codec.WHOLE in found.notices
    assert not asked
    assert compressed(noise(64, 64, 5), LOSSY, auto=True, quality=99.9).model is LOSSY
    assert compressed(noise(64, 64, 5), LOSSY, quality=100).model is LOSSY


@pytest.mark.parametrize("size", [(7, 300), (300, 7), (2, 2)])
def test_thin_pictures_are_no_work_for_a_model(size: tuple[int, int], model_takes: Sizes) -> None:
    asked = model_takes(1)
    assert compressed(noise(*size, 5), LOSSY, auto=True).model is stored.INFO
    assert not asked


@pytest.mark.parametrize("size", [(8, 300), (300, 8), (8, 8)])
def test_a_patch_is_enough_for_a_model(size: tuple[int, int], model_takes: Sizes) -> None:
    asked = model_takes(1)
    assert compressed(noise(*size, 5), LOSSY, auto=True, quality=70).model is LOSSY
    assert asked == [size]


def gradient(side: int) -> Picture:
    """Return a gradient of colours, which an exact coder takes few bytes for."""
    ramp = np.arange(side) * 255 // side
    return Picture(np.stack(np.broadcast_arrays(ramp[None], ramp[:, None], 255 - ramp[None]), 2).astype(np.uint8))


def test_flat_pictures_are_no_work_for_a_model(model_takes: Sizes) -> None:
    asked = model_takes(1)
    found = compressed(gradient(400), LOSSY, auto=True)
    assert found.model is stored.INFO and codec.EXACT in found.notices and not asked
    assert compressed(gradient(400), LOSSY, auto=True, quality=20).model is LOSSY
    assert compressed(noise(64, 64, 5), LOSSY, auto=True).model is LOSSY


def test_gradients_of_few_colours_seem_small_to_the_estimate() -> None:
    """With less effort no palette is tried, and the estimate is hundreds of times what the file takes."""
    ramp = np.arange(600) * 40 // 600
    sky = Picture(np.repeat(np.stack([100 + ramp, 140 + ramp, 200 + ramp], 1)[:, None], 600, 1).astype(np.uint8))
    assert stored.Exact(sky).within(len(stored.compress(sky).data))


@pytest.mark.parametrize(
    ("count", "given", "finer"), [(400, None, True), (2400, None, False), (400, 70, False), (400, 20, False)]
)
def test_smooth_pictures_get_more_quality_where_none_is_given(
    count: int, given: float | None, finer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    qualities = list[float | None]()

    def compress(picture: Picture, info: ModelInfo, rate: Rate, **_: Any) -> Encoded:
        qualities.append(rate.quality)
        return Encoded(bytes(count), info, picture.size, picture.size, 0.0, 0)

    monkeypatch.setattr(photo, "compress", compress)
    found = compressed(noise(200, 200, 5), LOSSY, auto=True, quality=given)
    assert qualities == [given, *[smooth.QUALITY] * finer]
    assert (smooth.NOTICE in found.notices) is finer


@pytest.mark.parametrize(
    ("middle", "default", "finer", "tried", "smoothly"),
    [
        (0, 400, 900, [None, 85], True),  # its middle says what it is: coded but once
        (0, 900, 1200, [None, 85, None], True),  # the file at more quality does not say it
        (0, 2000, 4000, [None, 85, None], False),
        (900, 2000, 4000, [None, None], False),
        (900, 900, 1200, [None, None, 85], True),
    ],
)
def test_large_pictures_are_coded_once_where_their_middle_is_like_them(
    middle: int, default: int, finer: int, tried: list[float | None], smoothly: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = list[Rate]()

    def compress(picture: Picture, info: ModelInfo, rate: Rate, **_: Any) -> Encoded:
        rates.append(rate)
        size = middle if picture.size == (8, 8) else finer if rate.quality else default
        return Encoded(bytes(size), info, picture.size, picture.size, 0.0, 0)

    monkeypatch.setattr(photo, "compress", compress)
    monkeypatch.setattr(smooth, "SIDE", 8)
    monkeypatch.setattr(smooth, "LARGE", 90_000)
    monkeypatch.setattr(smooth, "BITS", 8000 / 90_000)
    monkeypatch.setattr(stored, "estimate", lambda picture: 10**6)
    found = compressed(noise(300, 300, 5), LOSSY, auto=True)
    assert [rate.quality for rate in rates] == tried and (smooth.NOTICE in found.notices) is smoothly
    assert len(found.data) == (finer if smoothly else default)


def test_a_smooth_gradient_comes_back_smooth() -> None:
    """Mean error below 0.7 levels, and no more bytes than PNG."""
    rows, columns = np.indices((256, 256)) - 128
    distance = np.hypot(rows, columns)
    pixels = (255 - distance * 255 / distance.max()).round().astype(np.uint8)
    data = vlae_codec.compress(pixels)
    error = abs(np.asarray(vlae_codec.decompress(data)).astype(int) - pixels).mean()
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", optimize=True)
    assert error < 0.7 and len(data) < len(stream.getvalue())
