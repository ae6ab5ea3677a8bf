"""Which models a picture goes to where none is named, and where one is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vlae_codec.errors import OptionError
from vlae_codec.families import registry
from vlae_codec.families.choice import bilevel_models, plan
from vlae_codec.families.registry import read_folder
from vlae_codec.families.request import Rate
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


def chosen(pixels: np.ndarray, model: str = registry.AUTO, **rate: Any) -> set[str]:
    """Return names of the models that a picture may go to."""
    return {info.name for info in plan(Picture(pixels), model, Rate(**rate)).models}


@pytest.mark.parametrize("pixels", [COLOUR, GREY])
@pytest.mark.parametrize("model", ["named", "mnist"])
def test_a_name_means_that_model(pixels: np.ndarray, model: str) -> None:
    assert chosen(pixels, model) == {model}


def test_auto_takes_more_models_for_exact_pixels() -> None:
    names, exact = ({info.name for info in bilevel_models(lossless=lossless)} for lossless in (False, True))
    fine = {info.name for info in registry.list_models()} & {"mnist-fine"}  # not in the wheel
    assert names == {"mnist"} and exact == {"mnist", *fine}


def test_auto_leaves_to_bilevel_models_what_they_take() -> None:
    models = bilevel_models()
    assert {(info.height, info.width) for info in models} == {(28, 28)}
    bilevel, grey_in_colour = {info.name for info in models}, np.repeat(GREY[:, :, None], 3, axis=2)
    for pixels, fit, expected in (
        (GREY, False, bilevel),
        (grey_in_colour, False, bilevel),
        (COLOUR, False, {"usual"}),
        (GREY[:20], False, {"usual"}),
        (GREY[:20], True, bilevel),
    ):
        assert chosen(pixels, fit=fit) == expected
    with pytest.raises(OptionError, match="`fit`: not for model usual"):
        chosen(COLOUR, fit=True)


def test_dark_ink_on_transparency_is_no_bilevel_picture() -> None:
    ink = Picture(np.zeros((28, 28), np.uint8), alpha=GREY)
    assert [info.name for info in plan(ink, registry.AUTO, Rate()).models] == ["usual"]


def test_one_shipped_model_is_what_photographs_get() -> None:
    zoo = Path(__file__).parents[1] / "models" / "vlae_models" / "zoo"
    shipped = [read_folder(path.parent) for path in zoo.glob("*/model.json")]
    auto = {info.name: info.family for info in shipped if info.auto and info.family != BILEVEL}
    assert auto == {"photo": PHOTO, "photo-exact": WINDOWED, "page": PAGE}
