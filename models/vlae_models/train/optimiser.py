"""Muon for the matrices of hidden layers beside Adam or Adamax for the rest.

Muon turns the momentum of a matrix into the nearest orthogonal one, so that all of its directions learn at one speed.
What it gained over Adam stands in docs/decisions.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .muon import Muon

SMALLEST = 16
"""Sides that a matrix has at least; in a smaller one there is little to make orthogonal."""
ENDS = ("out", "heads", "mean", "straight")
"""Last layers, and linear paths: each of these has a scale of its own."""
FIRST = "mix"
"""The first layer of a network that reads windows."""

Others = Callable[[list[nn.Parameter]], torch.optim.Optimizer]
"""Makes an optimiser of parameters; a `factor` in one of its groups is that group's share of the learning rate."""


class Optimiser:
    """All parameters of a network, at two learning rates that fade together.

    Args:
        net: what is trained; its weights stay where they are in memory from now on.
        rate: learning rate of all that is no matrix of a hidden layer.
        muon: learning rate of those, 0 to let all be trained alike.
        others: makes the optimiser of the rest.
        left_out: names of layers that do not count as hidden.
        decay: weight decay of Muon's matrices, as a factor of their learning rate.
    """

    def __init__(
        self,
        net: nn.Module,
        rate: float,
        muon: float,
        others: Others,
        left_out: tuple[str, ...] = (*ENDS, FIRST),
        decay: float = 0.0,
    ) -> None:
        self.rate, self.muon_rate = rate, muon
        self.hidden = hidden_weights(net, left_out) if muon else []
        hidden = set(map(id, self.hidden))
        self.others = others([weight for weight in net.parameters() if id(weight) not in hidden])
        self.muon = Muon([as_matrix(weight.detach(), weight) for weight in self.hidden], decay) if self.hidden else None

    def zero_grad(self) -> None:
        """Forget all gradients."""
        self.others.zero_grad(set_to_none=True)
        for weight in self.hidden:
            weight.grad = None

    def step(self, left: float) -> None:
        """Go on by one update, at so much of the learning rates."""
        for group in self.others.param_groups:
            group["lr"] = left * self.rate * group.get("factor", 1.0)
        self.others.step()
        if self.muon is not None:
            gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in self.hidden]
            matrices = [as_matrix(one, weight) for one, weight in zip(gradients, self.hidden, strict=True)]
            self.muon.step(matrices, left * self.muon_rate)

    def state_dict(self) -> dict[str, Any]:
        """Return the state that a checkpoint keeps."""
        muon = {} if self.muon is None else {"muon": self.muon.state_dict()}
        return {**self.others.state_dict(), **muon}

    def load_state_dict(self, tree: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Raises:
            KeyError: it was trained without Muon.
        """
        if self.muon is not None:
            self.muon.load_state_dict(tree["muon"])
        self.others.load_state_dict({key: value for key, value in tree.items() if key != "muon"})


def hidden_weights(net: nn.Module, left_out: tuple[str, ...] = (*ENDS, FIRST)) -> list[nn.Parameter]:
    """Return the weights of layers between others, in the order of the network, but for those of some names."""
    found: list[nn.Parameter] = []
    for name, module in net.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)) and name.rpartition(".")[2] not in left_out:
            weight: nn.Parameter = module.weight  # type: ignore[assignment]
            if min(len(weight), weight[0].numel()) >= SMALLEST:
                found.append(weight)
    return found


def as_matrix(tensor: Tensor, weight: Tensor) -> Tensor:
    """Return a weight or its gradient (outputs, ...) as (outputs, inputs): of the weight itself a view.

    Args:
        tensor: what is wanted as a matrix.
        weight: the weight, in either of torch's memory formats, which decides the order of the inputs.
    """
    return (tensor if weight.is_contiguous() else tensor.permute(0, 2, 3, 1)).reshape(len(tensor), -1)
