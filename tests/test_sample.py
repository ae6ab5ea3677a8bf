"""Samples of the prior, and the command that draws them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from small_models import BACKENDS, distance_from_normal, tiny_model

from vlae_cli import sample as command
from vlae_codec.families.bilevel import codec
from vlae_codec.families.choice import bilevel_models
from vlae_codec.latents.posterior import prior_conditionals
from vlae_codec.latents.prior import MAX_SEED, sample_prior

Run = Callable[..., Result]


def test_samples_are_of_the_prior_and_independent() -> None:
    """In units of the conditionals' deviations they are standard normal and do not hang together."""
    model, count = tiny_model(), 4000
    z = sample_prior(model, count, 6)
    mean, scale = prior_conditionals(model, z)
    noise = (z / 1024 - mean) / scale
    assert abs(noise.mean()) < 4 / math.sqrt(noise.size)
    assert abs(noise.var() - 1) < 4 * math.sqrt(2 / noise.size)
    assert distance_from_normal(noise.reshape(-1)) < 1.63
    correlation = np.corrcoef(noise.T) - np.eye(model.latent)
    assert np.abs(correlation).max() < 5 / math.sqrt(count)


def test_more_samples_of_a_seed_begin_alike_and_other_seeds_differ() -> None:
    model = tiny_model()
    few, many = sample_prior(model, 3, MAX_SEED), sample_prior(model, 5, MAX_SEED)
    np.testing.assert_array_equal(few, many[:3])
    assert (sample_prior(model, 3, 0) != few).any(axis=1).all()


@pytest.mark.parametrize("device", BACKENDS[:1])
def test_each_picture_of_a_batch_may_have_noise_of_its_own(device: str) -> None:
    model = tiny_model(device=device)
    z, numbers = sample_prior(model, 20), np.arange(20) % 7
    alone = [tiny_model().draw(z[i : i + 1], 3, int(number))[0] for i, number in enumerate(numbers)]
    np.testing.assert_array_equal(model.draw(z, 3, numbers), alone)


def test_the_command_draws_a_sheet(run: Run, mnist: str, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    result = run("sample", "-m", mnist, "-n", 5, "-o", out, "--scale", 1, "--seed", 4)
    assert result.exit_code == 0, result.output
    with Image.open(out) as image:
        sheet = np.asarray(image)
    assert sheet.shape == (2 * 29 + 1, 3 * 29 + 1)
    drawn: Any = codec.draw_prior(bilevel_models(mnist)[0], 5, seed=4)
    np.testing.assert_array_equal(sheet[1:29, 30:58], 255 * drawn[1])
    assert 0.03 < drawn.mean() < 0.4
    assert run("sample", "-m", mnist, "-n", 5, "-o", out).exit_code == 1
    assert run("sample", "-m", mnist, "-n", 5, "-o", out, "--force", "--columns", 5).exit_code == 0


def test_what_cannot_be_sampled_is_refused(run: Run, mnist: str, tmp_path: Path) -> None:
    photo = run("sample", "-m", "photo", "-n", 1, "-o", tmp_path / "a.png")
    assert photo.exit_code == 1 and "of any size" in photo.output
    assert run("sample", "-m", mnist, "-o", tmp_path / "a.gif").exit_code == 1
    assert run("sample", "-m", mnist, "-o", tmp_path / "a.png", "--seed", MAX_SEED + 1).exit_code == 2
    assert command.MAX_SEED == MAX_SEED
    assert not list(tmp_path.iterdir())
