"""From a training to a file, by the commands, on a set that is made up here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from small_models import config_of, float_model, some_images, tiny_model, write_set

from benchmarks.sample_counts import nested_nll
from vlae_cli import compress, evaluate, export, train
from vlae_codec.coding.prefix_code import IndexCode
from vlae_codec.errors import ModelError
from vlae_codec.families.registry import read_model, read_tree
from vlae_codec.model.networks import IntegerModel
from vlae_models.nets.vlae import as_tensor
from vlae_models.recipe import BilevelRecipe, TrainConfig
from vlae_models.release import release as releasing
from vlae_models.release.evaluation import evaluate as evaluate_model
from vlae_models.release.evaluation import importance_nll, kl_per_dim
from vlae_models.release.release import integer_loss, release

RECIPE = """
name = "small"
data = "mnist-static"
description = "made up for a test"
[model]
window = "4x2"
latent = 16
prior_blocks = 2
prior_hidden = 16
coarse = 8
fine = 8
hidden = 16
features = 4
local = 8
local_layers = 1
[train]
updates = 6
batch = 4
"""


def run(command: object, *arguments: object) -> str:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output
    return result.output


def test_train_export_evaluate_compress(tmp_path: Path) -> None:
    images = some_images(24)
    write_set(tmp_path, train=images[:16], valid=images[16:20], test=images[20:])
    recipe, model = tmp_path / "small.toml", tmp_path / "model"
    recipe.write_text(RECIPE)
    run(train.main, recipe, "--data", tmp_path, "--out", tmp_path / "run", "--quiet", "--threads", 1)
    arguments = (recipe, "--data", tmp_path, "--run", tmp_path / "run", "--out", model)
    run(export.main, *arguments)
    refused = CliRunner().invoke(export.main, [str(argument) for argument in arguments])
    assert refused.exit_code == 1 and "--force" in refused.output
    assert {path.name for path in model.iterdir()} == {"model.json", "weights.npz", "recipe.toml", "training.csv"}
    assert (model / "recipe.toml").read_text() == RECIPE
    output = run(evaluate.main, model, "--data", tmp_path, "--samples", 2, "--subset", 3, "--threads", 1, "--json")
    figures = json.loads(output[output.index("{") :])
    assert (figures["model"], figures["images"], figures["nll_images"], figures["samples"]) == ("small", 4, 3, 2)
    picture, code = tmp_path / "x.png", tmp_path / "x.vlz"
    Image.fromarray(images[20] * np.uint8(255)).save(picture)
    run(compress.main, picture, "-m", model, "-o", code)
    assert code.stat().st_size > 8


def test_settings_of_the_code_are_fitted(tmp_path: Path) -> None:
    recipe = BilevelRecipe("fitted", "none", config_of("4x2"), TrainConfig())
    info = release(float_model("4x2"), recipe, some_images(40), tmp_path, auto=False)
    assert read_tree(tmp_path) == info and info["auto"] is False
    assert read_model(tmp_path, IntegerModel).fingerprint.hex() == info["fingerprint"]
    assert len(info["block_shares"]) == 2 and all(share >= 1 for share in info["block_shares"])
    for lengths in info["index_lengths"]:
        IndexCode(lengths)
    assert abs(info["integer_loss_nats"]) <= releasing.MAX_LOSS_NATS


def test_integers_that_lose_too_much_are_not_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "integer_loss", lambda *_: 0.11)
    with pytest.raises(ModelError, match=r"0\.110 nats"):
        release(float_model(), BilevelRecipe("bad", "none", config_of(), TrainConfig()), some_images(8), tmp_path)
    assert not list(tmp_path.iterdir())


def test_integer_loss_is_small_and_notices_other_weights() -> None:
    images = some_images(16)
    assert abs(integer_loss(float_model("4x2"), tiny_model("4x2"), images)) < 0.2
    assert abs(integer_loss(float_model("5x3"), tiny_model("4x2"), images)) > 1


def test_evaluation_agrees_with_itself() -> None:
    model, net, images = tiny_model("4x2"), float_model("4x2"), some_images(30)
    result = evaluate_model(model, net, images, "made up", samples=16, subset=30)
    assert result.neg_elbo_nats == pytest.approx(result.neg_elbo_float_nats, rel=0.05)
    assert result.nll_nats <= result.neg_elbo_float_nats
    assert result.kl_bits == pytest.approx(kl_per_dim(model, images).sum(), rel=0.1)
    assert 0 < result.active_dims <= 16
    few, many = (importance_nll(net, images, samples).mean() for samples in (1, 64))
    assert many < few


def test_numbers_of_samples_are_compared_on_the_same_ones() -> None:
    net, images = float_model("4x2"), some_images(5)
    torch.manual_seed(1)
    found = nested_nll(net, images, (1, 8, 64))
    assert found.shape == (3, 5) and bool((np.diff(found, axis=0) <= 0).all())
    torch.manual_seed(1)
    with torch.no_grad():
        bound = net.importance_bound(as_tensor(images), 64)
    np.testing.assert_allclose(found[2], bound.numpy(), rtol=1e-5)
