"""Muon against torch's own."""

from __future__ import annotations

import copy

import pytest
import torch

from vlae_models.train.muon import Muon, orthogonal

SHAPES = [(32, 16), (16, 32), (32, 16), (24, 24)]


def some(shapes: list[tuple[int, int]], seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in shapes]


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
def test_it_goes_where_the_muon_of_torch_goes() -> None:
    ours, theirs = some(SHAPES, 0), [torch.nn.Parameter(one) for one in some(SHAPES, 0)]
    muon, reference = Muon(ours), torch.optim.Muon(theirs, 0.02, weight_decay=0.0)
    for step in range(5):
        gradients = some(SHAPES, 1 + step)
        muon.step(gradients, 0.02)
        for weight, gradient in zip(theirs, gradients, strict=True):
            weight.grad = gradient
        reference.step()  # type: ignore[no-untyped-call]
    for start, one, other in zip(some(SHAPES, 0), ours, theirs, strict=True):
        # bfloat16 rounds elsewhere where matrices are taken together.
        assert (one - other).norm() < 0.02 * (one - start).norm()


@pytest.mark.parametrize("shape", [(32, 16), (16, 32)])
def test_singular_values_become_about_one(shape: tuple[int, int]) -> None:
    matrices = torch.stack(some([shape, shape], 3)) * 1e-3
    values = torch.linalg.svdvals(orthogonal(matrices).float())
    assert values.shape == (2, 16) and values.min() > 0.5 and values.max() < 1.5


def test_it_goes_on_from_a_checkpoint() -> None:
    first = some(SHAPES, 0)
    muon = Muon(first)
    muon.step(some(SHAPES, 1), 0.02)
    second, kept = [one.clone() for one in first], copy.deepcopy(muon.state_dict())
    again = Muon(second)
    again.load_state_dict(kept)
    for either in (muon, again):
        either.step(some(SHAPES, 2), 0.02)
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)
