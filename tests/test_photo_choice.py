"""Which models a picture goes to where none is named, and where one is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vlae_codec.errors import OptionError
from vlae_codec.families import registry
from vlae_codec.families.choice import bilevel_models, plan
from vlae_codec.families.registry import read_folder
from vlae_codec.families.request import Rate
from vlae_codec.io.adjust import is_ink
from vlae_codec.io.images import Picture, resized
from vlae_codec.model.info import BILEVEL, PAGE, PHOTO, WINDOWED, ModelInfo
from vlae_models.data.sets import load_ink

USUAL = ModelInfo("usual", "a" * 64, 0, 0, True, Path(), family=PHOTO)
NAMED = ModelInfo("named", "b" * 64, 0, 0, False, Path(), family=PHOTO)
EXACT = ModelInfo("exact", "c" * 64, 0, 0, False, Path(), family=WINDOWED, auto_lossless=True)
RNG = np.random.default_rng(0)
COLOUR, GREY = (RNG.integers(0, 256, size).astype(np.uint8) for size in ((28, 28, 3), (28, 28)))
INK = np.where(np.add.outer(np.arange(28), np.arange(28)) % 7 < 2, GREY | 192, GREY & 15).astype(np.uint8)


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = [info for info in registry.list_models() if info.family == BILEVEL]
    monkeypatch.setattr(registry, "list_models", lambda: [*shipped, NAMED, USUAL, EXACT])
    monkeypatch.setattr(registry, "find_model", {info.name: info for info in (*shipped, USUAL, NAMED)}.__getitem__)


@pytest.fixture
def data_folder() -> Path:
    """Return the folder of image sets."""
    folder = os.environ.get("VLAE_DATA")
    if not folder:
        pytest.skip("VLAE_DATA names no folder of image sets")
    return Path(folder)


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
    bilevel, grey_in_colour = {info.name for info in models}, np.repeat(INK[:, :, None], 3, axis=2)
    for pixels, fit, expected in (
        (INK, False, bilevel),
        (grey_in_colour, False, bilevel),
        (COLOUR, False, {"usual"}),
        (INK[:20], False, {"usual"}),
        (INK[:20], True, bilevel),
        (GREY[:20], True, bilevel),
    ):
        assert chosen(pixels, fit=fit) == expected
    with pytest.raises(OptionError, match="`fit`: not for model usual"):
        chosen(COLOUR, fit=True)


@pytest.mark.parametrize(
    ("low", "high", "is_ink"), [(0, 255, True), (15, 240, True), (17, 17, True), (80, 170, False), (0, 128, False)]
)
def test_only_pictures_of_nearly_two_levels_are_ink(low: int, high: int, is_ink: bool) -> None:
    pixels = np.linspace(low, high, 28 * 28).astype(np.uint8).reshape(28, 28)  # a smooth one, such as of a photograph
    assert chosen(pixels) == {"usual"} or low == high
    pixels = np.where(pixels < (low + high) // 2, low, high).astype(np.uint8)
    assert chosen(pixels) == ({"mnist"} if is_ink else {"usual"})


@pytest.mark.parametrize("part", ["photographs", "faces"])
def test_thumbnails_of_photographs_are_no_ink(part: str, data_folder: Path) -> None:
    if part == "faces":
        with np.load(data_folder / "frey" / "freyfaces.npz") as file:
            faces = next(iter(file.values())).reshape(-1, 28, 20)[::20]
        pictures = [resized(face, 28, 28) for face in faces]
    else:
        paths = sorted((data_folder / "kodak-dev").glob("*.png"))
        pictures = [np.asarray(Image.open(path).convert("L").resize((28, 28))) for path in paths]
    assert pictures and all(chosen(picture) == {"usual"} for picture in pictures)


@pytest.mark.parametrize("name", ["mnist-dynamic", "omniglot", "caltech"])
def test_what_bilevel_models_are_for_is_ink(name: str, data_folder: Path) -> None:
    assert all(is_ink(Picture(ink)) for ink in load_ink(name, data_folder).test[::10])


def test_exact_greys_are_not_rounded_to_two_levels() -> None:
    bilevel = np.where(INK > 127, 255, 0).astype(np.uint8)
    models = {info.name for info in bilevel_models(lossless=True)}
    assert chosen(bilevel, lossless=True) == models
    assert chosen(INK, lossless=True) == {"stored"}
    assert chosen(INK, lossless=True, binarise=True) == models
    see_through = Picture(bilevel, alpha=np.where(bilevel, 255, 9).astype(np.uint8))
    assert [info.name for info in plan(see_through, registry.AUTO, Rate(lossless=True)).models] == ["stored"]


def test_dark_ink_on_transparency_is_no_bilevel_picture() -> None:
    ink = Picture(np.zeros((28, 28), np.uint8), alpha=GREY)
    assert [info.name for info in plan(ink, registry.AUTO, Rate()).models] == ["usual"]


def test_one_shipped_model_is_what_photographs_get() -> None:
    zoo = Path(__file__).parents[1] / "models" / "vlae_models" / "zoo"
    shipped = [read_folder(path.parent) for path in zoo.glob("*/model.json")]
    auto = {info.name: info.family for info in shipped if info.auto and info.family != BILEVEL}
    assert auto == {"photo": PHOTO, "page": PAGE}
