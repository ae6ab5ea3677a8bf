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

from typing import NamedTuple

import numpy as np

from ...coding.ans import Stack
from ...latents.bins import MASS_BITS, Grid, latents
from ...model.networks import IntegerModel, Integers, Pictures
from ...pixels.bernoulli import coding_order, read_pixels


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

    q: tuple[Integers, Integers]
    latents: Latents
    ones: Integers
    levels: tuple[float, float, float, float]


def push_batch(model: IntegerModel, stack: Stack, images: Pictures, precision: int) -> Pushed:
    """Push bilevel images (B, H, W) of 0 and 1; `needed_bits` for each image have to be on the stack."""
    start = stack.bits
    q = model.posterior(images)
    found = _pop_posterior(model, stack, q, precision)
    popped = stack.bits
    ones = _push_pixels(model, stack, found.z, images)
    pushed = stack.bits
    _push_prior(model, stack, found.bins, precision)
    return Pushed(q, found, ones, (start, popped, pushed, stack.bits))


def pop_batch(model: IntegerModel, stack: Stack, count: int, precision: int) -> Pictures:
    """Undo `push_batch` of `count` images; they come back, (count, H, W), and the stack is as it was before.

    Raises:
        FormatError: the stack is none that `push_batch` can have left.
    """
    found = _pop_prior(model, stack, count, precision)
    images = _pop_pixels(model, stack, found.z)
    q = model.posterior(images)
    _push_posterior(model, stack, found, q, precision)
    return images


def needed_bits(model: IntegerModel, precision: int) -> int:
    """Return the bits that the stack must hold for each image: all bins under the prior, one block's numbers."""
    needed: int = model.latent * precision + model.block_size * MASS_BITS
    return needed


def _pop_posterior(model: IntegerModel, stack: Stack, q: tuple[Integers, Integers], precision: int) -> Latents:
    z, parts = _nothing(len(q[0])), []
    for block in range(model.blocks):
        prior = model.prior_block(block, z)
        bins = _grid(model, block, prior, q, precision).pop(stack)
        z = np.concatenate([z, latents(precision, bins, *prior)], axis=1)
        parts.append((bins, *prior))
    return _joined(z, parts)


def _push_posterior(
    model: IntegerModel, stack: Stack, found: Latents, q: tuple[Integers, Integers], precision: int
) -> None:
    for block in reversed(range(model.blocks)):
        dims = _dims(model, block)
        prior = found.mean[:, dims], found.scale[:, dims]
        _grid(model, block, prior, q, precision).push(stack, found.bins[:, dims])


def _push_prior(model: IntegerModel, stack: Stack, bins: Integers, precision: int) -> None:
    for block in reversed(range(model.blocks)):
        stack.push_numbers(bins[:, _dims(model, block)].reshape(-1), precision)


def _pop_prior(model: IntegerModel, stack: Stack, count: int, precision: int) -> Latents:
    z, parts = _nothing(count), []
    for block in range(model.blocks):
        prior = model.prior_block(block, z)
        bins = stack.pop_numbers(count * model.block_size, precision).reshape(count, -1)
        z = np.concatenate([z, latents(precision, bins, *prior)], axis=1)
        parts.append((bins, *prior))
    return _joined(z, parts)


def _push_pixels(model: IntegerModel, stack: Stack, z: Integers, images: Pictures) -> Integers:
    ones = model.likelihoods(images, z)
    stack.push_pixels(coding_order(model, images.reshape(len(images), -1)), coding_order(model, ones))
    return ones


def _pop_pixels(model: IntegerModel, stack: Stack, z: Integers) -> Pictures:
    return read_pixels(model, z, stack.pop_pixels)


def _grid(
    model: IntegerModel, block: int, prior: tuple[Integers, Integers], q: tuple[Integers, Integers], precision: int
) -> Grid:
    dims = _dims(model, block)
    return Grid(precision, prior, (q[0][:, dims], q[1][:, dims]))


def _dims(model: IntegerModel, block: int) -> slice:
    return slice(block * model.block_size, (block + 1) * model.block_size)


def _nothing(count: int) -> Integers:
    return np.zeros((count, 0), np.int64)


def _joined(z: Integers, parts: list[tuple[Integers, Integers, Integers]]) -> Latents:
    bins, mean, scale = (np.concatenate([part[i] for part in parts], axis=1) for i in range(3))
    return Latents(z, bins, mean, scale)
