"""A batch of pictures on the ANS stack at its -ELBO: bits-back coding, as in the paper (design D3).

    push_batch (sender)                        pop_batch (receiver): the mirror image
    ---------------------------------------    ---------------------------------------
    z  popped under q(z|x)      - log q bits   z  popped under p(z)
    x  pushed under p(x|z)      + log p bits   x  popped under p(x|z)
    z  pushed under p(z)        + log p bits   z  pushed under q(z|x), as it had been there

What z costs is -log p(z) + log q(z|x), on average its KL: the bits that chose z are not lost, for the receiver finds
them on the stack again. All lanes of the batch take each line together, so that the networks see batches; between the
blocks of z the prior looks at the blocks before. Everything that decides a bit is an exact integer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...coding.ans import Stack
from ...latents.bins import MASS_BITS, Grid, latents
from ...model.networks import IntegerModel, Integers, Pictures
from ...pixels.bernoulli import coding_order, read_pixels

Normals = tuple[Integers, Integers]
"""Mean and (log) scale of each latent."""


class Latents(NamedTuple):
    """A batch's latents, (B, D) each: z, its bins, and mean and scale of the prior given the blocks before."""

    z: Integers
    bins: Integers
    mean: Integers
    scale: Integers


class Pushed(NamedTuple):
    """What happened to the stack.

    Attributes:
        q: mean and log scale of q(z|x), (B, D) each.
        latents: z and its prior.
        ones: P(pixel = 1) of every pixel, (B, H W).
        levels: bits on the stack before the first line and after each of the three.
    """

    q: Normals
    latents: Latents
    ones: Integers
    levels: tuple[float, float, float, float]


def push_batch(model: IntegerModel, stack: Stack, images: Pictures, precision: int) -> Pushed:
    """Push bilevel images (B, H, W) of 0 and 1; `needed_bits` for each image have to be on the stack."""
    start = stack.bits
    q = model.posterior(images)
    found = _latents(model, len(images), precision, lambda dims, prior: _grid(prior, q, dims, precision).pop(stack))
    popped = stack.bits
    ones = model.likelihoods(images, found.z)
    stack.push_pixels(coding_order(model, images.reshape(len(images), -1)), coding_order(model, ones))
    pushed = stack.bits
    for dims in reversed(_blocks(model)):
        stack.push_numbers(found.bins[:, dims].reshape(-1), precision)
    return Pushed(q, found, ones, (start, popped, pushed, stack.bits))


def pop_batch(model: IntegerModel, stack: Stack, count: int, precision: int) -> Pictures:
    """Undo `push_batch` of `count` images; they come back, (count, H, W), and the stack is as it was before.

    Raises:
        FormatError: the stack is none that `push_batch` can have left.
    """
    numbers = count * model.block_size
    found = _latents(
        model, count, precision, lambda dims, prior: stack.pop_numbers(numbers, precision).reshape(count, -1)
    )
    images = read_pixels(model, found.z, stack.pop_pixels)
    q = model.posterior(images)
    for dims in reversed(_blocks(model)):
        prior = found.mean[:, dims], found.scale[:, dims]
        _grid(prior, q, dims, precision).push(stack, found.bins[:, dims])
    return images


def needed_bits(model: IntegerModel, precision: int) -> int:
    """Return the bits that the stack must hold for each image: all bins under the prior, one block's numbers."""
    needed: int = model.latent * precision + model.block_size * MASS_BITS
    return needed


def _latents(model: IntegerModel, count: int, precision: int, pop: Callable[[slice, Normals], Integers]) -> Latents:
    """Return latents whose bins are popped block by block, given the dimensions of a block and its prior."""
    z, parts = np.zeros((count, 0), np.int64), []
    for block, dims in enumerate(_blocks(model)):
        prior = model.prior_block(block, z)
        bins = pop(dims, prior)
        z = np.concatenate([z, latents(precision, bins, *prior)], axis=1)
        parts.append((bins, *prior))
    return Latents(z, *(np.concatenate(part, axis=1) for part in zip(*parts, strict=True)))


def _grid(prior: Normals, q: Normals, dims: slice, precision: int) -> Grid:
    return Grid(precision, prior, (q[0][:, dims], q[1][:, dims]))


def _blocks(model: IntegerModel) -> list[slice]:
    """Return the dimensions of each block of z."""
    return [slice(block * model.block_size, (block + 1) * model.block_size) for block in range(model.blocks)]
