"""Muon: momentum of matrices, made orthogonal (Jordan et al., "Muon: an optimizer for hidden layers", 2024).

`torch.optim.Muon` takes one matrix after the other, some forty small operations each; on a GPU their launches took
longer than the rest of a step of these small networks. Here all matrices of one shape are taken at once.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .precision import has_bfloat16

MOMENTUM = 0.95
STEPS = 5
POLYNOMIAL = (3.4445, -4.775, 2.0315)
"""a, b, c of X <- (a + b X X' + c (X X')^2) X, which pulls all singular values to about 1 in a few steps."""
SMALL = 1e-7


class Muon:
    """Updates matrices along their momentum, made orthogonal.

    Args:
        matrices: what is trained, (outputs, inputs) each; it is changed in place.
        decay: weight decay, as a factor of the learning rate. Without it the norms of matrices grow with the updates.
    """

    def __init__(self, matrices: list[Tensor], decay: float = 0.0) -> None:
        self.decay = decay
        shapes = sorted({tuple(matrix.shape) for matrix in matrices})
        self.groups = [[matrix for matrix in matrices if matrix.shape == shape] for shape in shapes]
        self.order = [[n for n, matrix in enumerate(matrices) if matrix.shape == shape] for shape in shapes]
        self.momenta = [torch.zeros_like(torch.stack(group)) for group in self.groups]

    @torch.no_grad()
    def step(self, gradients: list[Tensor], rate: float) -> None:
        """Go on by one update.

        Args:
            gradients: of the matrices, in their order and shapes.
        """
        for group, order, momentum in zip(self.groups, self.order, self.momenta, strict=True):
            gradient = torch.stack([gradients[n] for n in order])
            momentum.lerp_(gradient, 1 - MOMENTUM)
            outputs, inputs = group[0].shape
            size = rate * math.sqrt(max(1.0, outputs / inputs))
            update = orthogonal(gradient.lerp(momentum, MOMENTUM)).to(momentum.dtype)
            if self.decay:
                torch._foreach_mul_(group, 1 - rate * self.decay)
            torch._foreach_add_(group, list(update.unbind()), alpha=-size)

    def state_dict(self) -> dict[str, list[Tensor]]:
        """Return the state that a checkpoint keeps."""
        return {"momenta": self.momenta}

    def load_state_dict(self, tree: dict[str, list[Tensor]]) -> None:
        """Go on from a checkpoint."""
        for momentum, kept in zip(self.momenta, tree["momenta"], strict=True):
            momentum.copy_(kept)


def orthogonal(matrices: Tensor) -> Tensor:
    """Return the matrices (N, outputs, inputs), singular values about 1 each, in bfloat16 (Newton-Schulz iteration).

    Where the device would emulate it, they are in float32.
    """
    x = matrices.to(torch.bfloat16 if has_bfloat16(matrices.device.type) else torch.float32)
    turned = x.shape[1] > x.shape[2]
    x = x.mT if turned else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=SMALL)
    a, b, c = POLYNOMIAL
    for _ in range(STEPS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.mT if turned else x
