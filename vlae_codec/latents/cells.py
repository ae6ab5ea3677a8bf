"""Candidates of z in dyadic cells of the prior, by number: what sender and receiver of a sample share (design D1).

A group of blocks has candidates with numbers k = 2^e + m - 1. Each is drawn from the prior within a cell. The e bits of
m, the first one first, say which: bit j halves what is left of the probability of latent j mod S, S the latents of the
group's first block. So there are 2^e candidates of exponent e, one in each cell of probability 2^-e, and the sender
finds those where q(z|x) has its mass without making the others.
"""

from __future__ import annotations

import numpy as np

from ..errors import FormatError
from ..exact.philox import candidate_halves
from ..exact.tables import load_tables
from ..model.networks import IntegerModel, Integers

LEVEL = 1 << 8
"""Levels of the first group's candidates in their counters begin here; those below belong to the tree-search code."""
GROUP = 1 << 6
"""Levels of a group."""
QUANTILE_BITS = 16
"""Bits of an index into the table of quantiles."""
MAX_EXPONENT = 40


def largest_exponent(size: int) -> int:
    """Return the largest exponent of candidates whose first block has `size` latents."""
    return min(MAX_EXPONENT, QUANTILE_BITS * size)


def cell_bits(exponent: int, latent: int, size: int) -> int:
    """Return how often the probability of a latent of the first block, of `size`, is halved."""
    return max(0, -(-(exponent - latent) // size))


def cells_of(paths: Integers, exponent: int, latent: int, size: int) -> Integers:
    """Return the number of each path's part of the probability of a latent, 0 ... 2^`cell_bits` - 1, (N,)."""
    cells = np.zeros(len(paths), np.int64)
    for bit in range(latent, exponent, size):
        cells = cells << 1 | paths >> (exponent - 1 - bit) & 1
    return cells


def cell_noise(paths: Integers, exponent: int, group: int, size: int, first: int, count: int) -> Integers:
    """Return the noise of candidates, in units of 2^-12, (N, count).

    Args:
        paths: which candidates of the exponent, 0 ... 2^exponent - 1, (N,).
        exponent: theirs.
        group: theirs.
        size: latents of the group's first block.
        first: first latent of the group that is wanted.
        count: how many from there on.
    """
    start = first // 8 * 8
    level = LEVEL + GROUP * group + exponent
    indices = candidate_halves(paths, level, start, first - start + count)[:, first - start :]
    for latent in range(first, min(size, first + count)):
        free = QUANTILE_BITS - cell_bits(exponent, latent, size)
        cells = cells_of(paths, exponent, latent, size)
        indices[:, latent - first] = cells << free | indices[:, latent - first] & ((1 << free) - 1)
    return load_tables().quantile[indices]


def check_number(model: IntegerModel, number: int) -> None:
    """Refuse a number that no candidate has.

    Raises:
        FormatError: there is no such candidate.
    """
    if (number + 1).bit_length() - 1 > largest_exponent(model.block_size):
        raise FormatError(f"a payload names candidate {number}, and model {model.name} has fewer")


def candidate(model: IntegerModel, number: int, group: int, before: Integers, blocks: int) -> Integers:
    """Return z with one more group, (1, d + blocks * S).

    Args:
        model: the model.
        number: of the candidate.
        group: number of the group.
        before: z so far, (1, d).
        blocks: how many the group has.

    Raises:
        FormatError: there is no such candidate.
    """
    check_number(model, number)
    exponent = (number + 1).bit_length() - 1
    path = np.array([number + 1 - (1 << exponent)], np.int64)
    return model.latents_of(cell_noise(path, exponent, group, model.block_size, 0, blocks * model.block_size), before)
