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
from .rules import Curve, Pending, Race
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
CHUNK = 1 << 12
"""Nodes that are looked at together: few enough for a processor's cache."""


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
        laws: what stands for the law of each block's noise.
        guessed: by how much a ratio exceeds the guess from the noise of the first blocks, but for the tail, (blocks,).
        known: the same, with the ratios of the first blocks in place of their guesses, (blocks,).
    """

    cells: Floats
    laws: list[Guess]
    guessed: Floats
    known: Floats

    @classmethod
    def of(cls, samples: Samples, expected: Floats, first: tuple[Floats, Floats]) -> Bounds:
        """Return the bounds that samples show.

        Args:
            samples: N of them.
            expected: log2 of the law's share of each one's cell over the prior's, by exponent, (exponents, N).
            first: mean and deviation of the first block's noise, (S,) each.
        """
        size = len(first[0])
        whole, noise = samples.ratios.sum(axis=1), samples.noise
        laws = [Guess.of(noise[:, i : i + size]) for i in range(0, noise.shape[1], size)]
        laws[0] = Guess(*first)  # of the first block the prior is known
        guesses = np.stack([law.ratio(noise[:, i * size : (i + 1) * size]) for i, law in enumerate(laws)])
        guessed = whole - np.cumsum(guesses, axis=0)
        known = whole - guesses.sum(axis=0) - np.cumsum(samples.ratios.T - guesses, axis=0)
        cells, *tails = (np.quantile(rest, 1 - TAIL, axis=1) for rest in (whole - expected, guessed, known))
        return cls(cells, laws, *tails)


class Guess(NamedTuple):
    """A normal law that stands for the law of a block's noise: mean and deviation, (S,) each."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, noise: Floats) -> Guess:
        """Return the law with the moments of samples, (N, S)."""
        return cls(noise.mean(axis=0), np.maximum(noise.std(axis=0), 1e-3))

    def ratio(self, noise: Floats) -> Floats:
        """Return log2 of the law over the standard normal one, (N,), of noise (N, S)."""
        precision = 1 / (self.deviation * self.deviation)
        pull = precision * self.mean
        constant = 0.5 * float(pull @ self.mean) + float(np.log(self.deviation).sum())
        nats = noise @ pull + (noise * noise) @ (0.5 - 0.5 * precision) - constant
        return np.asarray(nats / math.log(2))


class Nodes(NamedTuple):
    """Nodes of one exponent: paths, times, and log2 of the law's share of their cells over the prior's, (N,) each."""

    paths: Integers
    times: Floats
    shares: Floats

    def at(self, chosen: NDArray[np.bool_] | slice) -> Nodes:
        """Return the chosen ones."""
        return Nodes(self.paths[chosen], self.times[chosen], self.shares[chosen])


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
        self._cells = [target.cells(i, cell_bits(self.most, i, self.size)) for i in range(self.size)]
        samples = target.samples(SAMPLES, stream(SAMPLING))
        self.rule: Race | Curve = Race() if thorough else Curve(samples.ratios.sum(axis=1))
        self.bounds = Bounds.of(samples, np.stack(list(self._shares(samples.noise))), target.first)

    def run(self, most: int) -> int:
        """Return the number of the point that the rule takes; at most about `most` nodes are looked at."""
        nodes, rule = Nodes(np.zeros(1, np.int64), np.zeros(1), np.zeros(1)), self.rule
        for exponent in range(self.most + 1):
            waits = -np.log(private_uniforms(len(nodes.paths), self.stream(exponent)))
            nodes = nodes._replace(times=nodes.times + waits * 2.0**exponent)
            times = np.log2(nodes.times)
            can_hold = nodes.shares + self.bounds.cells[exponent] >= rule.threshold(times)
            nodes = nodes.at(can_hold & (times < rule.latest))
            self._look(nodes, exponent)
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
        chunks = range(0, len(nodes.paths), CHUNK)
        found = [self._promising(nodes.at(slice(start, start + CHUNK)), exponent) for start in chunks]
        if not found:
            return
        pending = Pending(*map(np.concatenate, zip(*found, strict=True)))
        for block in range(self.target.blocks):
            if not len(pending.paths):
                return
            noise = self._noise(pending, exponent, block)  # made anew: few candidates come so far
            z, ratio = self.target.ratio(block, noise, pending.z)
            pending = pending._replace(z=np.concatenate([pending.z, z], axis=1))
            slack = self.bounds.known[block] if block < self.target.blocks - 1 else math.inf
            pending = pending.above(ratio - self._guess(noise, block), slack)
        self.rule.take(pending, exponent)

    def _promising(self, nodes: Nodes, exponent: int) -> Pending:
        """Return the candidates of nodes that can reach the threshold by what is guessed from all of their noise."""
        times = np.log2(nodes.times)
        zero, none = np.zeros(len(times)), np.zeros((len(times), 0), np.int64)
        pending = Pending(nodes.paths, times, self.rule.threshold(times), zero, none)
        for block in range(self.target.blocks):
            gain = self._guess(self._noise(pending, exponent, block), block)
            pending = pending.above(gain, self.bounds.guessed[block])
        return pending

    def _noise(self, pending: Pending, exponent: int, block: int) -> Integers:
        return cell_noise(pending.paths, exponent, self.target.group, self.size, block * self.size, self.size)

    def _guess(self, noise: Integers, block: int) -> Floats:
        """Return about the log2 ratio of a block, (N,); of the first one, what it is."""
        return self.bounds.laws[block].ratio(noise / 2.0**QUANTILE_FRACTION)

    def _split(self, nodes: Nodes, exponent: int) -> Nodes:
        """Return both halves of the nodes' cells."""
        bits, latent = divmod(exponent, self.size)
        cells = cells_of(nodes.paths, exponent, latent, self.size)
        whole, halves = self._cells[latent][bits][cells], self._cells[latent][bits + 1]
        shares = [nodes.shares + halves[2 * cells + half] - whole for half in (0, 1)]
        paths = [2 * nodes.paths, 2 * nodes.paths + 1]
        return Nodes(np.concatenate(paths), np.tile(nodes.times, 2), np.concatenate(shares))
