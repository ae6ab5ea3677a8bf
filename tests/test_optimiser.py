"""Muon for the matrices of hidden layers, another optimiser for the rest."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from vlae_models.nets.layers import Residual
from vlae_models.train.optimiser import Optimiser, as_matrix, hidden_weights


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.block = Residual(16)
        self.out = nn.Conv2d(16, 16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.out(self.block(self.stem(x)))
        return out


def make(last: bool = True) -> tuple[Net, Optimiser]:
    torch.manual_seed(0)
    net = Net()
    net.to(memory_format=torch.channels_last if last else torch.contiguous_format)  # type: ignore[call-overload]
    return net, Optimiser(net, 0.001, 0.02, torch.optim.Adam)


def go_on(net: Net, optimiser: Optimiser, steps: int) -> float:
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    loss = x.new_zeros(())
    for _ in range(steps):
        optimiser.zero_grad()
        loss = (net(x) - x.mean(1, keepdim=True)).square().mean()
        loss.backward()
        optimiser.step(1.0)
    return float(loss.detach())


def test_hidden_weights_are_those_between_layers_and_large_enough() -> None:
    net, _ = make()
    found = {id(weight) for weight in hidden_weights(net)}
    assert found == {id(net.stem.weight), id(net.block.first.weight), id(net.block.second.weight)}


def test_each_parameter_has_one_optimiser() -> None:
    net, optimiser = make()
    others = [weight for group in optimiser.others.param_groups for weight in group["params"]]
    assert {id(w) for w in others} | {id(w) for w in optimiser.hidden} == {id(w) for w in net.parameters()}
    assert len(others) + len(optimiser.hidden) == len(list(net.parameters()))


def test_an_update_of_a_matrix_is_about_orthogonal() -> None:
    net, optimiser = make()
    before = net.block.first.weight.detach().clone()
    go_on(net, optimiser, 1)
    change = as_matrix(net.block.first.weight.detach() - before, net.block.first.weight) / 0.02
    sizes = torch.linalg.svdvals(change)
    assert float(sizes.min()) > 0.5 and float(sizes.max()) < 1.5


def test_both_memory_formats_learn_the_same() -> None:
    """A gradient's entries have to meet those of its weight, wherever either of them lies."""
    nets = []
    for last in (True, False):
        net, optimiser = make(last)
        go_on(net, optimiser, 1)
        nets.append(net.block.first.weight.detach().contiguous())
    assert torch.allclose(nets[0], nets[1], atol=2e-3)  # Muon computes in bfloat16


def test_it_learns_and_goes_on_from_a_checkpoint() -> None:
    whole, optimiser = make()
    first = go_on(whole, optimiser, 1)
    kept, weights = copy.deepcopy((optimiser.state_dict(), whole.state_dict()))
    other, again = make()
    other.load_state_dict(weights)
    again.load_state_dict(kept)
    assert go_on(whole, optimiser, 20) == pytest.approx(go_on(other, again, 20), rel=1e-4)
    assert go_on(whole, optimiser, 100) < first / 2


def test_without_muon_everything_has_the_other_optimiser() -> None:
    net = Net()
    optimiser = Optimiser(net, 0.001, 0.0, torch.optim.Adam)
    assert not optimiser.hidden and "muon" not in optimiser.state_dict()
    assert len(optimiser.others.param_groups[0]["params"]) == len(list(net.parameters()))


def test_updates_fade_with_what_is_left() -> None:
    net, optimiser = make()
    before = [weight.detach().clone() for weight in net.parameters()]
    net(torch.zeros(1, 3, 8, 8)).sum().backward()
    optimiser.step(0.0)
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
