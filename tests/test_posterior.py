from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import some_images, tiny_model

from vlae_codec.latents.posterior import (
    NAIVE_STEP,
    Posterior,
    gaussian_kl,
    gaussian_log_density,
    grid,
    posterior_of,
    prior_conditionals,
    rates,
    sample,
)

Floats = NDArray[np.float64]
MODEL, IMAGES = tiny_model(), some_images(4, seed=9)
POSTERIOR = posterior_of(MODEL, IMAGES)


def weigh(samples: int) -> tuple[Floats, Floats]:
    """log q(z|x) - log p(z) and log p(x|z), nats, (samples, images) each, for samples of q by numpy's own generator."""
    rng = np.random.default_rng(1)
    rate, likelihood = [], []
    for _ in range(samples):
        z = grid(POSTERIOR.mean + POSTERIOR.scale * rng.normal(size=POSTERIOR.mean.shape))
        mean, scale = prior_conditionals(MODEL, z)
        prior = gaussian_log_density(z / 1024, mean, scale).sum(axis=1)
        rate.append(POSTERIOR.log_density(z / 1024).sum(axis=1) - prior)
        likelihood.append(-math.log(2) * MODEL.distortion_bits(IMAGES, z))
    return np.stack(rate), np.stack(likelihood)


def test_log_density_is_that_of_the_normal_distribution() -> None:
    z = np.linspace(-9, 9, 20001)[:, None]
    mean, scale = np.array([0.3, -1.0]), np.array([0.5, 1.4])
    density = np.exp(gaussian_log_density(z, mean, scale)) * (z[1] - z[0])
    np.testing.assert_allclose(density.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose((density * z).sum(axis=0), mean, atol=1e-6)
    np.testing.assert_allclose((density * (z - mean) ** 2).sum(axis=0), scale**2, atol=1e-6)


def test_gaussian_kl_against_the_integral() -> None:
    z = np.linspace(-9, 9, 20001)[:, None]
    posterior = Posterior(np.array([0.3, -1.0]), np.array([0.5, 1.4]))
    mean, scale = np.array([-0.2, 0.1]), np.array([1.1, 0.8])
    q = posterior.log_density(z)
    integral = (np.exp(q) * (q - gaussian_log_density(z, mean, scale))).sum(axis=0) * (z[1] - z[0])
    np.testing.assert_allclose(gaussian_kl(posterior, mean, scale), integral, atol=1e-6)
    np.testing.assert_allclose(gaussian_kl(posterior, *posterior), 0, atol=1e-12)


def test_kl_against_monte_carlo() -> None:
    found = rates(MODEL, IMAGES, POSTERIOR)
    assert found.kl_blocks.shape == (4, MODEL.blocks)
    assert (found.kl_blocks > 0).all()
    np.testing.assert_allclose(found.kl, found.kl_blocks.sum(axis=1))
    rate, _ = weigh(400)
    bits = rate / math.log(2)
    error = bits.std(axis=0) / math.sqrt(len(bits))
    # The estimate's own four samples differ by far less than those of the plain Monte Carlo mean.
    assert (np.abs(found.kl - bits.mean(axis=0)) < 4 * error + 0.05 * found.kl).all()


def test_neg_elbo_lies_above_the_importance_bound() -> None:
    """-ELBO >= the bound of many samples >= -log p(x), in the mean over images."""
    rate, likelihood = weigh(60)
    weights = likelihood - rate
    bound = [
        -np.mean(np.logaddexp.reduce(weights.reshape(-1, samples, 4), axis=1) - math.log(samples)) / math.log(2)
        for samples in (1, 6, 60)
    ]
    assert bound[0] > bound[1] > bound[2]
    found = rates(MODEL, IMAGES, POSTERIOR)
    assert found.neg_elbo.mean() > bound[2]
    error = weights.std(axis=0) / math.log(2)
    assert (np.abs(found.neg_elbo + weights.mean(axis=0) / math.log(2)) < 4 * error).all()


def test_naive_code_pays_for_the_choice_of_z() -> None:
    """By the entropy of q on the grid, which is positive for all but the narrowest posteriors."""
    found = rates(MODEL, IMAGES, POSTERIOR)
    entropy = (np.log2(POSTERIOR.scale / NAIVE_STEP) + 0.5 * math.log2(2 * math.pi * math.e)).sum(axis=1)
    assert (entropy > 0).all()
    assert (found.naive > found.neg_elbo).all()
    np.testing.assert_allclose(found.naive - found.neg_elbo, entropy, rtol=0.25)


def test_samples_are_those_of_the_posterior() -> None:
    z = np.stack([sample(POSTERIOR, number) for number in range(500)]) / 1024
    standard = (z - POSTERIOR.mean) / POSTERIOR.scale
    assert abs(standard.mean()) < 4 / math.sqrt(standard.size)
    assert abs(standard.var() - 1) < 4 * math.sqrt(2 / standard.size)
    assert np.abs(standard.mean(axis=0)).max() < 4.5 / math.sqrt(500)


def test_samples_repeat_by_number_only() -> None:
    np.testing.assert_array_equal(sample(POSTERIOR, 2), sample(POSTERIOR, 2))
    assert (sample(POSTERIOR, 2) != sample(POSTERIOR, 3)).any(axis=1).all()


def test_grid_rounds_half_up() -> None:
    assert grid(np.array([0.5, -0.5, 1.5, 1.49, -1.51]) / 1024).tolist() == [1, 0, 2, 1, -2]


def test_posterior_is_that_of_the_networks() -> None:
    mean, log_scale = MODEL.posterior(IMAGES)
    np.testing.assert_allclose(POSTERIOR.mean, mean / 1024)
    np.testing.assert_allclose(np.log(POSTERIOR.scale), log_scale / 1024, atol=0.01)


@pytest.mark.parametrize("block", [0, 1])
def test_conditionals_see_only_the_blocks_before(block: int) -> None:
    z = sample(POSTERIOR, 0)
    changed = z.copy()
    changed[:, 8 * block :] += 500
    for a, b in zip(prior_conditionals(MODEL, z), prior_conditionals(MODEL, changed), strict=True):
        np.testing.assert_array_equal(a[:, : 8 * (block + 1)], b[:, : 8 * (block + 1)])
        assert block or (a[:, 8:] != b[:, 8:]).any()
