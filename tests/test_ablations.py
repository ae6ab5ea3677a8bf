"""The paper's ablations: their recipes differ in what they compare and in nothing else, and become tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_models import config_of, some_images, write_set

from benchmarks import ablations
from benchmarks.ablation_tables import PRIORS, WINDOWS
from benchmarks.ablation_tables import ablations as tables
from benchmarks.results import write_result
from benchmarks.window_sweep import SWEEP
from vlae_models.recipe import Recipe, TrainConfig, load_recipe
from vlae_models.training import Trainer

RECIPES = {name: load_recipe(str(SWEEP / f"{name}.toml")) for name in {**PRIORS, **WINDOWS}}


def test_all_are_trained_alike() -> None:
    base = RECIPES[ablations.BASE]
    for recipe in RECIPES.values():
        assert (recipe.data, recipe.train) == (base.data, base.train)
    assert dataclasses.replace(RECIPES["plain-iaf"].model, flow_posterior=False) == base.model
    assert dataclasses.replace(RECIPES["plain-gaussian"].model, prior_blocks=4) == base.model
    for name in ("4x2", "7x4"):
        assert dataclasses.replace(RECIPES[f"plain-{name}"].model, window="5x3") == base.model


@pytest.mark.parametrize(
    ("name", "expected"), [("4x2", 6), ("5x3", 12), ("7x4", 24), ("six-3x3", 84), ("full", 14 * 28 + 14)]
)
def test_pixels_of_a_window(name: str, expected: int) -> None:
    assert ablations.window_pixels(RECIPES[f"plain-{name}"]) == expected


def test_a_run_becomes_a_row_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = some_images(40)
    data = write_set(tmp_path / "data", train=images, valid=images[:5], test=images[:5]).parent.parent
    monkeypatch.setattr(ablations, "SWEEP", tmp_path)
    train = TrainConfig(updates=3, batch=10, free_updates=0, kl_floor=0.01)
    recipe = Recipe("plain-5x3", "mnist-static", model=config_of("5x3"), train=train)
    monkeypatch.setattr(ablations, "load_recipe", lambda path: recipe)
    Trainer(recipe, data, tmp_path / "plain-5x3", None, "cpu").run(quiet=True)
    row, nll = ablations.measure_run(tmp_path / "plain-5x3", images, images[:4], 3)
    assert (row["updates"], row["images"], row["nll_images"], row["window_pixels"]) == (3, 40, 4, 12)
    assert row["nll_nats"] == pytest.approx(float(np.mean(nll)), abs=1e-3) and row["kl_nats"] >= 0
    row |= {"nll_over_base": 0.0, "nll_over_base_standard_error": 0.0}
    write_result("ablations", {"set": "mnist-static", "base": "plain-5x3", "rows": [row]}, tmp_path)
    text = "\n".join(tables(tmp_path))
    assert f"| 5x3 | 12 | {row['nll_nats']:.2f} | - |" in text and "3 updates each" in text
