"""The tree-search code: a tree of 2^B shared candidates, and the sender's search for the best one (design D1, D4).

Sender and receiver share a random tree: each node's children are candidates for the next block of
z, drawn from p(z_b | z_<b) with noise addressed by the path that leads to them. The code is the
path, B bits in all, nothing else. Any leaf decodes; which one to send is the sender's choice:

    1. a beam search down the tree keeps the paths with the largest log q(z|x) - log p(z);
    2. of the best leaves, the decoder draws the very picture that the receiver will draw first (but for rare pixels:
       in single precision, and only near the image's ink); of the eighth whose blurred pixels are nearest, the encoder
       finds which is closest in meaning to the original.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..exact.layers import FRACTION
from ..exact.philox import candidate_noise
from ..exact.tables import EXP_FRACTION, QUANTILE_FRACTION
from ..model.networks import IntegerModel, Integers, Pictures, place
from .posterior import Floats, Posterior, posterior_of

MAX_BLOCK_BITS = 14
"""Most bits of one block: its candidates are looked at one by one."""
MAX_CHILDREN = 1 << 17
"""Most candidates of one block that the sender looks at; with many bits a block it keeps fewer paths."""
READ = 8
"""Of how many drawings of an image the encoder reads one; the others are left out by their pixels."""
LEAST_READ = 2
"""Drawings of an image that the encoder reads, at least."""
STRAY = 3
"""Pixels from the image's ink within which a drawing of it is expected to have its own."""
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
    counts = [len(z[:drawn]) for _, z in found]
    leaves, near, sketch = np.concatenate([z[:drawn] for _, z in found]), near_ink(images), model.approximate
    pictures = sketch.draw(leaves, near=near.repeat(counts, axis=0))
    starts = np.cumsum([0, *counts])
    read = [
        start + nearest(images[i], pictures[start:stop], max(LEAST_READ, drawn // READ))
        for i, (start, stop) in enumerate(zip(starts, starts[1:], strict=False))
    ]
    seen = iter(np.split(posterior_of(sketch, pictures[np.concatenate(read)]).mean, np.cumsum([*map(len, read)])))
    return [
        int(paths[numbers[np.argmin(distance_of_meaning(posterior.of(i), next(seen)))] - starts[i]])
        for i, ((paths, _), numbers) in enumerate(zip(found, read, strict=True))
    ]


def near_ink(images: Pictures) -> NDArray[np.bool_]:
    """Return which pixels are at most `STRAY` rows and columns from ink, of the shape of the images (B, H, W)."""
    _, height, width = images.shape
    side = range(2 * STRAY + 1)
    wide = np.pad(images > 0, ((0, 0), (STRAY, STRAY), (STRAY, STRAY)))
    rows = functools.reduce(np.logical_or, [wide[:, r : r + height] for r in side])
    return np.asarray(functools.reduce(np.logical_or, [rows[:, :, c : c + width] for c in side]))


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
        noise, gains, (mean, scale) = _expand(model, posterior, paths, z, block, count, dims)
        totals = (scores[:, None] + gains).reshape(-1)
        keep = best(totals, beam)
        parents = keep >> count
        z = np.concatenate([z[parents], place(noise[keep], mean[parents], scale[parents])], axis=1)
        paths, scores = (paths[parents] << count) + (keep & ((1 << count) - 1)), totals[keep]
    return paths, z


def _expand(
    model: IntegerModel, posterior: Posterior, paths: Integers, z: Integers, block: int, count: int, dims: slice
) -> tuple[Integers, Floats, tuple[Integers, Integers]]:
    """Return the noise of every path's children (n 2^count, size), their scores (n, 2^count), and each path's prior."""
    children = ((paths[:, None] << count) + np.arange(1 << count, dtype=np.int64)).reshape(-1)
    noise, powers = _noise(children, block, dims) if block else _noise_of_root(count, dims.stop)
    prior = model.prior_block(block, z)
    mean, scale = prior[0] / 2.0**FRACTION, prior[1] / 2.0**EXP_FRACTION
    # Of z = mean + scale noise, both log densities are quadratic in the noise; that it is rounded is left out.
    ratio, shift = scale / posterior.scale[0, dims], (mean - posterior.mean[0, dims]) / posterior.scale[0, dims]
    weights = np.concatenate([-ratio * shift, (1 - ratio * ratio) / 2], axis=1)
    constant = (np.log(ratio) - shift * shift / 2).sum(axis=1)
    gains = (powers.reshape(len(paths), -1, weights.shape[1]) @ weights[:, :, None])[:, :, 0] + constant[:, None]
    return noise, gains, prior


def _noise(paths: Integers, block: int, dims: slice) -> tuple[Integers, Floats]:
    """Return the noise of candidates in units of 2^-12, (N, size), and it and its squares as numbers, (N, 2 size)."""
    noise = candidate_noise(paths, LEVEL + block, dims.start, dims.stop - dims.start)
    values = noise / 2.0**QUANTILE_FRACTION
    return noise, np.concatenate([values, values * values], axis=1)


@functools.lru_cache(maxsize=4)
def _noise_of_root(count: int, size: int) -> tuple[Integers, Floats]:
    """Return the noise of the first block's candidates, which all images share."""
    return _noise(np.arange(1 << count, dtype=np.int64), 0, slice(0, size))


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
