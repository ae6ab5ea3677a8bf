"""The tree-search code: a tree of 2^B shared candidates, and the sender's search for the best one (design D1, D4).

Sender and receiver share a random tree: each node's children are candidates for the next block of
z, drawn from p(z_b | z_<b) with noise addressed by the path that leads to them. The code is the
path, B bits in all, nothing else. Any leaf decodes; which one to send is the sender's choice:

    1. a beam search down the tree keeps the paths with the largest log q(z|x) - log p(z);
    2. of the best leaves, the decoder draws the very picture that the receiver will draw first; of the
       quarter whose blurred pixels are nearest, the encoder finds which is closest in meaning to the original.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from ..exact.layers import FRACTION
from ..exact.philox import candidate_noise
from ..exact.tables import EXP_FRACTION
from ..model.networks import IntegerModel, Integers, Pictures, place
from .posterior import Floats, Posterior, gaussian_log_density, posterior_of

MAX_BLOCK_BITS = 14
"""Most bits of one block: its candidates are looked at one by one."""
MAX_CHILDREN = 1 << 17
"""Most candidates of one block that the sender looks at; with many bits a block it keeps fewer paths."""
LEAST_READ = 4
"""Drawings of one image that the encoder reads, at least; the others are left out by their pixels."""
LEVEL = 16
"""Level of the tree's first block in the candidates' counters; 256 and more belong to `cells`."""


def block_bits(model: IntegerModel, bits: int) -> list[int]:
    """How a code of `bits` bits is shared out among the blocks, by the model's `block_shares`."""
    edges = np.cumsum([0, *model.info["block_shares"]])
    cuts = [int(bits * edge // edges[-1]) for edge in edges]
    shared = [min(MAX_BLOCK_BITS, high - low) for low, high in zip(cuts, cuts[1:], strict=False)]
    for block in range(len(shared)):  # what is above a block's limit goes to the first blocks that have room
        shared[block] += min(MAX_BLOCK_BITS - shared[block], bits - sum(shared))
    return shared


def decode_paths(model: IntegerModel, paths: Integers, bits: int) -> Integers:
    """z (N, D) at the leaves with these paths of `bits` bits, (N,)."""
    z = np.zeros((len(paths), 0), np.int64)
    left = bits
    for block, count in enumerate(block_bits(model, bits)):
        left -= count
        z = model.candidates(paths >> left, LEVEL + block, z, 1)
    return z


def choose_paths(
    model: IntegerModel, posterior: Posterior, images: Pictures, bits: Sequence[int], beam: int, drawn: int
) -> list[int]:
    """Return the path that the sender prefers for each image.

    Args:
        posterior: q(z|x) of the images, (B, D).
        images: the images themselves, (B, H, W).
        bits: length of each path.
        beam: paths kept in each block of the tree.
        drawn: how many of the best leaves are drawn and compared with the original.
    """
    found = [search_tree(model, posterior.of(i), length, beam) for i, length in enumerate(bits)]
    if drawn < 2:
        return [int(paths[0]) for paths, _ in found]
    pictures = model.draw(np.concatenate([z[:drawn] for _, z in found]))
    starts = np.cumsum([0, *(len(z[:drawn]) for _, z in found)])
    read = [
        start + nearest(images[i], pictures[start:stop], max(LEAST_READ, drawn // 4))
        for i, (start, stop) in enumerate(zip(starts, starts[1:], strict=False))
    ]
    seen = iter(np.split(posterior_of(model, pictures[np.concatenate(read)]).mean, np.cumsum([*map(len, read)])))
    return [
        int(paths[numbers[np.argmin(distance_of_meaning(posterior.of(i), next(seen)))] - starts[i]])
        for i, ((paths, _), numbers) in enumerate(zip(found, read, strict=True))
    ]


def nearest(image: Pictures, pictures: Pictures, count: int) -> Integers:
    """Return numbers of the pictures (N, H, W) that are nearest to the image (H, W), `count` at most, ascending.

    Both are blurred by squares of 3x3 pixels first: edges that moved by a pixel say little of what is drawn.
    """
    apart = np.pad(pictures.astype(np.int64) - image, ((0, 0), (1, 1), (1, 1)))
    rows = apart[:, :-2] + apart[:, 1:-1] + apart[:, 2:]
    sums = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    return np.sort(np.argsort((sums * sums).sum(axis=(1, 2)), kind="stable")[:count])


def search_tree(model: IntegerModel, posterior: Posterior, bits: int, beam: int) -> tuple[Integers, Integers]:
    """Search for the best leaves, best first: paths (n,) and latents (n, D), n <= beam."""
    size = model.block_size
    paths, z, scores = np.zeros(1, np.int64), np.zeros((1, 0), np.int64), np.zeros(1)
    for block, count in enumerate(block_bits(model, bits)):
        dims = slice(block * size, (block + 1) * size)
        room = max(1, MAX_CHILDREN >> count)
        paths, z, scores = paths[:room], z[:room], scores[:room]
        children, gains, blocks = _expand(model, posterior, paths, z, block, count, dims)
        totals = (scores[:, None] + gains).reshape(-1)
        keep = best(totals, beam)
        parents = keep >> count
        z = np.concatenate([z[parents], blocks.reshape(-1, size)[keep]], axis=1)
        paths, scores = children.reshape(-1)[keep], totals[keep]
    return paths, z


def _expand(
    model: IntegerModel, posterior: Posterior, paths: Integers, z: Integers, block: int, count: int, dims: slice
) -> tuple[Integers, Floats, Integers]:
    """Children of every path: their paths (n, 2^count), scores (n, 2^count) and blocks of z (n, 2^count, size)."""
    children = (paths[:, None] << count) + np.arange(1 << count, dtype=np.int64)
    noise = (
        _noise_of_root(count, dims.stop)
        if block == 0
        else candidate_noise(children.reshape(-1), LEVEL + block, dims.start, dims.stop - dims.start)
    )
    mean, scale = (part[:, None] for part in model.prior_block(block, z))
    blocks = place(noise.reshape(*children.shape, -1), mean, scale)
    value = blocks / 2.0**FRACTION
    prior = gaussian_log_density(value, mean / 2.0**FRACTION, scale / 2.0**EXP_FRACTION)
    gains = gaussian_log_density(value, posterior.mean[0, dims], posterior.scale[0, dims]) - prior
    return children, gains.sum(axis=2), blocks


@functools.lru_cache(maxsize=4)
def _noise_of_root(count: int, size: int) -> Integers:
    """Return the noise of the first block's candidates, which all images share, (2^count, size)."""
    return np.ascontiguousarray(candidate_noise(np.arange(1 << count, dtype=np.int64), LEVEL, 0, size))


def best(values: Floats, count: int) -> Integers:
    """Return the places of the `count` largest values, largest first, of equal ones the first."""
    if count >= len(values):
        return np.argsort(-values, kind="stable")
    least = np.partition(values, len(values) - count)[len(values) - count]
    places = np.flatnonzero(values >= least)
    return places[np.argsort(-values[places], kind="stable")][:count]


def distance_of_meaning(original: Posterior, means: Floats) -> Floats:
    """How far pictures with these posterior means (n, D) are from the original: squared, in its standard deviations."""
    return np.asarray((((means - original.mean) / original.scale) ** 2).sum(axis=1))
