"""Which colour model `-m auto` takes: the usual one, and the finer one for high rates and without loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vlae_codec.errors import ImageError
from vlae_codec.images import Picture
from vlae_codec.photo import choice
from vlae_codec.photo.choice import Asked, Choice, choose_photo_model, compress_chosen
from vlae_codec.photo.store import PhotoInfo, read_photo_folder

USUAL = PhotoInfo("usual", "a" * 64, Path(), "")
FINER = PhotoInfo("finer", "b" * 64, Path(), "", auto=False, finer=True)
PICTURE = Picture(np.random.default_rng(0).integers(0, 256, (20, 40, 3)).astype(np.uint8))
SMALL, LARGE = 10, 40
"""Bytes below and above the rate from which the finer model is tried: 12 bytes of 800 pixels."""


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"auto": USUAL, "usual": USUAL, "finer": FINER}
    monkeypatch.setattr(choice, "find_photo_model", known.get)
    monkeypatch.setattr(choice, "finer_photo_model", lambda: FINER)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(), Choice(FINER, 28)),
        (Asked(quality=60), Choice(USUAL, 60)),
        (Asked(quality=70), Choice(FINER, 24)),
        (Asked(quality=80), Choice(FINER, 28)),
        (Asked(quality=90), Choice(FINER, 64)),
        (Asked(quality=100), Choice(FINER, 100)),
        (Asked(lossless=True), Choice(FINER, None)),
        (Asked(quality=30, lossless=True), Choice(FINER, 30)),
        (Asked(target_bytes=SMALL), Choice(USUAL, None)),
        (Asked(target_bytes=LARGE), Choice(FINER, None, USUAL)),
    ],
)
def test_auto_goes_by_what_is_asked(asked: Asked, expected: Choice) -> None:
    assert choose_photo_model(PICTURE, "auto", [], asked) == expected


@pytest.mark.parametrize("asked", [Asked(), Asked(quality=95), Asked(lossless=True), Asked(target_bytes=LARGE)])
def test_a_name_means_that_model_and_its_whole_dial(asked: Asked) -> None:
    assert choose_photo_model(PICTURE, "usual", [], asked) == Choice(USUAL, asked.quality)
    assert choose_photo_model(PICTURE, "unknown", [], asked) is None


@pytest.mark.parametrize("asked", [Asked(quality=95), Asked(lossless=True), Asked(target_bytes=LARGE)])
def test_without_a_finer_model_everything_goes_to_the_usual_one(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "finer_photo_model", lambda: None)
    assert choose_photo_model(PICTURE, "auto", [], asked) == Choice(USUAL, asked.quality)


def test_what_the_finer_model_cannot_keep_within_the_bytes_goes_to_the_usual_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def compress(picture: Picture, info: PhotoInfo, **rest: object) -> Any:
        tried.append((info.name, rest["target_bytes"]))
        if info.finer:
            raise ImageError("too few")
        return "made"

    monkeypatch.setattr(choice, "compress_photo", compress)
    asked = Asked(target_bytes=LARGE)
    made: Any = compress_chosen(PICTURE, Choice(FINER, None, USUAL), asked)
    assert made == "made"
    assert tried == [("finer", LARGE), ("usual", LARGE)]
    with pytest.raises(ImageError, match="too few"):
        compress_chosen(PICTURE, Choice(FINER, None), asked)


def test_one_shipped_model_at_most_is_the_finer_one() -> None:
    zoo = Path(__file__).parents[1] / "models" / "vlae_models" / "zoo"
    shipped = [read_photo_folder(path.parent) for path in zoo.glob("*/photo.json")]
    assert sum(info.auto for info in shipped) == 1 and sum(info.finer for info in shipped) <= 1
    assert not any(info.auto and info.finer for info in shipped)
