"""The photo model as it is trained: bits, the order of the prior, MS-SSIM, and a run that is stopped and goes on."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vlae_codec.families.photo.texture import LEAST
from vlae_models.data.packing import Member, write_shards
from vlae_models.photo.config import PHOTO, PhotoConfig, PhotoRecipe, PhotoTraining
from vlae_models.photo.prior import Coded, Prior, checkerboard, gaussian_bits, scale_of
from vlae_models.photo.structure import ms_ssim
from vlae_models.photo.texture import LOG_STEP, START, UNIT, texture_cost
from vlae_models.photo.training import PhotoTrainer
from vlae_models.recipe import load_recipe

SMALL = PhotoConfig(
    widths=(4, 6, 8), analysis_blocks=(1, 1, 1), synthesis_blocks=(1, 1, 1), slices=(3, 5), hyper=4, middle=8, head=8
)
RECIPE = PhotoRecipe("small", "photos", model=SMALL, train=PhotoTraining(updates=4, batch=2, crop=192))


@pytest.mark.parametrize("scale", [0.11, 0.7, 9.0, 128.0])
def test_bits_are_those_of_a_distribution(scale: float) -> None:
    values = torch.arange(-3000, 3001).double()
    mass = torch.exp2(-gaussian_bits(values, torch.tensor(scale).double()))
    assert float(mass.sum()) == pytest.approx(1, abs=1e-6)
    assert float((mass * values**2).sum()) == pytest.approx(scale**2 + 1 / 12, rel=0.02) or scale < 0.5


def test_far_values_keep_a_gradient() -> None:
    away, index = torch.tensor([500.0], requires_grad=True), torch.tensor([-7.0], requires_grad=True)
    bits = gaussian_bits(away, scale_of(index))
    bits.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(bits).all() and away.grad is not None and away.grad > 0
    assert index.grad is not None and index.grad < 0  # back into the table


@torch.no_grad()
@pytest.mark.parametrize(("slice_", "half"), [(0, 0), (0, 1), (1, 0)])
def test_no_step_of_the_prior_sees_what_comes_later(slice_: int, half: int) -> None:
    """The means of a step (seen in values whose symbols are 0) stay as they are when later latents change."""
    torch.manual_seed(1)
    prior = Prior(SMALL)
    features = torch.randn(1, SMALL.middle, 4, 6)
    prior.hyper = lambda y, quality, hard: (features, torch.zeros(1))  # type: ignore[method-assign]
    y, first = torch.randn(1, SMALL.latent, 4, 6), checkerboard(torch.zeros(1, 1, 4, 6))
    later = torch.zeros_like(y, dtype=torch.bool)
    start = sum(SMALL.slices[:slice_])
    own = slice(start, start + SMALL.slices[slice_])
    later[:, own.stop :] = True
    if half == 0:
        later[:, own] = ~first
    changed = torch.where(later, y + 5 * torch.randn_like(y), y)
    values, others = (prior(one, torch.zeros(1), hard=True).values for one in (y, changed))
    kept = first if half == 0 else ~first
    torch.testing.assert_close(values[:, own][..., kept], others[:, own][..., kept])
    assert not torch.allclose(values, others)


def test_ms_ssim_is_that_of_the_reference() -> None:
    """Frozen values of pytorch-msssim 1.0.0 for 8-bit RGB pictures as 0 ... 1, window of 11, sigma of 1.5."""
    rng = np.random.default_rng(7)
    a = torch.from_numpy(rng.random((2, 3, 192, 256))).float()
    b = (a + 0.1 * torch.from_numpy(rng.standard_normal(a.shape)).float()).clamp(0, 1)
    torch.testing.assert_close(ms_ssim(a, b), torch.tensor(FROZEN), atol=2e-5, rtol=0)


FROZEN = [0.954333, 0.954652]


def test_a_run_that_is_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data")
    whole = PhotoTrainer(RECIPE, data, tmp_path / "whole", None, "cpu", quiet=True)
    whole.run(quiet=True)
    for updates in (2, 4):
        train = PhotoTraining(updates=updates, batch=2, crop=192, hold=1.0)
        part = PhotoTrainer(PhotoRecipe("small", "photos", model=SMALL, train=train), data, tmp_path, None, "cpu", True)
        part.run(quiet=True)
    assert part.state.step == 4
    assert [int(row["step"]) for row in part.state.log] == [2, 4]
    assert float(part.state.log[-1]["bpp_0.5"]) > 0


def test_a_run_starts_from_the_averaged_weights_of_another(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data")
    PhotoTrainer(RECIPE, data, tmp_path / "base", None, "cpu", quiet=True).run(quiet=True)
    want = torch.load(tmp_path / "base" / "checkpoint.pt", weights_only=True)["average"]
    train = PhotoTraining(updates=3, batch=2, crop=192, init="base")
    trainer = PhotoTrainer(
        PhotoRecipe("next", "photos", model=SMALL, train=train), data, tmp_path / "run", None, "cpu", True
    )
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(value, want[name]), name
    trainer.run(quiet=True)
    assert "texture_0.5" in trainer.state.log[-1]


def test_the_cost_of_texture_is_least_at_the_spread_of_what_was_not_sent() -> None:
    torch.manual_seed(0)
    away = 0.05 * torch.randn(1, 4, 64, 64)
    away[:, 3] = 3.0  # sent: it counts for nothing
    coded = Coded(torch.zeros_like(away), torch.zeros(1), torch.zeros(1), torch.zeros(1, 2, 64, 64), away)
    costs = []
    for scale in (0.025, 0.05, 0.1):
        index = math.log(scale / LEAST) / LOG_STEP

        def head(known: torch.Tensor, index: float = index) -> torch.Tensor:
            return torch.full((1, 4, 64, 64), (index - START) / UNIT)

        costs.append(float(texture_cost(head, coded)))
    assert costs[1] < min(costs[0], costs[2]) - 0.1
    assert abs(costs[1] - (0.5 + math.log(0.05 / LEAST))) < 0.02


def test_shipped_recipe_is_read() -> None:
    assert load_recipe("photo", PHOTO).train.batch >= 1


def pictures(folder: Path) -> Path:
    """Shards of one picture, and crops to validate with."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8))
    stream = io.BytesIO()
    small.resize((500, 400), Image.Resampling.BICUBIC).save(stream, "PNG")
    write_shards(folder, [Member("photo/one.jpg", stream.getvalue())])
    np.savez(folder / "validation.npz", crops=np.asarray(small.resize((256, 256)))[None])
    return folder


def test_a_plan_says_what_a_budget_will_reach(tmp_path: Path) -> None:
    trainer = PhotoTrainer(RECIPE, pictures(tmp_path / "data"), tmp_path / "run", None, "cpu", quiet=True)
    found = trainer.plan(10.0)
    assert found["updates"] == min(RECIPE.train.updates, round(600 * found["updates_a_second"]))
    assert found["gigapixels"] == round(found["updates"] * 2 * 192**2 / 1e9, 3)
    assert found["teraflops"] >= 0 and not trainer.checkpoint.exists()
