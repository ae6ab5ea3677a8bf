"""The relative entropy code: the numbers of shared candidates that make a true sample of q(z|x) (design D1).

The candidates of `cells` are the points of a Poisson process on the prior: a tree whose nodes of exponent e have one
each. Its time of arrival is its parent's and an exponential time of mean 2^e more; times are the sender's own affair.
With r = q / p, two rules take a point that is a sample of q: that with the largest r / time (the Poisson functional
representation, Li and El Gamal, 2018), and the first one in time whose r reaches a threshold that rises with time
(greedy Poisson rejection sampling, Flamich, 2023), for which fewer points have to be looked at; its number is half a
bit longer or more. A subtree is left out if what its cell can hold is too little. That is judged by samples of q, of
which a tail of 2 percent is left out.

A number costs KL + about 3 bits. The search grows with the KL; an image above its reach is sent in groups of blocks,
one number each, and every further group costs 2 to 3 bits more. An exponent b other than 1 draws from
q^b p^(1-b) (design D4).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exact.philox import private_uniforms
from ..exact.tables import QUANTILE_FRACTION
from ..model.networks import IntegerModel, Integers
from .cells import candidate, cell_bits, cell_noise, cells_of, largest_exponent
from .posterior import Floats, Posterior, streams
from .target import Samples, Target, normal

SEARCH = 1 << 16
"""Purpose of the first group's private random numbers; apart from those of samples for reports."""
SAMPLING = 64
"""Purpose of samples within a group's; lower ones are those of exponents."""
MAX_GROUPS = 4
SAMPLES = 1024
"""Samples of the law that the curve and the bounds are estimated from."""
TAIL = 0.02
"""Share of the samples that a bound on the ratio may leave out."""
CHUNK = 1 << 14
WORST = -math.log2(10)
"""Least merit of the best point, but for a share of e^-10: its time over its r is exponential."""


class Reach(NamedTuple):
    """How much a search may take.

    Attributes:
        thorough: groups of at most so much KL (bits) are searched for the best point.
        one: groups have at most so much KL.
        nodes: after so many nodes a search ends with the best that it has seen, which few searches come to.
    """

    thorough: float
    one: float
    nodes: int


def group_sizes(blocks: int, groups: int) -> list[int]:
    """Return how many blocks of z each group takes: as equal as can be, smaller ones first, where most of the KL is."""
    return [(blocks + index) // groups for index in range(groups)]


def group_kls(kl_blocks: Floats, groups: int) -> list[float]:
    """Return the KL of each group."""
    edges = np.cumsum([0, *group_sizes(len(kl_blocks), groups)])
    return [float(kl_blocks[a:b].sum()) for a, b in zip(edges, edges[1:], strict=False)]


def choose_groups(kl_blocks: Floats, most: float) -> int:
    """Return the fewest groups of which none has more KL than `most` bits, or as many as there can be."""
    can = range(1, min(MAX_GROUPS, len(kl_blocks)) + 1)
    return next((groups for groups in can if max(group_kls(kl_blocks, groups)) <= most), can[-1])


def find_sample(
    model: IntegerModel, posterior: Posterior, kl_blocks: Floats, reach: Reach, exponent: float = 1.0
) -> list[int]:
    """Return the candidates' numbers for one image, one a group.

    Args:
        model: the model whose prior is shared.
        posterior: q(z|x) of the image, (1, D).
        kl_blocks: KL of every block, bits, (blocks,).
        reach: how much the search may take.
        exponent: of q / p.
    """
    if not model.latent:
        return [0]
    numbers: list[int] = []
    z, kl_blocks = np.zeros((1, 0), np.int64), exponent * kl_blocks
    groups = choose_groups(kl_blocks, reach.one)
    kls = group_kls(kl_blocks, groups)
    for group, (blocks, kl) in enumerate(zip(group_sizes(model.blocks, groups), kls, strict=True)):
        target = Target(model, posterior, exponent, group, z, blocks)
        search = Search(target, functools.partial(_stream, posterior, group), kl <= reach.thorough)
        numbers.append(search.run(reach.nodes))
        z = candidate(model, numbers[-1], group, z, blocks)
    return numbers


def _stream(posterior: Posterior, group: int, purpose: int) -> int:
    return streams(posterior, SEARCH + 2 * SAMPLING * group + purpose)[0]


class Bounds(NamedTuple):
    """What samples of the law say of cells and of candidates that are known in part. Ratios are log2.

    Attributes:
        cells: by how much a ratio exceeds that of its cell, but for the tail, (exponents,).
        mean, deviation: of the noise, (D,); a normal law of these stands for the law in `guess`.
        guessed: by how much a ratio exceeds the guess from the noise of the first blocks, but for the tail, (blocks,).
        known: the same, with the ratios of the first blocks in place of their guesses, (blocks,).
    """

    cells: Floats
    mean: Floats
    deviation: Floats
    guessed: Floats
    known: Floats

    @classmethod
    def of(cls, samples: Samples, expected: Floats, size: int) -> Bounds:
        """Return the bounds that samples show.

        Args:
            samples: N of them.
            expected: log2 of the law's share of each one's cell over the prior's, by exponent, (exponents, N).
            size: latents of a block.
        """
        whole, noise = samples.ratios.sum(axis=1), samples.noise
        mean, deviation = noise.mean(axis=0), np.maximum(noise.std(axis=0), 1e-3)
        starts = range(0, noise.shape[1], size)
        guesses = [guess(noise[:, i : i + size], mean[i : i + size], deviation[i : i + size]) for i in starts]
        guesses[0] = samples.ratios[:, 0]  # the first block's prior is known
        guessed = whole - np.cumsum(guesses, axis=0)
        known = whole - np.sum(guesses, axis=0) - np.cumsum(samples.ratios - np.stack(guesses, axis=1), axis=1).T
        cells, *tails = (np.quantile(rest, 1 - TAIL, axis=1) for rest in (whole - expected, guessed, known))
        return cls(cells, mean, deviation, *tails)


def guess(noise: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Return log2 of a normal law of noise over the standard one, (N,); noise is (N, S), the others (S,)."""
    away = (noise - mean) / deviation
    nats = 0.5 * (noise * noise - away * away).sum(axis=1) - np.log(deviation).sum()
    return np.asarray(nats / math.log(2))


class Nodes(NamedTuple):
    """Nodes of one exponent: paths, times, and log2 of the law's share of their cells over the prior's, (N,) each."""

    paths: Integers
    times: Floats
    shares: Floats

    def at(self, chosen: NDArray[np.bool_] | slice) -> Nodes:
        """Return the chosen ones."""
        return Nodes(self.paths[chosen], self.times[chosen], self.shares[chosen])


class Pending(NamedTuple):
    """Candidates in the making, N of them.

    Attributes:
        paths: which ones of their exponent, (N,).
        times: log2 of their arrivals, (N,).
        least: the log2 ratio that each has to reach, (N,).
        ratios: the log2 ratio as far as it is known or guessed, (N,).
        noise: of the first blocks, (N, d).
        z: the first blocks, (N, d).
    """

    paths: Integers
    times: Floats
    least: Floats
    ratios: Floats
    noise: Integers
    z: Integers

    def with_noise(self, gain: Floats, noise: Integers) -> Pending:
        """Return them with the noise of the next block, for which the ratio is guessed."""
        return self._replace(ratios=self.ratios + gain, noise=np.concatenate([self.noise, noise], axis=1))

    def with_latents(self, gain: Floats, z: Integers) -> Pending:
        """Return them with the next block of z, which corrects the ratio."""
        return self._replace(ratios=self.ratios + gain, z=np.concatenate([self.z, z], axis=1))

    def above(self, slack: float) -> Pending:
        """Return those that reach it if the ratio grows by `slack`."""
        chosen = self.ratios + slack >= self.least
        paths, times, least, ratios, noise, z = self
        return Pending(paths[chosen], times[chosen], least[chosen], ratios[chosen], noise[chosen], z[chosen])


class Curve:
    """Greedy Poisson rejection sampling: takes the first point under a curve, an r for each time.

    At ratio h the share of processes of which no point is taken yet is Q(r >= h) - h P(r >= h), and time passes by dh
    over it.

    Args:
        ratios: log2 ratios of samples of the law, (N,).

    Attributes:
        number: of the point; before there is one under the curve, of that which is least above it.
        latest: log2 of the time up to which a point may be taken.
    """

    def __init__(self, ratios: Floats) -> None:
        self._ratios = np.sort(ratios)
        beyond = np.cumsum(2.0 ** -self._ratios[::-1])[::-1] / len(ratios)  # P(r >= h), as a mean under Q
        rest = 1 - np.arange(len(ratios)) / len(ratios)
        alive = np.maximum(rest - 2.0**self._ratios * beyond, 1e-300)
        times = np.cumsum(np.log(np.append(1.0, alive[:-1]) / alive) / beyond)
        self._times = np.log2(np.maximum(times, 1e-300))
        self.number, self.latest, self._above = 0, math.inf, math.inf

    def threshold(self, times: Floats) -> Floats:
        """Return the log2 ratio that a point has to have at these times, of which log2 is given."""
        return np.asarray(np.interp(times, self._times, self._ratios) - 1e-9)

    def take(self, pending: Pending, exponent: int) -> None:
        """Take the first point under the curve, if it is before the one there is."""
        above = self.threshold(pending.times) - pending.ratios
        best = int(np.where(above <= 0, pending.times, np.inf).argmin())
        if above[best] > 0:
            best = int(above.argmin())
            if self.latest < math.inf or above[best] >= self._above:
                return
            self._above = float(above[best])
        elif pending.times[best] >= self.latest:
            return
        else:
            self.latest = float(pending.times[best])
        self.number = (1 << exponent) - 1 + int(pending.paths[best])


class Race:
    """The Poisson functional representation: takes the point with the largest r / time.

    Attributes:
        number: of the point, as far as the search has come.
        latest: infinite; any time may be made up for.
    """

    def __init__(self) -> None:
        self.number, self.latest, self._merit = 0, math.inf, WORST

    def threshold(self, times: Floats) -> Floats:
        """Return the log2 ratio that a point has to have at these times, of which log2 is given."""
        return self._merit + times

    def take(self, pending: Pending, exponent: int) -> None:
        """Take the best point, if it is better than the one there is."""
        merit = pending.ratios - pending.times
        best = int(merit.argmax())
        if merit[best] > self._merit:
            self._merit, self.number = float(merit[best]), (1 << exponent) - 1 + int(pending.paths[best])


class Search:
    """The search for the candidate of one group of one image.

    Args:
        target: the law to draw from.
        stream: gives the number of a private random stream for a purpose: an exponent, or `SAMPLING`.
        thorough: take the best point, whose number is half a bit shorter, not the first one under a curve.

    Attributes:
        seen: nodes looked at.
    """

    def __init__(self, target: Target, stream: Callable[[int], int], thorough: bool) -> None:
        self.target, self.size, self.stream, self.seen = target, target.size, stream, 0
        self.most = largest_exponent(self.size)
        bits = [cell_bits(self.most, latent, self.size) for latent in range(self.size)]
        self._cells = [[target.cells(i, n) for n in range(bits[i] + 1)] for i in range(self.size)]
        samples = target.samples(SAMPLES, stream(SAMPLING))
        self.rule: Race | Curve = Race() if thorough else Curve(samples.ratios.sum(axis=1))
        self.bounds = Bounds.of(samples, np.stack(list(self._shares(samples.noise))), self.size)

    def run(self, most: int) -> int:
        """Return the number of the point that the rule takes; at most about `most` nodes are looked at."""
        nodes, rule = Nodes(np.zeros(1, np.int64), np.zeros(1), np.zeros(1)), self.rule
        for exponent in range(self.most + 1):
            waits = -np.log(private_uniforms(len(nodes.paths), self.stream(exponent)))
            nodes = nodes._replace(times=nodes.times + waits * 2.0**exponent)
            times = np.log2(nodes.times)
            can_hold = nodes.shares + self.bounds.cells[exponent] >= rule.threshold(times)
            nodes = nodes.at(can_hold & (times < rule.latest))
            for start in range(0, len(nodes.paths), CHUNK):
                self._look(nodes.at(slice(start, start + CHUNK)), exponent)
            self.seen += len(nodes.paths)
            if not len(nodes.paths) or self.seen > most or exponent == self.most:
                break
            nodes = self._split(nodes, exponent)
        return rule.number

    def _shares(self, noise: Floats) -> Iterator[Floats]:
        """Yield log2 of the law's share over the prior's of the cells that noise lies in, by exponent, (N,) each."""
        uniforms, share = normal(noise[:, : self.size]), np.zeros(len(noise))
        yield share
        for exponent in range(self.most):
            bits, latent = divmod(exponent, self.size)
            cells = np.minimum(uniforms[:, latent] * (2 << bits), (2 << bits) - 1).astype(np.int64)
            share = share + self._cells[latent][bits + 1][cells] - self._cells[latent][bits][cells >> 1]
            yield share

    def _look(self, nodes: Nodes, exponent: int) -> None:
        """Make the candidates of nodes, leaving behind what cannot reach the threshold, and take one."""
        target, size, count = self.target, self.size, len(nodes.paths)
        none, times = np.zeros((count, 0), np.int64), np.log2(nodes.times)
        pending = Pending(nodes.paths, times, self.rule.threshold(times), np.zeros(count), none, none)
        for block in range(target.blocks):
            noise = cell_noise(pending.paths, exponent, target.group, size, block * size, size)
            gain = self._guess(noise, block) if block else target.ratio(0, noise, none)[1]
            pending = pending.with_noise(gain, noise).above(self.bounds.guessed[block])
            if not len(pending.paths):
                return
        for block in range(target.blocks):
            noise = pending.noise[:, block * size : (block + 1) * size]
            z, ratio = target.ratio(block, noise, pending.z)
            gain = ratio - self._guess(noise, block) if block else np.zeros(len(z))
            pending = pending.with_latents(gain, z)
            if block < target.blocks - 1:
                pending = pending.above(self.bounds.known[block])
            if not len(pending.paths):
                return
        self.rule.take(pending, exponent)

    def _guess(self, noise: Integers, block: int) -> Floats:
        """Return about the log2 ratio of a block, (N,)."""
        dims = slice(block * self.size, (block + 1) * self.size)
        return guess(noise / 2.0**QUANTILE_FRACTION, self.bounds.mean[dims], self.bounds.deviation[dims])

    def _split(self, nodes: Nodes, exponent: int) -> Nodes:
        """Return both halves of the nodes' cells."""
        bits, latent = divmod(exponent, self.size)
        cells = cells_of(nodes.paths, exponent, latent, self.size)
        whole, halves = self._cells[latent][bits][cells], self._cells[latent][bits + 1]
        shares = [nodes.shares + halves[2 * cells + half] - whole for half in (0, 1)]
        paths = [2 * nodes.paths, 2 * nodes.paths + 1]
        return Nodes(np.concatenate(paths), np.tile(nodes.times, 2), np.concatenate(shares))
