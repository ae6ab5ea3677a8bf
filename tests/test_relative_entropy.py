from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_models import SHAPES, distance_from_normal, exported, some_images, tiny_model

from vlae_codec.errors import FormatError
from vlae_codec.exact.tables import load_tables
from vlae_codec.latents import cells, relative_entropy
from vlae_codec.latents.cells import candidate, cell_bits, cell_noise, cells_of
from vlae_codec.latents.posterior import Posterior, gaussian_kl, posterior_of, prior_conditionals, sample
from vlae_codec.latents.relative_entropy import (
    Reach,
    Search,
    choose_groups,
    find_sample,
    group_kls,
    group_sizes,
)
from vlae_codec.latents.rules import Curve, Race
from vlae_codec.latents.target import Target, normal, quantile
from vlae_codec.model.networks import IntegerModel

Floats = NDArray[np.float64]
models = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
RACE, FIRST, GROUPS = Reach(30, 30, 1 << 18), Reach(0, 30, 1 << 18), Reach(30, 3, 1 << 18)


def kl_of(model: IntegerModel, posterior: Posterior) -> Floats:
    """An estimate of one image's KL by block, bits, as `rates` makes it."""
    nats = gaussian_kl(posterior, *prior_conditionals(model, sample(posterior, 0)))
    return np.asarray(nats.reshape(model.blocks, -1).sum(axis=1) / math.log(2))


def decoded(model: IntegerModel, numbers: list[int]) -> NDArray[np.int64]:
    z = np.zeros((1, 0), np.int64)
    for group, (number, blocks) in enumerate(zip(numbers, group_sizes(model.blocks, len(numbers)), strict=True)):
        z = candidate(model, number, group, z, blocks)
    return np.asarray(z[0])


def target_of(model: IntegerModel, posterior: Posterior, dial: float = 1.0) -> Target:
    return Target(model, posterior, dial, 0, np.zeros((1, 0), np.int64), model.blocks)


def posteriors(model: IntegerModel, ratio: float, count: int, said: int = 16) -> list[Posterior]:
    """Laws that say something of the first latents, with deviations of `ratio` times the prior's, about its means."""
    rng, latent = np.random.default_rng(0), model.latent
    says = np.where(np.arange(latent) < said, ratio, 1.0)
    away = rng.normal(size=(count, latent)) * np.sqrt(1 - says**2)
    mean = np.zeros((count, latent))
    for _ in range(model.blocks):  # each block's prior is that given the means of those before
        prior, scale = prior_conditionals(model, np.rint(mean * 1024).astype(np.int64))
        mean = prior + away * scale
    return [Posterior(mean[i : i + 1], says * scale[i : i + 1]) for i in range(count)]


@pytest.mark.parametrize(
    ("blocks", "reach", "ratio", "said", "images"),
    [
        (1, RACE, 0.35, 4, 150),
        (1, FIRST, 0.35, 4, 150),
        (2, RACE, 0.5, 10, 80),
        (2, FIRST, 0.6, 12, 100),
        (2, GROUPS, 0.6, 12, 100),
    ],
)
def test_the_code_is_a_sample_of_the_posterior(
    blocks: int, reach: Reach, ratio: float, said: int, images: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """z in standard units of q is normal noise, and q / p at z has the law that it has at samples of q."""
    model = IntegerModel(*exported("4x2", 16, blocks))
    z, theirs, ours, over = np.zeros((images, 16)), [], [], []
    for index, posterior in enumerate(posteriors(model, ratio, images, said)):
        monkeypatch.setattr(cells, "LEVEL", 4096 * (index + 1))  # what holds is the mean over all candidates there are
        kl_blocks = kl_of(model, posterior)
        numbers = find_sample(model, posterior, kl_blocks, reach)
        latents = decoded(model, numbers)
        z[index] = (latents / 1024 - posterior.mean[0]) / posterior.scale[0]
        target = target_of(model, posterior)
        theirs.append(target.samples(8, 1000 + index).ratios.sum(axis=1))
        ours.append(ratio_at(model, posterior, latents))
        over.append(np.log2(np.array(numbers) + 1).sum() - kl_blocks.sum())
        assert (len(numbers) == 1) == (kl_blocks.sum() <= reach.one)
    assert -2.5 < np.median(over) < 1
    for column in z.T:
        assert abs(column.mean()) < 3.7 / math.sqrt(images)
        assert abs(column.var() - 1) < 3.7 * math.sqrt(2 / images)
        assert distance_from_normal(column) < 1.9
    assert abs(z.var() - 1) < 3.5 * math.sqrt(2 / z.size)
    assert distance_from_normal(z.reshape(-1)) < 1.63
    assert two_sample_distance(np.array(ours), np.concatenate(theirs)) < 1.63


def ratio_at(model: IntegerModel, posterior: Posterior, z: NDArray[np.int64]) -> float:
    """log2 of q over p at z."""
    mean, scale = (part[0] for part in prior_conditionals(model, z[None]))
    away, own = (z / 1024 - posterior.mean[0]) / posterior.scale[0], (z / 1024 - mean) / scale
    nats = 0.5 * (own**2 - away**2) + np.log(scale / posterior.scale[0])
    return float(nats.sum() / math.log(2))


def two_sample_distance(a: Floats, b: Floats) -> float:
    """The two-sample Kolmogorov-Smirnov statistic in units of its scale; above 1.63 in 1 % of samples of one law."""
    places = np.sort(np.concatenate([a, b]))
    shares = [np.searchsorted(np.sort(x), places, side="right") / len(x) for x in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max() * math.sqrt(len(a) * len(b) / (len(a) + len(b))))


def test_the_first_point_costs_more_and_is_found_sooner() -> None:
    model = IntegerModel(*exported("4x2", 16, 2))
    seen, spent = np.zeros((2, 40)), np.zeros((2, 40))
    for index, posterior in enumerate(posteriors(model, 0.5, 40, 10)):
        for thorough in (0, 1):
            stream = functools.partial(relative_entropy._stream, posterior, 0)
            search = Search(target_of(model, posterior), stream, bool(thorough))
            spent[thorough, index] = math.log2(search.run(1 << 18) + 1)
            seen[thorough, index] = search.seen
    assert spent[1].mean() < spent[0].mean() < spent[1].mean() + 2
    assert np.median(seen[0]) < np.median(seen[1]) / 2


@models
@pytest.mark.parametrize("reach", [Reach(30, 30, 1 << 13), Reach(0, 30, 1 << 13), Reach(0, 1, 1)])
def test_the_same_numbers_come_again(shape: Any, reach: Reach) -> None:
    model, posterior = tiny_model(*shape), posterior_of(tiny_model(*shape), some_images(2))
    for image in range(2):
        own = posterior.of(image)
        numbers = find_sample(model, own, kl_of(model, own), reach)
        assert numbers == find_sample(model, own, kl_of(model, own), reach)
        assert 1 <= len(numbers) <= model.blocks and min(numbers) >= 0
        assert decoded(model, numbers).shape == (model.latent,)


@given(st.integers(0, 40), st.integers(0, 2**40 - 1), st.integers(3, 20))
def test_cells_share_out_the_bits_of_a_path(exponent: int, value: int, size: int) -> None:
    path = np.array([value % (1 << exponent)], np.int64)
    bits = f"{int(path[0]):0{exponent}b}" if exponent else ""
    for latent in range(size):
        own = bits[latent::size]
        assert cell_bits(exponent, latent, size) == len(own)
        assert cells_of(path, exponent, latent, size)[0] == int(own or "0", 2)


@given(st.integers(0, 12), st.sampled_from([8, 16]))
def test_candidates_of_an_exponent_share_the_prior_out(exponent: int, size: int) -> None:
    """One of them lies in each cell of probability 2^-exponent."""
    paths = np.arange(1 << exponent, dtype=np.int64)
    noise = cell_noise(paths, exponent, 1, size, 0, 2 * size)
    found, table = [cells_of(paths, exponent, i, size) for i in range(size)], load_tables().quantile
    assert len(np.unique(np.stack(found), axis=1).T) == 1 << exponent
    for latent in range(size):
        free = 16 - cell_bits(exponent, latent, size)
        assert (table[found[latent] << free] <= noise[:, latent]).all()
        assert (noise[:, latent] <= table[((found[latent] + 1) << free) - 1]).all()
    np.testing.assert_array_equal(cell_noise(paths, exponent, 1, size, size, size), noise[:, size:])


def test_candidates_follow_the_prior() -> None:
    """Of all exponents together, each block is normal given the blocks before."""
    model = tiny_model()
    z = np.stack([candidate(model, number, 0, np.zeros((1, 0), np.int64), 2)[0] for number in range(1023)])
    mean, scale = prior_conditionals(model, z)
    noise = (z / 1024 - mean) / scale
    assert distance_from_normal(noise.reshape(-1)) < 1.63
    assert np.abs(np.corrcoef(noise.T) - np.eye(16)).max() < 0.15


def test_numbers_beyond_the_candidates_are_refused() -> None:
    model, none = tiny_model(), np.zeros((1, 0), np.int64)
    assert candidate(model, 2**41 - 2, 0, none, 2).shape == (1, 16)
    with pytest.raises(FormatError, match="fewer"):
        candidate(model, 2**41 - 1, 0, none, 2)


def test_what_the_law_is_over_the_prior() -> None:
    """The ratio of a sample is the difference of the logarithms; cells' shares are those of the samples in them."""
    model = tiny_model()
    posterior = posterior_of(model, some_images(1))
    target = target_of(model, posterior)
    samples = target.samples(4000, 5)
    z = model.latents_of(np.rint(samples.noise * 4096).astype(np.int64), np.zeros((4000, 0), np.int64))
    expected = [ratio_at(model, posterior, one) for one in z[:50]]
    np.testing.assert_allclose(samples.ratios[:50].sum(axis=1), expected, atol=0.02)
    for latent in range(model.block_size):
        quarters = np.floor(normal(samples.noise[:, latent]) * 4).astype(int)
        shares = 2.0 ** (target.cells(latent, 2)[2] - 2)
        assert shares.sum() == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(np.bincount(quarters, minlength=4) / 4000, shares, atol=0.035)


def test_normal_and_its_inverse() -> None:
    x = np.linspace(-4, 4, 81)
    np.testing.assert_allclose(normal(x), [0.5 * math.erfc(-value / math.sqrt(2)) for value in x], atol=1e-6)
    np.testing.assert_allclose(quantile(normal(x)), x, atol=2e-3)


def test_the_dial_moves_between_prior_and_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    model = IntegerModel(*exported("4x2", 16, 1))
    distances, spent = [], []
    for dial in (0.0, 0.5, 1.0, 3.0):
        away, bits = [], []
        for index, law in enumerate(posteriors(model, 0.6, 40, 6)):
            monkeypatch.setattr(cells, "LEVEL", 4096 * (index + 1))
            numbers = find_sample(model, law, np.array([4.0]), FIRST, dial)
            z = decoded(model, numbers)[:6] / 1024
            away.append((((z - law.mean[0, :6]) / law.scale[0, :6]) ** 2).mean())
            bits.append(math.log2(numbers[0] + 1))
        distances.append(np.mean(away))
        spent.append(np.mean(bits))
    assert distances == sorted(distances, reverse=True) and abs(distances[2] - 1) < 0.4
    assert spent == sorted(spent)
    assert spent[0] == 0  # nothing to say: the first candidate is as good as any


def test_the_curve_rises_and_takes_all_that_is_certain() -> None:
    ratios = np.random.default_rng(0).normal(8, 2, 500)
    curve = Curve(ratios)
    thresholds = curve.threshold(np.linspace(-10, 60, 200))
    assert (np.diff(thresholds) >= 0).all() and thresholds[-1] == pytest.approx(ratios.max(), abs=1e-6)
    assert Race().threshold(np.array([3.0]))[0] == pytest.approx(3 - math.log2(10))
    assert (Curve(np.zeros(100)).threshold(np.array([-5.0, 0.0, 5.0])) <= 0).all()


@given(st.lists(st.floats(0, 60), min_size=1, max_size=8), st.integers(8, 22))
def test_groups_are_as_few_as_the_search_can_serve(kl_blocks: list[float], most: int) -> None:
    kl = np.array(kl_blocks)
    groups, can = choose_groups(kl, most), min(4, len(kl))
    assert 1 <= groups <= can
    assert all(max(group_kls(kl, fewer)) > most for fewer in range(1, groups))
    assert groups == can or max(group_kls(kl, groups)) <= most
    assert sum(group_kls(kl, groups)) == pytest.approx(kl.sum())


@given(st.integers(1, 16), st.integers(1, 4))
def test_groups_cover_the_blocks(blocks: int, groups: int) -> None:
    sizes = group_sizes(blocks, groups)
    assert len(sizes) == groups and sum(sizes) == blocks
    assert sizes == sorted(sizes) and sizes[-1] - sizes[0] <= 1
