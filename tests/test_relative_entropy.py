from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_models import SHAPES, distance_from_normal, exported, some_images, tiny_model

from vlae_codec.latents import relative_entropy
from vlae_codec.latents.posterior import (
    Posterior,
    gaussian_kl,
    gaussian_log_density,
    posterior_of,
    prior_conditionals,
    sample,
)
from vlae_codec.latents.relative_entropy import FaithfulCoder, choose_groups, decode_numbers, group_sizes
from vlae_codec.model.networks import Candidates, IntegerModel

models = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def kl_of(model: IntegerModel, posterior: Posterior) -> NDArray[np.float64]:
    """An estimate of one image's KL by block, bits, as `rates` makes it."""
    nats = gaussian_kl(posterior, *prior_conditionals(model, sample(posterior, 0)))
    return np.asarray(nats.reshape(model.blocks, -1).sum(axis=1) / math.log(2))


@models
@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_numbers_decode_to_the_candidates_that_were_chosen(shape: Any, groups: int, monkeypatch: Any) -> None:
    model = tiny_model(*shape)
    if groups > model.blocks:
        pytest.skip("more groups than blocks")
    chosen: list[NDArray[np.int64]] = []
    search = FaithfulCoder._search

    def spy(*arguments: Any) -> Any:
        result = search(*arguments)
        chosen.append(result[1])
        return result

    monkeypatch.setattr(FaithfulCoder, "_search", spy)
    coder, posterior = FaithfulCoder(model, 10), posterior_of(model, some_images(2))
    for image in range(2):
        chosen.clear()
        own = posterior.of(image)
        numbers = coder.encode(own, kl_of(model, own), groups)
        assert len(numbers) == groups and min(numbers) >= 0 and max(numbers) < 2**10
        np.testing.assert_array_equal(decode_numbers(model, numbers), np.concatenate(chosen, axis=1)[0])
        assert FaithfulCoder(model, 10).encode(own, kl_of(model, own), groups) == numbers


class OwnCodebook(IntegerModel):
    """A model whose shared candidates can be exchanged for others, to see what holds on average over all of them."""

    book = 0

    def candidates(self, paths: Any, level: int, before: Any, blocks: int) -> Candidates:
        return super().candidates(paths + (self.book << 32), level, before, blocks)


@pytest.mark.parametrize(
    ("blocks", "groups", "ratio", "images"), [(1, 1, 0.5, 400), (2, 2, 0.75, 250), (2, 1, 0.85, 250)]
)
def test_a_faithful_code_is_a_sample_of_the_posterior(
    blocks: int, groups: int, ratio: float, images: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In standard units of q, z has to be standard normal noise; a quarter or all of the dimensions say something."""
    monkeypatch.setattr(relative_entropy, "CHUNK", 1 << 10)
    model, rng = OwnCodebook(*exported("4x2", 16, blocks)), np.random.default_rng(0)
    dims = [0, 5, 8, 15] if blocks == 1 else list(range(16))
    means, scales = (part.repeat(images, axis=0) for part in prior_conditionals(model, np.zeros((1, 16), np.int64)))
    means[:, dims] += rng.normal(size=(images, len(dims))) * math.sqrt(1 - ratio**2) * scales[:, dims]
    scales[:, dims] *= ratio
    z, kl, spent = np.zeros((images, 16)), np.zeros(images), np.zeros((images, groups))
    for image in range(images):
        model.book = image
        posterior = Posterior(means, scales).of(image)
        kl_blocks = kl_of(model, posterior)
        numbers = FaithfulCoder(model, 11).encode(posterior, kl_blocks, groups)
        z[image] = decode_numbers(model, numbers) / 1024
        kl[image], spent[image] = kl_blocks.sum(), np.log2(np.array(numbers) + 1)
    assert 3 < np.median(kl) < 10
    total = np.median(spent.sum(axis=1))
    assert np.median(kl) - 2.5 < total < np.median(kl) + 0.5  # mantissas; the exponents cost the rest
    standard = (z - means) / scales
    for column in standard.T:
        assert abs(column.mean()) < 3.5 / math.sqrt(images)
        assert abs(column.var() - 1) < 3.5 * math.sqrt(2 / images)
        assert distance_from_normal(column) < 1.63
    assert abs(standard.var() - 1) < 3.5 * math.sqrt(2 / standard.size)
    assert distance_from_normal(standard.reshape(-1)) < 1.63


def test_candidates_are_weighed_by_the_prior() -> None:
    """log p(z) of every candidate, but for one constant: scales that differ between candidates count."""
    model = tiny_model()
    z, log_prior = FaithfulCoder(model, 8)._candidates(0, 0, np.zeros((1, 0), np.int64), model.blocks, 256)
    latents = z.astype(np.int64)
    expected = gaussian_log_density(latents / 1024, *prior_conditionals(model, latents)).sum(axis=1)
    difference = log_prior - expected
    assert expected.std() > 1
    np.testing.assert_allclose(difference, difference.mean(), atol=0.02)


def test_every_group_of_every_image_has_private_times_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    model, used = tiny_model("4x2", 32, 4), []
    times = relative_entropy.arrival_times

    def spy(reach: int, stream: int) -> Any:
        used.append(stream)
        return times(reach, stream)

    monkeypatch.setattr(relative_entropy, "arrival_times", spy)
    posterior = posterior_of(model, some_images(3))
    for image in range(3):
        FaithfulCoder(model, 8).encode(posterior.of(image), kl_of(model, posterior.of(image)), 4)
    assert len(used) == len(set(used)) == 12


def test_arrival_times_are_those_of_a_poisson_process() -> None:
    """Gaps between arrivals are exponential with mean one."""
    gaps = np.diff(np.exp(relative_entropy.arrival_times(14, 3)), prepend=0)
    assert gaps.min() > 0
    assert abs(gaps.mean() - 1) < 4 / math.sqrt(len(gaps))
    assert abs(gaps.var() - 1) < 4 * math.sqrt(8 / len(gaps))
    assert abs((gaps > 2).mean() - math.exp(-2)) < 4 * math.sqrt(0.12 / len(gaps))


def test_the_dial_moves_between_prior_and_posterior() -> None:
    model, rng, kl_blocks = tiny_model(), np.random.default_rng(1), np.array([6.0, 6.0])
    posteriors = [Posterior(np.full((1, 16), rng.normal(0.4, 0.01)), np.full((1, 16), 0.6)) for _ in range(100)]
    coder, distances, spent = FaithfulCoder(model, 12), [], []
    for dial in (0.0, 0.5, 1.0, 3.0):
        found = [coder.encode(posterior, kl_blocks, 1, dial) for posterior in posteriors]
        z = np.stack([decode_numbers(model, numbers) for numbers in found]) / 1024
        distances.append((((z - 0.4) / 0.6) ** 2).mean())
        spent.append(np.mean([math.log2(numbers[0] + 1) for numbers in found]))
    assert distances == sorted(distances, reverse=True)
    assert spent == sorted(spent)
    assert spent[0] == 0  # nothing to say: the first candidate is as good as any


@given(st.lists(st.floats(0, 60), min_size=1, max_size=8), st.integers(8, 22))
def test_groups_are_as_few_as_the_search_can_serve(kl_blocks: list[float], reach: int) -> None:
    kl = np.array(kl_blocks)
    groups = choose_groups(kl, reach)
    most = min(4, len(kl))
    assert 1 <= groups <= most

    def largest(groups: int) -> float:
        edges = np.cumsum([0, *group_sizes(len(kl), groups)])
        return max(float(kl[a:b].sum()) for a, b in zip(edges, edges[1:], strict=False))

    assert all(largest(fewer) > reach - 4 for fewer in range(1, groups))
    assert groups == most or largest(groups) <= reach - 4


@given(st.integers(1, 16), st.integers(1, 4))
def test_groups_cover_the_blocks(blocks: int, groups: int) -> None:
    sizes = group_sizes(blocks, groups)
    assert len(sizes) == groups and sum(sizes) == blocks
    assert sizes == sorted(sizes) and sizes[-1] - sizes[0] <= 1
