"""A start for models with labels from another: what is new, fitted to what its encoder and decoder make of images.

Classifier, prior and auxiliary decoder are small and read features or latents that are computed once, so this takes
seconds where the training of all networks takes minutes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..nets.label import one_hot
from ..nets.prior import gaussian_kl
from ..nets.vlae import VLAE, bernoulli_cost, sample
from ..recipe import TrainConfig
from .precision import has_bfloat16

IMAGES, PART, BATCH = 30_000, 100, 300
"""Most images that are encoded, how many at once, and images of an update."""
PICTURES = 2000
"""Most images whose features are decoded."""
UPDATES, RATE = 2500, 0.002
"""Of classifier and prior; Adam's learning rate falls linearly to zero."""
AUXILIARY_UPDATES, AUXILIARY_RATE = 200, 0.03
"""Of the auxiliary decoder, a logistic regression."""


def start_labels(net: VLAE, ink: Tensor, labels: Tensor, train: TrainConfig, updates: int = UPDATES) -> None:
    """Fit q(y|x), p(z|y) and the auxiliary decoder of a network whose other parts are trained.

    Where these read labels already, the auxiliary decoder alone: released models have none.

    Args:
        ink: of the training images, (N, 1, 28, 28), 0 to 1.
        labels: theirs, (N,).
        train: its seed decides the draws.
        updates: of classifier and of prior.
    """
    torch.manual_seed(train.seed)
    step = -(-len(ink) // IMAGES)
    device = next(net.parameters()).device
    x, labels = torch.bernoulli(ink[::step]).to(device), labels[::step].to(device)
    known = one_hot(labels, net.config.labels)
    reduced = torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device.type))
    with torch.no_grad(), reduced:
        trunk = [net.encoder.trunk(part) for part in torch.split(x, PART)]
        found = [net.encoder.head(part) for part in trunk]
        h = torch.cat(trunk).float()
        mean, log_scale = (torch.cat([part[i] for part in found]).float() for i in range(2))
        z = sample(mean[:PICTURES], log_scale[:PICTURES])
        decoded = [net.features(*part) for part in zip(torch.split(z, PART), torch.split(known, PART), strict=False)]
        features = torch.cat(decoded).float()

    def classifier_cost(chosen: Tensor) -> Tensor:
        return F.cross_entropy(net.label(h[chosen]), labels[chosen])

    def prior_cost(chosen: Tensor) -> Tensor:
        m, s = mean[chosen], log_scale[chosen]
        return gaussian_kl(m, s, *net.prior.conditionals(sample(m, s), known[chosen])).sum(1).mean()

    def auxiliary_cost(chosen: Tensor) -> Tensor:
        chosen = chosen[:PART] % len(features)
        return bernoulli_cost(net.auxiliary(features[chosen]).squeeze(1), x[chosen]).mean()

    if net.prior.first is None or not net.prior.first.weight.any():  # as it is made: labels are new to the network
        _fit(net.label, classifier_cost, len(h), updates, RATE)
        _fit(net.prior, prior_cost, len(h), updates, RATE)
    _fit(net.auxiliary, auxiliary_cost, len(h), min(updates, AUXILIARY_UPDATES), AUXILIARY_RATE)


def _fit(part: nn.Module, cost: Callable[[Tensor], Tensor], count: int, updates: int, rate: float) -> None:
    """Minimise a cost of random numbers below `count`, (BATCH,), by Adam."""
    optimiser = torch.optim.Adam(part.parameters(), rate)
    for update in range(updates):
        optimiser.param_groups[0]["lr"] = rate * (1 - update / updates)
        optimiser.zero_grad(set_to_none=True)
        cost(torch.randint(count, (BATCH,))).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
