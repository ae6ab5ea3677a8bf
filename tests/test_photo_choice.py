"""Which pictures go to a colour model where none is named, and where one is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vlae_codec.families import choice
from vlae_codec.families.bilevel import codec
from vlae_codec.families.choice import choose_photo_model
from vlae_codec.families.store import PHOTO, WINDOWED, PhotoInfo, read_photo_folder
from vlae_codec.io.images import Picture

USUAL = PhotoInfo("usual", "a" * 64, Path(), "")
NAMED = PhotoInfo("named", "b" * 64, Path(), "", auto=False)
RNG = np.random.default_rng(0)
COLOUR, GREY = (RNG.integers(0, 256, size).astype(np.uint8) for size in ((28, 28, 3), (28, 28)))


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"auto": USUAL, "usual": USUAL, "named": NAMED}
    monkeypatch.setattr(choice, "find_photo_model", known.get)


@pytest.mark.parametrize("pixels", [COLOUR, GREY])
def test_a_name_means_that_model(pixels: np.ndarray) -> None:
    assert choose_photo_model(Picture(pixels), "named", []) is NAMED
    assert choose_photo_model(Picture(pixels), "unknown", []) is None


def test_auto_leaves_to_models_of_black_and_white_what_they_take() -> None:
    others = codec.candidates("auto")
    assert {(info.height, info.width) for info in others} == {(28, 28)}
    grey_in_colour = np.repeat(GREY[:, :, None], 3, axis=2)
    for pixels, fit, expected in (
        (GREY, False, None),
        (grey_in_colour, False, None),
        (COLOUR, False, USUAL),
        (COLOUR, True, USUAL),
        (GREY[:20], False, USUAL),
        (GREY[:20], True, None),
    ):
        assert choose_photo_model(Picture(pixels), "auto", others, fit) is expected


def test_one_shipped_model_is_what_photographs_get() -> None:
    zoo = Path(__file__).parents[1] / "models" / "vlae_models" / "zoo"
    shipped = [read_photo_folder(path.parent) for path in zoo.glob("*/photo.json")]
    auto = {info.name: info.family for info in shipped if info.auto}
    assert auto == {"photo": PHOTO, "photo-exact": WINDOWED}
