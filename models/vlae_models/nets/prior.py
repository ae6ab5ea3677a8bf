"""The prior p(z) or p(z|y): autoregressive in blocks, each a diagonal Gaussian given the blocks before it.

One step of autoregressive flow (Chen et al., section 3.2): eps_b = (z_b - mean_b(z_<b)) / scale_b(z_<b).
Unlike a stack of such steps it keeps closed-form conditionals, which the codec needs. With labels the noise is what a
picture has beside its label: the same noise under another label is another class in the same style.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..recipe import ModelConfig
from .label import label_input
from .layers import linear

LOG_SCALE_RANGE = (-4.0, 1.0)
"""Range of the prior's conditional log standard deviation."""


def gaussian_log_density(z: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """log N(z; mean, exp(log_scale)^2), elementwise, nats."""
    return -0.5 * ((z - mean) * torch.exp(-log_scale)) ** 2 - log_scale - 0.5 * math.log(2 * math.pi)


def gaussian_kl(mean: Tensor, log_scale: Tensor, prior_mean: Tensor, prior_log_scale: Tensor) -> Tensor:
    """KL(N(mean, scale^2) || N(prior_mean, prior_scale^2)), elementwise, nats."""
    ratio = torch.exp(2 * (log_scale - prior_log_scale))
    shift = ((mean - prior_mean) * torch.exp(-prior_log_scale)) ** 2
    return 0.5 * (ratio + shift - 1) - (log_scale - prior_log_scale)


class BlockPrior(nn.Module):
    """Conditionals of p(z) = prod_b p(z_b | z_<b); without labels the first block is standard normal.

    Labels are one-hot, (B, K); of a model without labels None.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.size = config.latent // config.prior_blocks
        self.first = label_input(config.labels, 2 * self.size)
        self.nets, self.labels = nn.ModuleList(), nn.ModuleList()
        for block in range(1, config.prior_blocks):
            net = nn.Sequential(
                linear(block * self.size, config.prior_hidden),
                nn.ReLU(),
                linear(config.prior_hidden, config.prior_hidden),
                nn.ReLU(),
                linear(config.prior_hidden, 2 * self.size, gain=0.1),
            )
            self.nets.append(net)
            if (label := label_input(config.labels, config.prior_hidden)) is not None:
                self.labels.append(label)

    def block(self, index: int, before: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation, (B, size) each, of block `index` given z_<index (B, index * size)."""
        if index == 0 and self.first is None:
            zero = before.new_zeros(len(before), self.size)
            return zero, zero
        out = self.first(label) if index == 0 and self.first else self._net(index - 1, before, label)
        mean, log_scale = out.float().chunk(2, 1)
        return mean, log_scale.clamp(*LOG_SCALE_RANGE)

    def _net(self, number: int, before: Tensor, label: Tensor | None) -> Tensor:
        net = self.nets[number]
        assert isinstance(net, nn.Sequential)
        h: Tensor = net[0](before)
        out: Tensor = net[1:](h if label is None else h + self.labels[number](label))
        return out

    def conditionals(self, z: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation of every dimension given the blocks before it; z is (B, D)."""
        parts = [self.block(i, z[:, : i * self.size], label) for i in range(len(self.nets) + 1)]
        return torch.cat([p[0] for p in parts], 1), torch.cat([p[1] for p in parts], 1)

    def log_density(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """log p(z) of each row, (B,), nats."""
        return gaussian_log_density(z, *self.conditionals(z, label)).sum(1)

    def flow(self, z: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the same density as a flow: noise eps (B, D) and log |d eps / d z| (B,)."""
        mean, log_scale = self.conditionals(z, label)
        return (z - mean) * torch.exp(-log_scale), -log_scale.sum(1)

    def sample(self, eps: Tensor, label: Tensor | None = None) -> Tensor:
        """z (B, D) of standard normal noise eps (B, D): the flow inverted, block by block."""
        z = eps[:, :0]
        for index in range(len(self.nets) + 1):
            mean, log_scale = self.block(index, z, label)
            z = torch.cat([z, mean + torch.exp(log_scale) * eps[:, index * self.size : (index + 1) * self.size]], 1)
        return z
