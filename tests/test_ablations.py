"""The paper's ablations: their recipes differ in what they compare and in nothing else, and become tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_models import config_of, some_images, write_set

from benchmarks import ablations, sample_counts
from benchmarks.ablation_tables import PRIORS, WINDOWS
from benchmarks.ablation_tables import ablations as tables
from benchmarks.results import write_result
from benchmarks.set_page import sample_counts as page
from benchmarks.window_sweep import SWEEP
from vlae_models.recipe import BILEVEL, BilevelRecipe, TrainConfig, load_recipe
from vlae_models.train.bilevel import Trainer

RECIPES = {name: load_recipe(str(SWEEP / f"{name}.toml"), BILEVEL) for name in {**PRIORS, **WINDOWS}}


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
    recipe = BilevelRecipe("plain-5x3", "mnist-static", model=config_of("5x3"), train=train)
    monkeypatch.setattr(ablations, "load_recipe", lambda path, kind: recipe)
    Trainer(recipe, data, tmp_path / "plain-5x3", None, "cpu").run(quiet=True)
    row, nll = ablations.measure_run(tmp_path / "plain-5x3", images, images[:4], 3)
    assert (row["updates"], row["images"], row["nll_images"], row["window_pixels"]) == (3, 40, 4, 12)
    assert row["nll_nats"] == pytest.approx(float(np.mean(nll)), abs=1e-3) and row["kl_nats"] >= 0
    row |= {"nll_over_base": 0.0, "nll_over_base_standard_error": 0.0}
    write_result("ablations", {"set": "mnist-static", "base": "plain-5x3", "rows": [row]}, tmp_path)
    text = "\n".join(tables(tmp_path))
    assert f"| 5x3 | 12 | {row['nll_nats']:.2f} | - |" in text and "3 updates of 10 images each" in text


def test_more_samples_are_estimated_for_more_images(tmp_path: Path) -> None:
    found = np.linspace(82, 80, 5)[:, None] + np.array([[-1.0, 0.0, 1.0]])
    rows = sample_counts.rows(found)
    assert [row["samples"] for row in rows] == list(sample_counts.COUNTS) and rows[-1]["above_most"] == 0
    assert rows[1]["above_most"] == pytest.approx(1.5) and rows[1]["above_most_standard_error"] == 0
    assert sample_counts.estimate("made-up", rows, tmp_path) == {}
    for images, samples, nll in ((10, 64, 90.0), (500, 16, 81.0)):
        entry = {
            "model": "made-up",
            "samples": samples,
            "nll_images": images,
            "nll_nats": nll,
            "nll_standard_error": 0.1,
        }
        write_result(f"evaluate-made-up-{samples}", entry, tmp_path)
    guess = sample_counts.estimate("made-up", rows, tmp_path)
    assert (guess["estimate_nats"], guess["estimate_images"], guess["estimate_from_samples"]) == (79.5, 500, 16)
    write_result(
        "samples-made-up", {"model": "made-up", "set": "caltech", "images": 3, "rows": rows, **guess}, tmp_path
    )
    text = "\n".join(page(tmp_path, "caltech"))
    assert "79.50 nats" in text and "| 4,096 | 80.00 |" in text
