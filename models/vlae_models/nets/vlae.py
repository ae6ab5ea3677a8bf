"""The Variational Lossy Autoencoder (Chen et al., arXiv 1611.02731) and its two relatives.

With a window the decoder is a local PixelCNN: the VLAE. With the window "none" the same networks
are a plain VAE with a factorised Bernoulli decoder. With no latent dimensions what is left is the
local decoder alone. All three report rate and distortion apart.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ..recipe import STACKS, ModelConfig
from .decoder import FeatureDecoder
from .encoder import Encoder
from .label import classifier, one_hot
from .layers import conv
from .pixelcnn import LocalDecoder
from .prior import BlockPrior, gaussian_kl, gaussian_log_density
from .stack_decoder import StackDecoder


class Bound(NamedTuple):
    """The negative ELBO of each image in its parts, nats, each (B,)."""

    rate: Tensor
    """KL(q(z|x) || p(z)), a one-sample estimate with closed-form conditionals."""
    rate_per_dim: Tensor
    """The same before the sum over dimensions, (B, D)."""
    distortion: Tensor
    """-log p(x|z)."""
    auxiliary: Tensor
    """-log of the auxiliary factorised decoder; not part of the bound."""


class VLAE(nn.Module):
    """q(z|x), p(z) and p(x|z) for bilevel images x of shape (B, 1, 28, 28) with values 0 and 1."""

    def __init__(self, config: ModelConfig, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.local: LocalDecoder | StackDecoder = (
            StackDecoder(config) if config.window in STACKS else LocalDecoder(config)
        )
        if config.latent:
            self.encoder = Encoder(config, dropout)
            self.prior = BlockPrior(config)
            self.decoder = FeatureDecoder(config, dropout)
            self.auxiliary = conv(config.features, 1, 1, gain=0.3)
        if config.labels:
            self.label = classifier(16 * 7 * 7, config.labels)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Bound:
        """Return the bound's parts for one sample of z each.

        Args:
            x: images.
            label: of models with labels, one-hot (B, K); by default the most likely one of q(y|x).
        """
        nothing = x.new_zeros(len(x))
        if not self.config.latent:
            return Bound(nothing, x.new_zeros(len(x), 0), bernoulli_cost(self.local(x, None), x), nothing)
        mean, log_scale, label = self.posterior(x, label)
        return self.bound(x, label, mean, log_scale, sample(mean, log_scale))

    def posterior(self, x: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Mean and log standard deviation of q(z|x), (B, D) each, and the label: as given, or the most likely one."""
        h = self.encoder.trunk(x)
        if self.config.labels and label is None:
            label = one_hot(self.label(h).argmax(1), self.config.labels)
        return (*self.encoder.head(h), label)

    def bound(self, x: Tensor, label: Tensor | None, mean: Tensor, log_scale: Tensor, z: Tensor) -> Bound:
        """Return the bound's parts for a sample z of the posterior; labels are equally likely."""
        rate = gaussian_kl(mean, log_scale, *self.prior.conditionals(z, label))
        features = self.features(z, label)
        auxiliary = self.auxiliary(features).squeeze(1).float()
        whole = rate.sum(1) + self.label_nats
        return Bound(whole, rate, self.distortion(x, features), bernoulli_cost(auxiliary, x))

    @property
    def label_nats(self) -> float:
        """-log p(y), of a label that is one of K equally likely ones; 0 without labels."""
        return math.log(max(1, self.config.labels))

    def features(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Features (B, F, 28, 28) that the local decoder reads.

        Of one z the AF prior and the IAF posterior have one rate (Chen et al., section 3.2); what differs is whether
        the decoder reads z or the flow's noise.
        """
        out: Tensor = self.decoder(self.prior.flow(z, label)[0] if self.config.flow_posterior else z, label)
        return out

    def distortion(self, x: Tensor, features: Tensor) -> Tensor:
        """-log p(x|z) of each image, nats, given the decoded features of z."""
        return bernoulli_cost(self.local(x, features), x)

    def importance_bound(self, x: Tensor, samples: int) -> Tensor:
        """-log p(x) of each image, nats, estimated from above with this many importance samples.

        Burda et al. (2016): -log mean_k p(x, z_k) / q(z_k | x); one sample is the -ELBO.
        """
        return math.log(samples) - torch.logsumexp(self.importance_weights(x, samples), 0)

    def importance_weights(self, x: Tensor, samples: int) -> Tensor:
        """log p(x, z) - log q(z|x) of so many samples of z for each image, nats, (samples, B)."""
        mean, log_scale, label = self.posterior(x)
        weights = []
        for _ in range(samples):
            z = sample(mean, log_scale)
            posterior = gaussian_log_density(z, mean, log_scale).sum(1)
            density = self.prior.log_density(z, label)
            weights.append(density - posterior - self.distortion(x, self.features(z, label)))
        return torch.stack(weights) - self.label_nats


def sample(mean: Tensor, log_scale: Tensor) -> Tensor:
    """One sample of each Gaussian, of the shape of mean."""
    return mean + torch.exp(log_scale) * torch.randn_like(mean)


def bernoulli_cost(logits: Tensor, x: Tensor) -> Tensor:
    """-log p(x) of each image, nats, (B,), for independent pixels; logits (B, H, W), x (B, 1, H, W)."""
    return F.binary_cross_entropy_with_logits(logits, x.squeeze(1), reduction="none").sum((1, 2))


def as_tensor(images: NDArray[np.uint8]) -> Tensor:
    """Float tensor (N, 1, H, W) of uint8 images (N, H, W)."""
    return torch.from_numpy(images).unsqueeze(1).float()
