"""One picture without loss: its lossy code, and behind it the exact pixels (design D2).

    | lossy code, as vlae-compress writes it |  residual: the pixels given z, by arithmetic coding  |

The receiver makes z from the lossy code and has p(x|z) from the local decoder, pixel by pixel; it needs nothing of
q(z|x). So the sender is free in its choice: of the leaves of the candidates' tree that the lossy search ends with it
takes the one that leaves the fewest bytes in all. A leaf's own length is fixed, so these are the ones that explain the
picture best, and good lossy codes as well; which of them takes a byte less than the others is chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...coding.interval import IntervalDecoder, encode_interval
from ...container.header import LENGTH_BITS
from ...latents.labelled import by_label, label_bits
from ...latents.payload import EFFORTS, INDEX_BITS, MAX_BITS, longest_code, path_payload, whole_bytes
from ...latents.posterior import Floats, Posterior, posterior_of, rates
from ...latents.tree_search import search_tree
from ...model.networks import BATCH, IntegerModel, Integers, Pictures, spent_bits
from ...pixels.bernoulli import coding_order, read_pixels

TRIED = 2
"""Leaves whose residuals are compared, for each leaf that the lossy code of the same effort draws."""
LUCK = 6
"""Bits by which a leaf may miss the bytes that it is tried for; that it fits nevertheless has odds of one in 2^that."""


class Explanation(NamedTuple):
    """A leaf of the candidates' tree and what it says of the picture.

    Attributes:
        path: the lossy code.
        bits: its length, whole bytes.
        z: the latents, (D,).
        ones: P(pixel = 1) in units of 2^-24, (H W,).
        pixel_bits: -log2 p(x|z).
    """

    path: int
    bits: int
    z: Integers
    ones: Integers
    pixel_bits: float


@dataclass(frozen=True)
class LosslessCode:
    """One picture's exact code and what theory says of it.

    Attributes:
        payload: the lossy code, of tree search.
        residual: the pixels given it.
        kl_bits: KL(q(z|x) || p(z)).
        neg_elbo_bits: -ELBO, what bits-back pays for the exact picture.
        naive_bits: two-part code with z on a fixed grid.
        pixel_bits: -log2 p(x|z) of the z that was sent, the residual before it is whole bytes.
    """

    payload: bytes
    residual: bytes
    kl_bits: float
    neg_elbo_bits: float
    naive_bits: float
    pixel_bits: float

    @property
    def payload_bits(self) -> int:
        """Both parts as written."""
        return 8 * (len(self.payload) + len(self.residual))


def encode(
    model: IntegerModel,
    images: Pictures,
    *,
    bits: int | None = None,
    effort: int = 5,
    progress: Callable[[int], None] | None = None,
) -> list[LosslessCode]:
    """Return the exact codes of bilevel images, uint8 of 0 and 1, (B, H, W).

    Args:
        model: the model to code with.
        bits: of the lossy part; by default KL and a few more, in whole bytes.
        effort: 1 (fast) ... 9 (thorough).
        progress: called with the number of images done since the last call.

    Raises:
        ModelError: the model's codes cannot have so many bits.
    """

    def plain(model: IntegerModel, images: Pictures) -> list[LosslessCode]:
        return _encode(model, images, bits, effort, progress)

    return by_label(model, images, None, plain)


def _encode(
    model: IntegerModel, images: Pictures, bits: int | None, effort: int, progress: Callable[[int], None] | None
) -> list[LosslessCode]:
    """As `encode`, by a model without labels or of one."""
    codes: list[LosslessCode] = []
    most = longest_code(model, bits)
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        posterior = posterior_of(model, batch)
        theory = rates(model, batch, posterior)
        lengths = lossy_lengths(theory.kl, bits, most)
        for i, options in enumerate(lengths):
            found = _explanations(model, batch[i : i + 1], posterior.of(i), options, effort)
            best, residual = _shortest(model, batch[i], found)
            payload = path_payload(model, best.path, best.bits)
            bound = float(theory.kl[i]), float(theory.neg_elbo[i]), float(theory.naive[i])
            codes.append(LosslessCode(payload, residual, *bound, best.pixel_bits))
            if progress:
                progress(1)
    return codes


def lossy_lengths(kl: Floats, bits: int | None = None, most: int = MAX_BITS) -> list[tuple[int, ...]]:
    """Bits that the lossy part may have, for images of this KL, (B,): as given, or the two nearest whole bytes."""
    if bits is not None:
        return [(whole_bytes(bits, most),)] * len(kl)
    middle = [float(one) + INDEX_BITS for one in kl]
    return [tuple({whole_bytes(one - 4, most), whole_bytes(one + 4, most)}) for one in middle]


def explain(
    model: IntegerModel, images: Pictures, posterior: Posterior, lengths: Sequence[Sequence[int]], effort: int
) -> list[Explanation]:
    """Return, for each image, the leaf that takes the fewest bits with its pixels, of the best ones of a search.

    Args:
        images: 0 and 1, (B, H, W).
        posterior: q(z|x) of the images.
        lengths: of the leaves' paths, in bits; any may be taken.
        effort: 1 ... 9.
    """
    return [
        _explanations(model, images[i : i + 1], posterior.of(i), options, effort)[0]
        for i, options in enumerate(lengths)
    ]


def _explanations(
    model: IntegerModel, image: Pictures, posterior: Posterior, lengths: Sequence[int], effort: int
) -> list[Explanation]:
    """Return the best leaves of a search for one image (1, H, W), by the bits that they take with its pixels."""
    level, found = EFFORTS[effort], []
    for bits in lengths:
        paths, z = search_tree(model, posterior, bits - label_bits(model), level.beam)
        paths, z = paths[: TRIED * level.drawn], z[: TRIED * level.drawn]
        copies = np.repeat(image, len(z), axis=0)
        ones = model.likelihoods(copies, z)
        leaves = zip(paths.tolist(), z, ones, spent_bits(copies, ones).tolist(), strict=True)
        found += [Explanation(path, bits, *rest) for path, *rest in leaves]
    return sorted(found, key=lambda one: one.bits + one.pixel_bits)


def _shortest(model: IntegerModel, image: Pictures, found: Sequence[Explanation]) -> tuple[Explanation, bytes]:
    """Return the leaf, of some in the order of their bits, that is written in the fewest bytes, and its residual."""
    pixels = coding_order(model, image.reshape(1, -1)).tolist()
    best, residual, size = found[0], b"", math.inf
    for one in found:
        if one.bits + one.pixel_bits + LENGTH_BITS > 8 * (size - 1) + LUCK:
            break
        ones = coding_order(model, one.ones.reshape(1, -1)).tolist()
        tried = encode_interval(pixels, ones, LENGTH_BITS) or b"\0"
        if one.bits // 8 + len(tried) < size:
            best, residual, size = one, tried, one.bits // 8 + len(tried)
    return best, residual


def restore(model: IntegerModel, z: Integers, residuals: Sequence[bytes]) -> Pictures:
    """Return the exact pictures of latents (B, D) and residuals, uint8 of 0 and 1, (B, H, W)."""
    parts = [_restore(model, z[i : i + BATCH], residuals[i : i + BATCH]) for i in range(0, len(z), BATCH)]
    return np.concatenate(parts)


def _restore(model: IntegerModel, z: Integers, residuals: Sequence[bytes]) -> Pictures:
    decoders = [IntervalDecoder(residual, model.height * model.width) for residual in residuals]

    def decide(ones: Integers) -> Integers:
        columns = ones.reshape(-1, len(decoders)).T.tolist()  # positions first, then images
        pixels = [list(decoder.pop(column)) for decoder, column in zip(decoders, columns, strict=True)]
        return np.asarray(np.array(pixels, np.int64).T.reshape(-1))

    return read_pixels(model, z, decide)
