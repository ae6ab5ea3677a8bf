"""The law that a relative entropy code draws z from, by its sender's numbers (design D1, D4).

It is q(z|x), or with an exponent b other than 1 the normal law q^b p^(1-b), made block by block: towards the prior
below 1, sharper than the posterior above. Noise is what the prior makes z of; ratios are log2 of the law's density
over p's.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from ..exact.layers import FRACTION
from ..exact.philox import private_uniforms
from ..exact.tables import EXP_FRACTION, NORMAL_FRACTION, NORMAL_RANGE, NORMAL_STEPS, QUANTILE_FRACTION, load_tables
from ..model.networks import IntegerModel, Integers, place
from .posterior import Floats, Posterior

SHARPEST = 4.0
"""By how much an exponent above 1 may flatten what it should sharpen, where q is wider than p: variance over q's."""
LEAST = 1e-12
"""Least probability of a cell, so that it has a logarithm."""


class Samples(NamedTuple):
    """Samples of the law.

    Attributes:
        noise: what the prior makes them of, (N, D).
        ratios: log2 of the law over the prior, by block, (N, blocks).
    """

    noise: Floats
    ratios: Floats


class Target:
    """The law of one group of blocks of one image's z.

    Args:
        model: its prior is shared with the receiver.
        posterior: q(z|x) of the image, (1, D).
        exponent: b.
        group: number of the group.
        before: z of the groups before, (1, first * S).
        blocks: how many the group has.
    """

    def __init__(
        self, model: IntegerModel, posterior: Posterior, exponent: float, group: int, before: Integers, blocks: int
    ) -> None:
        self.model, self.posterior, self.exponent, self.group, self.before = model, posterior, exponent, group, before
        self.size, self.blocks = model.block_size, blocks
        self.start = before.shape[1] // max(1, self.size)

    def prior(self, block: int, z: Integers) -> tuple[Integers, Integers]:
        """Return the prior's integers for a block of the group from those before it, (N, block * S)."""
        return self.model.prior_block(
            self.start + block, np.concatenate([self.before.repeat(len(z), axis=0), z], axis=1)
        )

    def conditional(self, block: int, mean: Floats, scale: Floats) -> tuple[Floats, Floats]:
        """Return mean and deviation of a block's law from those of its prior, (N, S) each, or (S,) if all are equal."""
        dims = slice((self.start + block) * self.size, (self.start + block + 1) * self.size)
        own, own_scale = self.posterior.mean[0, dims], self.posterior.scale[0, dims]
        if self.exponent == 1:
            return own, own_scale
        precision, prior = 1 / (own_scale * own_scale), 1 / (scale * scale)
        spare = (1 - self.exponent) * prior
        whole = np.maximum(self.exponent * precision + spare, np.minimum(precision, prior) / SHARPEST)
        return own + spare * (mean - own) / whole, 1 / np.sqrt(whole)

    def ratio(self, block: int, noise: Integers, before: Integers) -> tuple[Integers, Floats]:
        """Return a block of z and its log2 ratio, (N, S) and (N,), from its noise and the group's latents before."""
        prior_mean, prior_scale = self.prior(block, before)
        z = place(noise, prior_mean, prior_scale)
        scale, own = prior_scale / 2.0**EXP_FRACTION, noise / 2.0**QUANTILE_FRACTION
        middle = prior_mean / 2.0**FRACTION
        mean, deviation = self.conditional(block, middle, scale)
        away = (middle + scale * own - mean) / deviation  # not of z: its rounding would make equal candidates differ
        nats = 0.5 * (own * own - away * away).sum(axis=1) + np.log((scale / deviation).prod(axis=1))
        return z, nats / math.log(2)

    @functools.cached_property
    def first(self) -> tuple[Floats, Floats]:
        """Mean and deviation of the first block's noise, (S,) each."""
        integers = self.prior(0, np.zeros((1, 0), np.int64))
        prior_mean, prior_scale = integers[0] / 2.0**FRACTION, integers[1] / 2.0**EXP_FRACTION
        mean, deviation = self.conditional(0, prior_mean, prior_scale)
        return ((mean - prior_mean) / prior_scale)[0], np.asarray((deviation / prior_scale)[0])

    def samples(self, count: int, stream: int) -> Samples:
        """Draw `count` samples of the law by a private random stream of this number."""
        standard = quantile(private_uniforms(count * self.blocks * self.size, stream)).reshape(count, -1)
        z, noises, ratios = np.zeros((count, 0), np.int64), [], []
        for block in range(self.blocks):
            prior_mean, prior_scale = self.prior(block, z)
            middle, scale = prior_mean / 2.0**FRACTION, prior_scale / 2.0**EXP_FRACTION
            mean, deviation = self.conditional(block, middle, scale)
            own = (mean + deviation * standard[:, block * self.size : (block + 1) * self.size] - middle) / scale
            found, ratio = self.ratio(block, np.rint(own * 2.0**QUANTILE_FRACTION).astype(np.int64), z)
            z = np.concatenate([z, found], axis=1)
            noises.append(own)
            ratios.append(ratio)
        return Samples(np.concatenate(noises, axis=1), np.stack(ratios, axis=1))

    def cells(self, latent: int, bits: int) -> list[Floats]:
        """Return log2 of the law's share of a latent's cells over the prior's, (2^n,) for each n from 0 to `bits`."""
        mean, deviation = (part[latent] for part in self.first)
        edges = quantile(np.arange((1 << bits) + 1) / (1 << bits))
        edges[0], edges[-1] = -np.inf, np.inf
        below = normal((edges - mean) / deviation)
        shares = [np.diff(below[:: 1 << (bits - n)]) for n in range(bits + 1)]
        return [np.log2(np.maximum(share, LEAST)) + n for n, share in enumerate(shares)]


def normal(x: Floats) -> Floats:
    """Return the standard normal distribution function, by the table."""
    table = load_tables().normal / 2.0**NORMAL_FRACTION
    return np.interp(x * NORMAL_STEPS, np.arange(-NORMAL_RANGE, NORMAL_RANGE + 1), table)


def quantile(probability: Floats) -> Floats:
    """Return the inverse of `normal`."""
    table = load_tables().normal / 2.0**NORMAL_FRACTION
    return np.interp(probability, table, np.arange(-NORMAL_RANGE, NORMAL_RANGE + 1) / NORMAL_STEPS)
