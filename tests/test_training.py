"""Training repeats itself: by seed, and over an interruption."""

from __future__ import annotations

import csv
import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import config_of, some_images, write_set

from vlae_codec.errors import ModelError
from vlae_models.nets.vlae import VLAE, as_tensor
from vlae_models.recipe import BilevelRecipe, TrainConfig
from vlae_models.train import loop
from vlae_models.train.bilevel import Trainer, load_trained
from vlae_models.train.loop import share_left

TRAIN = TrainConfig(updates=7, batch=4, free_updates=3, dropout=0.1, auxiliary=0.2, average=0.9, kl_floor=5.0)
RECIPE = BilevelRecipe("tiny", "mnist-static", config_of("5x3"), TRAIN)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    images = some_images(16)
    write_set(folder, train=images[:10], valid=images[10:13], test=images[13:])
    return folder


def train(data: Path, folder: Path, recipe: BilevelRecipe = RECIPE, minutes: float | None = None) -> VLAE:
    return Trainer(recipe, data, folder, minutes, "cpu").run(quiet=True)


def with_train(**changes: Any) -> BilevelRecipe:
    return dataclasses.replace(RECIPE, train=dataclasses.replace(TRAIN, **changes))


def assert_equal_weights(first: VLAE, second: VLAE) -> None:
    ours, theirs = first.state_dict(), second.state_dict()
    assert ours.keys() == theirs.keys()
    different = [name for name in ours if not torch.equal(ours[name], theirs[name])]
    assert not different


def test_a_seed_decides_the_weights(data: Path, tmp_path: Path) -> None:
    first = train(data, tmp_path / "one")
    torch.rand(17)  # whatever else the process drew before
    assert_equal_weights(first, train(data, tmp_path / "two"))
    other = train(data, tmp_path / "three", with_train(seed=2))
    assert not torch.equal(first.local.mix.weight, other.local.mix.weight)


def test_images_may_be_drawn_from_the_ink_of_another_set(data: Path, tmp_path: Path) -> None:
    other = dataclasses.replace(with_train(ink=RECIPE.data), data="caltech")
    assert_equal_weights(train(data, tmp_path / "one"), train(data, tmp_path / "two", other))


class InterruptedRunError(Exception):
    pass


@pytest.mark.parametrize("stop", [2, 3, 6])
def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    """Stopped in the middle of step `stop`; the last checkpoint is from the last even step before it."""
    monkeypatch.setattr(loop.Loop, "validate_every", 2)
    whole = train(data, tmp_path / "whole")
    step = Trainer._step

    def stops(self: Trainer) -> Any:
        if self.state.step == stop:
            raise InterruptedRunError
        return step(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", stops)
        with pytest.raises(InterruptedRunError):
            train(data, tmp_path / "parts")
    torch.rand(17)
    resumed = Trainer(RECIPE, data, tmp_path / "parts", None, "cpu")
    assert resumed.state.step == stop // 2 * 2
    assert_equal_weights(whole, resumed.run(quiet=True))
    logs = [(tmp_path / name / "log.csv").read_text().splitlines() for name in ("whole", "parts")]
    assert [drop_minutes(line) for line in logs[0]] == [drop_minutes(line) for line in logs[1]]


def drop_minutes(line: str) -> list[str]:
    return [cell for index, cell in enumerate(line.split(",")) if index != 1]


def test_training_twice_changes_nothing(data: Path, tmp_path: Path) -> None:
    first = train(data, tmp_path)
    log = (tmp_path / "log.csv").read_text()
    assert_equal_weights(first, train(data, tmp_path))
    assert (tmp_path / "log.csv").read_text() == log


def test_training_lowers_the_bound(data: Path, tmp_path: Path) -> None:
    recipe = with_train(updates=150, dropout=0.0, kl_floor=0.0, auxiliary=0.0, free_updates=0, rate=0.01)
    start = Trainer(recipe, data, tmp_path, None, "cpu")
    images = start.train_ink

    def bound(model: VLAE) -> float:
        torch.manual_seed(0)
        with torch.no_grad():
            result = model(images)
        return float((result.rate + result.distortion).mean())

    before = bound(start.average)
    assert bound(start.run(quiet=True)) < before - 150


def test_the_averaged_weights_are_what_is_loaded(data: Path, tmp_path: Path) -> None:
    average = train(data, tmp_path)
    loaded = load_trained(tmp_path, RECIPE)
    assert_equal_weights(average, loaded)
    assert not loaded.training
    last = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["model"]
    assert not torch.equal(last["local.mix.weight"], average.local.mix.weight)


def test_the_average_is_one_of_the_weights_passed(data: Path, tmp_path: Path) -> None:
    """With decay d: kept = d kept + (1 - d) new, where d rises from 2/11 towards the recipe's."""
    trainer = Trainer(RECIPE, data, tmp_path, None, "cpu")
    expected = trainer.average.local.mix.weight.detach().clone()
    for step in range(1, 4):
        trainer._step()
        decay = min(TRAIN.average, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * trainer.model.local.mix.weight.detach()
    torch.testing.assert_close(trainer.average.local.mix.weight.detach(), expected)


def test_the_log_has_a_row_for_every_validation(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop.Loop, "validate_every", 3)
    train(data, tmp_path)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [3, 6, 7]
    for row in rows:
        parts = float(row["kl_nats"]) + float(row["distortion_nats"])
        assert float(row["neg_elbo_nats"]) == pytest.approx(parts, abs=0.002)
        assert row["skipped"] == "0"


def test_validation_does_not_disturb_training(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    often = []
    for every in (1, 1000):
        monkeypatch.setattr(loop.Loop, "validate_every", every)
        often.append(train(data, tmp_path / str(every)))
    assert_equal_weights(*often)


def test_a_time_budget_ends_training(data: Path, tmp_path: Path) -> None:
    trainer = Trainer(with_train(updates=10**6), data, tmp_path, 1e-4, "cpu")
    trainer.run(quiet=True)
    assert 0 < trainer.state.step < 10**5
    resumed = Trainer(with_train(updates=10**6), data, tmp_path, 1e-4, "cpu")
    resumed.run(quiet=True)
    assert resumed.state.step == trainer.state.step


def test_a_step_with_infinite_gradients_is_left_out(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(RECIPE, data, tmp_path, None, "cpu")
    before = trainer.model.local.mix.weight.detach().clone()
    losses = trainer._losses

    def infinite() -> Any:
        found = losses()
        return found._replace(loss=found.loss * torch.inf)

    monkeypatch.setattr(trainer, "_losses", infinite)
    trainer._step()
    assert torch.equal(trainer.model.local.mix.weight, before)
    assert (trainer.state.skipped, trainer.state.step) == (1, 1)


def test_a_checkpoint_from_before_a_setting_existed_goes_on(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path)
    path = tmp_path / "checkpoint.pt"
    tree = torch.load(path, weights_only=True)
    del tree["config"]["flow_posterior"]
    torch.save(tree, path)
    load_trained(tmp_path, RECIPE)


def test_another_shape_does_not_continue_a_training(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path)
    other = dataclasses.replace(RECIPE, model=config_of("7x4"))
    with pytest.raises(ModelError, match="other shapes"):
        Trainer(other, data, tmp_path, None, "cpu")
    with pytest.raises(ModelError):
        load_trained(tmp_path, other)


def test_a_missing_or_damaged_checkpoint(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="vlae-train tiny"):
        load_trained(tmp_path, RECIPE)
    for content in (b"", b"no checkpoint", b"PK\x03\x04" + bytes(50)):
        (tmp_path / "checkpoint.pt").write_bytes(content)
        with pytest.raises(ModelError, match="checkpoint"):
            load_trained(tmp_path, RECIPE)
        with pytest.raises(ModelError, match="checkpoint"):
            Trainer(RECIPE, data, tmp_path, None, "cpu")


def test_validation_images_train_only_where_the_recipe_says_so(data: Path, tmp_path: Path) -> None:
    assert len(Trainer(RECIPE, data, tmp_path, None, "cpu").train_ink) == 10
    both = Trainer(with_train(use_valid=True), data, tmp_path, None, "cpu")
    assert len(both.train_ink) == 13 and len(both.valid_images) == 3


def test_the_learning_rate_holds_and_falls_to_nothing() -> None:
    left = [share_left(0.6, progress) for progress in np.linspace(0, 1, 101)]
    assert left[:60] == [1.0] * 60
    assert left == sorted(left, reverse=True)
    assert left[80] == pytest.approx(0.5)
    assert left[-1] == pytest.approx(0, abs=1e-12)
    assert max(a - b for a, b in zip(left, left[1:], strict=False)) < math.pi / 2 / 40 + 1e-9
    assert share_left(1.0, 0.99) == 1.0


def test_free_bits_leave_small_rates_alone(data: Path, tmp_path: Path) -> None:
    """While bits are free, a KL below the allowance has no gradient."""
    trainer = Trainer(with_train(free_bits=1e6, free_updates=1, auxiliary=0.0), data, tmp_path, None, "cpu")
    for step, has_gradient in ((0, False), (1, True)):
        trainer.state.step = step
        trainer.optimiser.zero_grad()
        trainer._losses().loss.backward()  # type: ignore[no-untyped-call]
        nets = [p.grad for p in trainer.model.prior.parameters()]
        assert any(g is not None and bool(g.abs().sum() > 0) for g in nets) == has_gradient


def test_soft_free_bits_steer_the_weight_of_the_rate(data: Path, tmp_path: Path) -> None:
    trainer = Trainer(RECIPE, data, tmp_path, None, "cpu")
    assert trainer.state.rate_weight < 1
    for rate, direction in ((1.0, -1), (5.1, 0), (50.0, 1)):
        before = trainer.state.rate_weight
        trainer._soft_free_bits(rate)
        assert np.sign(trainer.state.rate_weight - before) == direction
    for _ in range(2000):
        trainer._soft_free_bits(50.0)
    assert trainer.state.rate_weight == 1
    assert Trainer(with_train(kl_floor=0.0), data, tmp_path, None, "cpu").state.rate_weight == 1


def test_images_become_tensors() -> None:
    tensor = as_tensor(some_images(2))
    assert tensor.shape == (2, 1, 28, 28) and tensor.dtype == torch.float32
    assert set(tensor.flatten().tolist()) == {0.0, 1.0}
