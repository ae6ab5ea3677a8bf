"""Which pictures are stored without a model where none is named, by what both kinds of file take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vlae_codec.families import codec
from vlae_codec.families.family import Job
from vlae_codec.families.photo import codec as photo
from vlae_codec.families.request import Rate
from vlae_codec.families.result import Encoded
from vlae_codec.families.stored import codec as stored
from vlae_codec.families.windowed import codec as windowed
from vlae_codec.io.images import Picture
from vlae_codec.model.info import PHOTO, WINDOWED, ModelInfo

LOSSY = ModelInfo("lossy", "a" * 64, 0, 0, True, Path(), family=PHOTO)
EXACT = ModelInfo("exact", "b" * 64, 0, 0, True, Path(), family=WINDOWED)
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
    assert compressed(noise(*size, 5), EXACT, auto=True, lossless=True).model is stored.INFO
    assert not asked


@pytest.mark.parametrize("size", [(8, 300), (300, 8), (8, 8)])
def test_a_patch_is_enough_for_a_model(size: tuple[int, int], model_takes: Sizes) -> None:
    asked = model_takes(1)
    assert compressed(noise(*size, 5), LOSSY, auto=True).model is LOSSY
    assert compressed(noise(*size, 5), EXACT, auto=True, lossless=True).model is EXACT
    assert asked == [size, size]


@pytest.mark.parametrize(("bits", "effort", "tried"), [(0, 5, False), (0, 9, True), (2, 5, True), (5, 1, True)])
def test_exact_photographs_get_a_model_and_drawings_only_by_much_effort(
    bits: int, effort: int, tried: bool, model_takes: Sizes
) -> None:
    """Photographs take 2 to 5 bits a sample; the model, which is much slower, is kept for these."""
    asked = model_takes(1)
    stripes = Picture(np.repeat(np.arange(64, dtype=np.uint8)[:, None] // 16 * 40, 64, axis=1))
    picture = noise(64, 64, bits) if bits else stripes
    found = compressed(picture, EXACT, auto=True, lossless=True, effort=effort)
    assert bool(asked) is tried and (found.model is EXACT) is tried


def test_the_smaller_one_of_two_exact_files_is_taken(model_takes: Sizes) -> None:
    exact = len(stored.compress(noise(64, 64, 4)).data)
    for count, model in ((exact - 1, EXACT), (exact + 1, stored.INFO)):
        model_takes(count)
        assert compressed(noise(64, 64, 4), EXACT, auto=True, lossless=True).model is model
