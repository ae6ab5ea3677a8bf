"""A training that starts from a released model has its weights, wherever both have the same layer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from small_models import config_of, exported, float_model, some_images, write_set

from vlae_codec.errors import ModelError
from vlae_models.nets.vlae import VLAE, as_tensor
from vlae_models.recipe import WINDOWS, BilevelRecipe, ModelConfig, TrainConfig
from vlae_models.release.export import write_model
from vlae_models.train.bilevel import Trainer
from vlae_models.train.warm_start import start_from


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A released model of the 5x3 window."""
    folder = tmp_path_factory.mktemp("zoo") / "tiny"
    info, arrays = exported("5x3")
    write_model(folder, {k: v for k, v in info.items() if k != "fingerprint"}, arrays)
    shapes = "\n".join(f"{key} = {json.dumps(value)}" for key, value in dataclasses.asdict(config_of("5x3")).items())
    (folder / "recipe.toml").write_text(f'name = "tiny"\ndata = "none"\n[model]\n{shapes}\n')
    return str(folder)


def started(config: ModelConfig, released: str) -> VLAE:
    torch.manual_seed(1)
    net = VLAE(config)
    start_from(net, released)
    return net.eval()


def test_all_released_weights_are_taken(released: str) -> None:
    ours, theirs = started(config_of("5x3"), released), float_model("5x3")
    for (name, got), expected in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        if not name.startswith("auxiliary"):
            torch.testing.assert_close(got, expected, atol=2e-4, rtol=0, msg=name)


@pytest.mark.parametrize("window", ["4x2", "7x4", "13x7", "none"])
def test_pixels_that_both_windows_see_keep_their_weights(released: str, window: str) -> None:
    net, old = started(config_of(window), released), float_model("5x3")
    known = WINDOWS["5x3"].offsets()
    for column, offset in enumerate(WINDOWS[window].offsets()):
        expected = old.local.mix.weight[:, known.index(offset)] if offset in known else torch.zeros(8, 1, 1)
        torch.testing.assert_close(net.local.mix.weight[:, column], expected, atol=2e-4, rtol=0)
    features = config_of().features
    torch.testing.assert_close(
        net.local.mix.weight[:, -features:], old.local.mix.weight[:, -features:], atol=2e-4, rtol=0
    )


def test_a_wider_window_computes_the_same_at_first(released: str) -> None:
    wide, old = started(config_of("7x4"), released), float_model("5x3")
    x = as_tensor(some_images(3))
    with torch.no_grad():
        features = old.decoder(torch.zeros(3, 16))
        torch.testing.assert_close(wide.local(x, features), old.local(x, features), atol=0.02, rtol=0)


def test_without_latents_only_the_local_decoder_is_taken(released: str) -> None:
    net, old = started(dataclasses.replace(config_of("5x3"), latent=0), released), float_model("5x3")
    count = len(WINDOWS["5x3"].offsets())
    torch.testing.assert_close(net.local.mix.weight, old.local.mix.weight[:, :count], atol=2e-4, rtol=0)
    torch.testing.assert_close(net.local.out.weight, old.local.out.weight, atol=2e-4, rtol=0)


@pytest.mark.parametrize("change", [{"local": 16}, {"features": 8}, {"latent": 32}, {"hidden": 32}])
def test_other_shapes_are_refused_by_name(released: str, change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="the recipe has"):
        started(dataclasses.replace(config_of("5x3"), **change), released)


def test_a_training_starts_there_once(released: str, tmp_path: Path) -> None:
    images = some_images(9)
    write_set(tmp_path, train=images[:5], valid=images[5:7], test=images[7:])
    train = TrainConfig(updates=2, batch=4, free_updates=0, kl_floor=5.0, init=released)
    recipe = BilevelRecipe("tiny", "mnist-static", config_of("5x3"), train)
    trainer = Trainer(recipe, tmp_path, tmp_path / "run", None, "cpu")
    expected = float_model("5x3").encoder.full.weight
    for net in (trainer.model, trainer.average):
        torch.testing.assert_close(net.encoder.full.weight, expected, atol=2e-4, rtol=0)
    assert trainer.state.rate_weight == 1  # z is in use: nothing to ease
    weights = trainer.run(quiet=True).encoder.full.weight
    again = Trainer(recipe, tmp_path, tmp_path / "run", None, "cpu")
    assert torch.equal(again.average.encoder.full.weight, weights)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ModelError, match="no model"):
        start_from(VLAE(config_of()), "nothing")
