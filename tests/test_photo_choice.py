"""Which pictures go to a colour model where none is named, and where one is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vlae_codec.families import registry
from vlae_codec.families.choice import candidates, choose_photo_model
from vlae_codec.families.registry import read_folder
from vlae_codec.io.images import Picture
from vlae_codec.model.info import BILEVEL, PAGE, PHOTO, WINDOWED, ModelInfo

USUAL = ModelInfo("usual", "a" * 64, 0, 0, True, Path(), family=PHOTO)
NAMED = ModelInfo("named", "b" * 64, 0, 0, False, Path(), family=PHOTO)
RNG = np.random.default_rng(0)
COLOUR, GREY = (RNG.integers(0, 256, size).astype(np.uint8) for size in ((28, 28, 3), (28, 28)))


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = [info for info in registry.list_models() if info.family == BILEVEL]
    monkeypatch.setattr(registry, "list_models", lambda: [*shipped, NAMED, USUAL])
    monkeypatch.setattr(registry, "find_model", {info.name: info for info in (*shipped, USUAL, NAMED)}.__getitem__)


@pytest.mark.parametrize("pixels", [COLOUR, GREY])
def test_a_name_means_that_model(pixels: np.ndarray) -> None:
    assert choose_photo_model(Picture(pixels), "named", []) is NAMED
    assert choose_photo_model(Picture(pixels), "mnist", []) is None


def test_auto_takes_more_models_for_exact_pixels() -> None:
    names, exact = ({info.name for info in candidates(lossless=lossless)} for lossless in (False, True))
    assert names == {"mnist"} and exact == {"mnist", "mnist-fine"}
    assert candidates("mnist-fine") == [info for info in candidates(lossless=True) if info.name == "mnist-fine"]


def test_auto_leaves_to_models_of_black_and_white_what_they_take() -> None:
    others = candidates("auto")
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
    shipped = [read_folder(path.parent) for path in zoo.glob("*/model.json")]
    auto = {info.name: info.family for info in shipped if info.auto and info.family != BILEVEL}
    assert auto == {"photo": PHOTO, "photo-exact": WINDOWED, "page": PAGE}
