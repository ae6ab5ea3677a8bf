"""The faithful code: the number of a shared candidate that is a true sample of q(z|x) (design D1).

Relative entropy coding by the Poisson functional representation (Li and El Gamal, 2018) over a
finite number of sorted arrival times (ordered random coding, Theis and Yosri, 2022): of candidates
z(1), z(2), ... from the prior the sender takes the one with the smallest T_k / r(z(k)), where T are
arrival times of a Poisson process and r = q / p. Its number costs KL + about 3 bits.

An image above what the search can reach is sent in groups of blocks, one number each; every
further group costs about 2.2 bits more. A dial b other than 1 takes r^b: towards the prior below
1, sharper than the posterior above (design D4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..exact.layers import FRACTION
from ..exact.philox import private_uniforms
from ..exact.tables import QUANTILE_FRACTION
from ..model.networks import IntegerModel, Integers
from .posterior import Floats, Posterior, streams

CHUNK = 1 << 14
MAX_GROUPS = 4
SEARCH = 1 << 16
"""Purpose of a search's private random numbers, apart from those of samples for reports."""
MARGIN = 6
"""Candidates looked at: 2^(KL + MARGIN); with 4 or more the sample's bias is small."""


def group_sizes(blocks: int, groups: int) -> list[int]:
    """How many blocks of z each group takes: as equal as can be, smaller ones first, where most of the KL is."""
    return [(blocks + index) // groups for index in range(groups)]


def choose_groups(kl_blocks: Floats, reach: int) -> int:
    """The fewest groups of which none has more KL (bits) than a search of 2^reach candidates can serve."""
    for groups in range(1, min(MAX_GROUPS, len(kl_blocks)) + 1):
        edges = np.cumsum([0, *group_sizes(len(kl_blocks), groups)])
        if max(kl_blocks[a:b].sum() for a, b in zip(edges, edges[1:], strict=False)) <= reach - 4:
            return groups
    return groups


def decode_numbers(model: IntegerModel, numbers: Sequence[int]) -> Integers:
    """z (D,) from the candidates' numbers, one a group."""
    z = np.zeros((1, 0), np.int64)
    for level, (number, blocks) in enumerate(zip(numbers, group_sizes(model.blocks, len(numbers)), strict=True)):
        z = np.concatenate([z, model.candidates(np.array([number], np.int64), level, z, blocks).z], axis=1)
    decoded: Integers = z[0]
    return decoded


class FaithfulCoder:
    """Finds candidate numbers; keeps the first group's candidates, which are the same for every image.

    Args:
        model: the model whose prior is shared.
        reach: log2 of how many candidates a group looks at, at most.
    """

    def __init__(self, model: IntegerModel, reach: int) -> None:
        self.model, self.reach = model, reach
        self._shared: dict[tuple[int, int], tuple[NDArray[np.int32], Floats]] = {}

    def encode(self, posterior: Posterior, kl_blocks: Floats, groups: int, dial: float = 1.0) -> list[int]:
        """The candidates' numbers for one image, one a group.

        Args:
            posterior: q(z|x) of the image, (1, D).
            kl_blocks: KL of every block, bits, (blocks,): a group looks at 2^(its KL + MARGIN) candidates.
            groups: into how many groups the blocks of z are cut, 1 ... 4.
            dial: exponent of q / p.
        """
        numbers: list[int] = []
        z = np.zeros((1, 0), np.int64)
        first = 0
        for level, blocks in enumerate(group_sizes(self.model.blocks, groups)):
            kl = dial * kl_blocks[first : first + blocks].sum()
            reach = min(self.reach, int(np.ceil(kl)) + MARGIN)
            number, block = self._search(posterior, level, z, blocks, reach, dial)
            numbers.append(number)
            z = np.concatenate([z, block], axis=1)
            first += blocks
        return numbers

    def _search(
        self, posterior: Posterior, level: int, before: Integers, blocks: int, reach: int, dial: float
    ) -> tuple[int, Integers]:
        """Number and z (1, d) of the best of 2^reach candidates of one group."""
        times = arrival_times(reach, streams(posterior, SEARCH + level)[0])
        dims = slice(before.shape[1], before.shape[1] + blocks * self.model.block_size)
        precision = posterior.scale[0, dims] ** -2
        slope = posterior.mean[0, dims] * precision
        best, number, chosen = np.inf, 0, before[:, :0]
        for start in range(0, 1 << reach, CHUNK):
            z, log_prior = self._candidates(start, level, before, blocks, min(CHUNK, 1 << reach))
            value = z / 2.0**FRACTION
            log_ratio = value @ slope - 0.5 * (value * value) @ precision - log_prior  # up to a constant
            cost = times[start : start + len(z)] - dial * log_ratio
            index = int(np.argmin(cost))
            if cost[index] < best:
                best, number, chosen = cost[index], start + index, z[index : index + 1].astype(np.int64)
        return number, chosen

    def _candidates(
        self, start: int, level: int, before: Integers, blocks: int, count: int
    ) -> tuple[NDArray[np.int32], Floats]:
        """Candidates from number `start` on, (count, d), and their log p given `before`, nats, (count,)."""
        shared = before.shape[1] == 0
        key = (start, blocks)
        if not (shared and key in self._shared):
            # What is shared is made in whole chunks, so that it serves every image.
            paths = np.arange(start, start + (CHUNK if shared else count), dtype=np.int64)
            found = self.model.candidates(paths, level, np.repeat(before, len(paths), axis=0), blocks)
            noise = found.noise / 2.0**QUANTILE_FRACTION
            log_prior = -0.5 * (noise * noise).sum(axis=1) - np.log(found.scale).sum(axis=1)  # up to a constant
            result = found.z.astype(np.int32), log_prior
            if not shared:
                return result
            self._shared[key] = result
        z, log_prior = self._shared[key]
        return z[:count], log_prior[:count]


def arrival_times(reach: int, stream: int) -> Floats:
    """Logarithms of 2^reach arrival times of a unit-rate Poisson process."""
    return np.asarray(np.log(np.cumsum(-np.log(private_uniforms(1 << reach, stream)))))
