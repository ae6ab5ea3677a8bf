"""The grid of bits-back coding's z: bins of equal mass under the prior, in exact integers.

    p(z_d | z_<b)   |  0  |  1  | 2 | 3 |  4  |  5  |     each of the 2^P bins costs exactly P bits
    q(z_d | x)             .  _.-+---+-._  .              a bin's mass is an integer of 2^-(P + 8)

A bin is a number k; the z that it stands for is what a candidate of the lossy code would be whose noise has this
quantile, z = mean + scale * quantile. The grid moves and stretches with the prior, so that it is fine where z is
likely, and the same number of bits pays for every latent.

Masses of q are differences of the normal distribution's table at the bins' edges, in q's units: integers that come from
committed tables and the integer networks alone. Their finite precision is no loss by itself, since sender and receiver
take the very same numbers.

Popping a bin: P + 8 bits are popped as a number v; the bin is the one with start <= v < start + mass; then v - start is
pushed back, which is uniform below mass. That takes P + 8 - log2(mass) bits off the stack, as it should be. With 8 bits
more than the grid has, a mass is known to about 1 / 256, which costs next to nothing (the loss is quadratic); with many
more, masses would be so large that constriction's uniform models were no longer exact.
"""

from __future__ import annotations

import functools

import numpy as np

from ..coding.ans import Stack
from ..errors import FormatError
from ..exact.layers import FRACTION
from ..exact.tables import EXP_FRACTION, EXP_MIN, NORMAL_FRACTION, NORMAL_RANGE, NORMAL_STEPS, load_tables
from ..model.networks import Integers, place

EDGE_FRACTION = 16
"""Edges are in units of 2^-16 standard deviations of the prior."""
MASS_BITS = 8
"""Bits of a bin's mass if q were the prior; part of the format."""
LARGEST = NORMAL_RANGE * (1 << EDGE_FRACTION) // NORMAL_STEPS - 1
MIN_PRECISION, MAX_PRECISION = 4, 15


def normal(x: Integers) -> Integers:
    """2^30 Phi(x), x in units of 2^-16: the committed table with straight lines between its entries."""
    table, shift = load_tables().normal, EDGE_FRACTION - NORMAL_STEPS.bit_length() + 1
    x = np.clip(x, -LARGEST, LARGEST) + (NORMAL_RANGE << shift)
    index = x >> shift
    low = table[index]
    return np.asarray(low + ((table[index + 1] - low) * (x & ((1 << shift) - 1)) >> shift))


@functools.cache
def edges(precision: int) -> Integers:
    """Return inner edges of 2^precision bins of equal mass, units of 2^-16 deviations, and an end at either side."""
    wanted = np.arange(1, 1 << precision, dtype=np.int64) << (NORMAL_FRACTION - precision)
    low = np.full(len(wanted), -LARGEST, np.int64)
    high = -low
    while (high - low > 1).any():
        middle = (low + high) >> 1
        above = normal(middle) >= wanted
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.concatenate([[-LARGEST], high, [LARGEST]])


class Grid:
    """The bins of some dimensions of z for a batch, (B, d), under prior and posterior.

    Args:
        precision: P; there are 2^P bins.
        prior: mean (2^-10) and scale (2^-14), from `IntegerModel.prior_block`.
        posterior: mean and log scale (2^-10), from `IntegerModel.posterior`, of the same dimensions.
        mass_bits: other than `MASS_BITS` only to measure what that does.
    """

    def __init__(
        self,
        precision: int,
        prior: tuple[Integers, Integers],
        posterior: tuple[Integers, Integers],
        mass_bits: int = MASS_BITS,
    ) -> None:
        self.precision, self.shape = precision, prior[0].shape
        self._total = precision + mass_bits
        scale = load_tables().exp[posterior[1] - EXP_MIN]
        self._shift = (prior[0] - posterior[0]).reshape(-1) << (EDGE_FRACTION + EXP_FRACTION - FRACTION)
        self._prior_scale, self._scale = prior[1].reshape(-1), scale.reshape(-1)

    def start(self, bins: Integers) -> Integers:
        """Where the bins (n,) begin in the cumulative distribution of q, 0 ... 2^(P + 8)."""
        x = (edges(self.precision)[bins] * self._prior_scale + self._shift) // self._scale
        # The outer bins get one unit each, so that no bin has all of the mass, which constriction cannot express.
        top = 1 << self._total
        inner = 1 + (normal(x) * (top - 2) >> NORMAL_FRACTION)
        return np.where(bins <= 0, 0, np.where(bins >= 1 << self.precision, top, inner))

    def pop(self, stack: Stack) -> Integers:
        """Pop bins from q, (B, d)."""
        value = stack.pop_numbers(len(self._scale), self._total)
        low = np.zeros(len(value), np.int64)
        for bit in reversed(range(self.precision)):
            middle = low + (1 << bit)
            low = np.where(self.start(middle) <= value, middle, low)
        start = self.start(low)
        mass = self.start(low + 1) - start
        stack.push_below(value - start, mass)
        return low.reshape(self.shape)

    def push(self, stack: Stack, bins: Integers) -> None:
        """Undo `pop`: push bins (B, d) under q.

        Raises:
            FormatError: q cannot have given such a bin.
        """
        flat = bins.reshape(-1)
        start = self.start(flat)
        mass = self.start(flat + 1) - start
        if not mass.all():
            raise FormatError("a latent lies where this picture's posterior has no mass: damaged, or of another model")
        stack.push_numbers(start + stack.pop_below(mass), self._total)


def latents(precision: int, bins: Integers, mean: Integers, scale: Integers) -> Integers:
    """Return the z (2^-10) that bins (B, d) stand for under prior conditionals, (B, d)."""
    quantile = load_tables().quantile
    middle = (bins << (16 - precision)) + (1 << (15 - precision))  # between two entries of the table
    return place((quantile[middle - 1] + quantile[middle]) >> 1, mean, scale)
