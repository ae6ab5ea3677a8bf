"""The sender's view of one image: q(z|x), and how far it is from the prior.

All of this is the sender's own business (design D4): floating point is fine here, the receiver
repeats none of it.
"""

from __future__ import annotations

import math
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exact.layers import FRACTION
from ..exact.philox import private_uniforms
from ..exact.tables import EXP_FRACTION, EXP_MIN, QUANTILE_FRACTION, load_tables
from ..model.networks import IntegerModel, Integers, Pictures
from .labelled import label_rate

Floats = NDArray[np.float64]

RATE_SAMPLES = 4
"""Samples of z behind a KL estimate; conditionals are closed-form, so few are enough."""

NAIVE_STEP = 2.0**-3
"""Grid width of z in the naive two-part code that reports compare with: what it pays over the -ELBO is the entropy of
q(z|x) on this grid, which bits-back would get back."""


class Posterior(NamedTuple):
    """q(z|x) = N(mean, scale^2) of a batch, (B, D) each, in units of z."""

    mean: Floats
    scale: Floats

    def of(self, index: int) -> Posterior:
        """Return the posterior of one image of the batch, (1, D)."""
        return Posterior(self.mean[index : index + 1], self.scale[index : index + 1])

    def log_density(self, z: Floats) -> Floats:
        """log q(z|x) elementwise, nats; z broadcasts against (B, D)."""
        return gaussian_log_density(z, self.mean, self.scale)


class Rates(NamedTuple):
    """Theoretical code lengths of a batch, bits: KL by block (B, blocks), -ELBO and naive (B,), the label of each."""

    kl_blocks: Floats
    neg_elbo: Floats
    naive: Floats
    label: float

    @property
    def kl(self) -> Floats:
        """KL(q(z|x) || p(z)), and the label where there is one, (B,)."""
        return np.asarray(self.kl_blocks.sum(axis=1) + self.label)


def gaussian_log_density(z: Floats, mean: Floats, scale: Floats) -> Floats:
    """log N(z; mean, scale^2) elementwise, nats."""
    return np.asarray(-0.5 * ((z - mean) / scale) ** 2 - np.log(scale) - 0.5 * math.log(2 * math.pi))


def posterior_of(model: IntegerModel, images: Pictures) -> Posterior:
    """q(z|x) of bilevel images (B, H, W)."""
    mean, log_scale = model.posterior(images)
    scale = load_tables().exp[log_scale - EXP_MIN] / 2.0**EXP_FRACTION
    return Posterior(mean / 2.0**FRACTION, scale)


def sample(posterior: Posterior, number: int) -> Integers:
    """Sample `number` of every image's posterior, (B, D), on the latent grid of 2^-10."""
    table = load_tables().quantile / 2.0**QUANTILE_FRACTION
    latent = posterior.mean.shape[1]
    uniforms = private_uniforms(latent, streams(posterior, number))
    return grid(posterior.mean + posterior.scale * table[(uniforms * 2**16).astype(int)])


def streams(posterior: Posterior, purpose: int) -> list[int]:
    """Numbers of the images' private random streams.

    They are digests of the posteriors, so that no image's depends on where it stands among others.
    """
    rows = zip(posterior.mean, posterior.scale, strict=True)
    return [zlib.crc32(scale.tobytes(), zlib.crc32(mean.tobytes(), purpose)) for mean, scale in rows]


def grid(z: Floats) -> Integers:
    """z as integers of 2^-10."""
    return np.asarray(np.floor(z * 2.0**FRACTION + 0.5), np.int64)


def prior_conditionals(model: IntegerModel, z: Integers, labels: Integers | None = None) -> tuple[Floats, Floats]:
    """Mean and standard deviation of every dimension of z given the blocks before it, (N, D) each."""
    size = model.block_size
    parts = [model.prior_block(block, z[:, : block * size], labels) for block in range(model.blocks)]
    mean, scale = (np.concatenate([part[i] for part in parts], axis=1) for i in range(2))
    return mean / 2.0**FRACTION, scale / 2.0**EXP_FRACTION


def rates(model: IntegerModel, images: Pictures, posterior: Posterior) -> Rates:
    """KL, -ELBO and naive two-part length of every image, estimated with `RATE_SAMPLES` samples (distortion: one)."""
    labels = model.likely_labels(images) if model.labels and model.label is None else None
    kl = np.zeros((len(images), model.blocks))
    for number in range(RATE_SAMPLES):
        z = sample(posterior, number)
        mean, scale = prior_conditionals(model, z, labels)
        kl_dims = gaussian_kl(posterior, mean, scale)
        kl += kl_dims.reshape(len(images), model.blocks, -1).sum(axis=2) / RATE_SAMPLES
    z, label = sample(posterior, 0), label_rate(model)
    distortion = model.approximate.distortion_bits(images, z if labels is None else model.joined(z, labels))
    kl /= math.log(2)
    neg_elbo = kl.sum(axis=1) + label + distortion
    entropy = np.log2(posterior.scale * (math.sqrt(2 * math.pi * math.e) / NAIVE_STEP)).sum(axis=1)
    return Rates(kl, neg_elbo, neg_elbo + entropy, label)


def gaussian_kl(posterior: Posterior, mean: Floats, scale: Floats) -> Floats:
    """KL(q || N(mean, scale^2)) elementwise, nats."""
    ratio = posterior.scale / scale
    return np.asarray(0.5 * (ratio**2 + ((posterior.mean - mean) / scale) ** 2 - 1) - np.log(ratio))
