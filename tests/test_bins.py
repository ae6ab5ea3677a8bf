from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vlae_codec.coding.ans import Stack
from vlae_codec.errors import FormatError
from vlae_codec.exact.tables import EXP_MIN, load_tables
from vlae_codec.latents.bins import MASS_BITS, MAX_PRECISION, MIN_PRECISION, Grid, edges, latents, normal
from vlae_codec.model.networks import POSTERIOR_LOG_SCALE, PRIOR_LOG_SCALE

Pair = tuple[NDArray[np.int64], NDArray[np.int64]]
precisions = st.integers(MIN_PRECISION, MAX_PRECISION)


def conditionals(seed: int, count: int = 40, spread: int = 3000) -> tuple[Pair, Pair]:
    """Prior (mean, scale) and posterior (mean, log scale), as wild as the networks' ranges allow."""
    rng = np.random.default_rng(seed)
    prior = rng.integers(-spread, spread, (1, count)), rng.integers(*PRIOR_LOG_SCALE, (1, count))
    posterior = rng.integers(-spread, spread, (1, count)), rng.integers(*POSTERIOR_LOG_SCALE, (1, count))
    return (prior[0], load_tables().exp[prior[1] - EXP_MIN]), posterior


def filled(seed: int) -> Stack:
    return Stack(np.random.default_rng(seed).integers(1, 256, 1000, np.uint8).tobytes())


def test_normal_is_the_normal_distribution() -> None:
    x = np.arange(-500_000, 500_000, 997)
    exact = np.array([NormalDist().cdf(value / 2**16) for value in x])
    assert np.abs(normal(x) / 2**30 - exact).max() < 2e-7
    assert (np.diff(normal(np.arange(-420_000, 420_000))) >= 0).all()


@pytest.mark.parametrize("precision", [MIN_PRECISION, 10, 12, MAX_PRECISION])
def test_edges_are_quantiles(precision: int) -> None:
    count = 1 << precision
    exact = [NormalDist().inv_cdf(k / count) * 2**16 for k in range(1, count)]
    np.testing.assert_allclose(edges(precision)[1:-1], exact, atol=4)
    assert len(edges(precision)) == count + 1


@settings(max_examples=60)
@given(precisions, st.integers(0, 2**32), st.sampled_from([100, 3000, 32_000]))
def test_push_undoes_pop(precision: int, seed: int, spread: int) -> None:
    stack, grid = filled(seed), Grid(precision, *conditionals(seed, spread=spread))
    before = stack.to_bytes()
    bins = grid.pop(stack)
    assert (bins >= 0).all() and (bins < 1 << precision).all()
    grid.push(stack, bins)
    assert stack.to_bytes() == before


@settings(max_examples=30)
@given(precisions, st.integers(0, 2**32))
def test_masses_cover_everything_once(precision: int, seed: int) -> None:
    grid = Grid(precision, *conditionals(seed, count=1))
    starts = np.array([int(grid.start(np.array([k]))[0]) for k in range(0, (1 << precision) + 1, 1 << precision - 4)])
    assert starts[0] == 0 and starts[-1] == 1 << precision + MASS_BITS
    assert (np.diff(starts) >= 0).all()


def test_bits_popped_less_bits_pushed_are_the_kl() -> None:
    rng = np.random.default_rng(0)
    log_scale = rng.integers(-3000, -100, (1, 2000))
    sigma = np.exp(log_scale / 1024)
    mean = np.rint(1024 * rng.normal(size=(1, 2000)) * np.sqrt(1 - sigma**2)).astype(np.int64)
    prior = np.zeros((1, 2000), np.int64), np.full((1, 2000), 1 << 14)
    kl = 0.5 * (sigma**2 + (mean / 1024) ** 2 - 1) - np.log(sigma)
    stack, grid = Stack(filled(3).to_bytes() * 20), Grid(12, prior, (mean, log_scale))
    start = stack.bits
    spent = 12 * grid.pop(stack).size - (start - stack.bits)
    assert spent == pytest.approx(kl.sum() / np.log(2), rel=0.02)


def test_bins_stand_for_their_quantiles() -> None:
    bins = np.array([[0, 1000, 2048, 4095]])
    zero, one = np.zeros((1, 4), np.int64), np.full((1, 4), 1 << 14)
    exact = [NormalDist().inv_cdf((k + 0.5) / 4096) * 1024 for k in bins[0]]
    np.testing.assert_allclose(latents(12, bins, zero, one)[0], exact, atol=2)


def test_a_bin_without_mass_is_refused() -> None:
    prior, posterior = conditionals(0, 4)
    narrow = posterior[0] * 0, posterior[1] * 0 - (5 << 10)
    with pytest.raises(FormatError, match="no mass"):
        Grid(12, (prior[0] * 0, prior[1] * 0 + (1 << 14)), narrow).push(filled(0), np.full((1, 4), 4000))
