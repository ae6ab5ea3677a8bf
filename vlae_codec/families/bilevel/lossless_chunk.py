"""A chunk of a lossless archive: one stack, from the pictures that start it to the largest batches.

    | seeds       | batch | batch |   batch   |     batch     |    the stack grows to the right; what is
    | last images |       |       |           |  first images |    pushed last is read first, so in order

A batch's z are all popped before any of its pixels are pushed, so there must be bits to pop. They come from *seeds*:
pictures that are coded like single files (design D2), at a few bits more than -ELBO each. From there on each batch is
as large as what is below it allows: an s-th of the images there, with s seeds, up to `LANES`. s is the only thing that
the receiver cannot compute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np

from ...coding.ans import Stack
from ...container.header import TREE_SEARCH
from ...errors import FormatError
from ...exact.layers import FRACTION
from ...exact.tables import EXP_FRACTION, EXP_MIN, load_tables
from ...latents.bins import MAX_PRECISION, MIN_PRECISION
from ...latents.payload import decode, longest_code
from ...latents.posterior import NAIVE_STEP, Posterior, gaussian_kl, posterior_of, rates
from ...model.networks import IntegerModel, Pictures, spent_bits
from ...pixels.bernoulli import coding_order, read_pixels
from .bits_back import Pushed, needed_bits, pop_batch, push_batch
from .lossless import Explanation, explain, lossy_lengths

LANES = 64
"""Images of a full batch; part of the format."""
PRECISION = 12
"""log2 of the bins of a latent dimension; its curve is measured in benchmarks/grid_precision.py."""
FIRST_SEEDS, MAX_SEEDS = 3, 255
"""How many seeds are tried first, and at most; at most, or with seeds alone, there is no shortage."""
BYTE = 8
SIZE_BITS = 3
HEAD = 2
"""Bytes before the stack: seeds, precision."""


@dataclass
class Spent:
    """Bits that images took, by cause: what theory says beside what the stack says.

    Attributes:
        images: how many.
        seeds: how many of them are seeds.
        kl_bits: KL(q(z|x) || p(z)).
        pixel_bits: E_q[-log2 p(x|z)].
        naive_latent_bits: z on a grid of known width, without bits back.
        latent_bits: what the stack grew by because of z; of seeds, their lossy codes.
        stack_bits: what it grew by in all.
        start_bits: of that, what seeds took beyond their -ELBO.
    """

    images: int = 0
    seeds: int = 0
    kl_bits: float = 0.0
    pixel_bits: float = 0.0
    naive_latent_bits: float = 0.0
    latent_bits: float = 0.0
    stack_bits: float = 0.0
    start_bits: float = 0.0

    @property
    def neg_elbo_bits(self) -> float:
        """-ELBO."""
        return self.kl_bits + self.pixel_bits

    @property
    def naive_bits(self) -> float:
        """The two-part code."""
        return self.naive_latent_bits + self.pixel_bits

    def add(self, other: Spent) -> None:
        """Count another's images too."""
        for entry in fields(self):
            setattr(self, entry.name, getattr(self, entry.name) + getattr(other, entry.name))


class ShortageError(Exception):
    """The stack holds fewer bits than a batch pops: more seeds are needed."""


def encode_chunk(
    model: IntegerModel,
    images: Pictures,
    *,
    precision: int = PRECISION,
    effort: int = 5,
    progress: Callable[[int], None] | None = None,
) -> tuple[bytes, Spent]:
    """Return the bytes of bilevel images, uint8 of 0 and 1, (N, H, W), and the bits spent.

    Args:
        model: the model to code with.
        images: at least one.
        precision: log2 of the bins of each latent dimension.
        effort: 1 ... 9, of the search for the seeds' codes.
        progress: called with the number of images done since the last call.
    """
    chunk = _Chunk(model, images, precision, effort, progress)
    most = min(len(images), MAX_SEEDS)
    seeds = min(most, FIRST_SEEDS)
    while True:
        try:
            stack, spent = chunk.encode(seeds)
            break
        except ShortageError:
            seeds = min(most, seeds + 1 + seeds // 4)
    return bytes([seeds, precision]) + stack.to_bytes(), spent


class _Chunk:
    """The sender's attempts, with more and more seeds, which are searched for only once."""

    def __init__(
        self,
        model: IntegerModel,
        images: Pictures,
        precision: int,
        effort: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.model, self.images, self.precision, self.effort = model, images, precision, effort
        self.progress, self.reported = progress, 0
        self.explained: list[Explanation] = []
        """Of the images from the last one on."""
        self.theory = Spent()

    def encode(self, seeds: int) -> tuple[Stack, Spent]:
        """All images on a stack.

        Raises:
            ShortageError: these seeds do not suffice.
        """
        stack = Stack()
        spent = self._push_seeds(stack, seeds)
        self._report(seeds)
        done = seeds
        for size in batch_sizes(len(self.images), seeds)[1:]:
            # At the largest number of seeds nothing is popped any more: an empty stack gives and takes zeros.
            if seeds < MAX_SEEDS and stack.bits < needed_bits(self.model, self.precision) * size:
                raise ShortageError
            last = len(self.images) - done
            batch = self.images[last - size : last]
            spent.add(account(batch, push_batch(self.model, stack, batch, self.precision)))
            done += size
            self._report(done)
        return stack, spent

    def _push_seeds(self, stack: Stack, seeds: int) -> Spent:
        """Push the last images without needing anything on the stack: their pixels, then their lossy codes."""
        self._explain(seeds)
        images, found = self.images[len(self.images) - seeds :], self.explained[:seeds][::-1]
        ones = np.stack([one.ones for one in found])
        stack.push_pixels(*(coding_order(self.model, part.reshape(seeds, -1)) for part in (images, ones)))
        pushed = stack.bits
        for one in reversed(found):
            data = np.frombuffer(one.path.to_bytes(one.bits // BYTE, "big"), np.uint8)
            stack.push_numbers(data.astype(np.int64), BYTE)
            stack.push_numbers(np.array([len(data) - 1]), SIZE_BITS)
        spent = Spent(**vars(self.theory))
        spent.latent_bits, spent.stack_bits = stack.bits - pushed, stack.bits
        spent.start_bits = stack.bits - spent.neg_elbo_bits
        return spent

    def _explain(self, seeds: int) -> None:
        first, last = len(self.images) - seeds, len(self.images) - len(self.explained)
        if first >= last:
            return
        images = self.images[first:last]
        posterior = posterior_of(self.model, images)
        theory = rates(self.model, images, posterior)
        found = explain(
            self.model, images, posterior, lossy_lengths(theory.kl, most=longest_code(self.model)), self.effort
        )
        self.explained += found[::-1]
        kl, pixels = float(theory.kl.sum()), float((theory.neg_elbo - theory.kl).sum())
        naive = float(theory.naive.sum()) - pixels
        self.theory.add(Spent(len(images), len(images), kl, pixels, naive))

    def _report(self, done: int) -> None:
        if self.progress and done > self.reported:
            self.progress(done - self.reported)
            self.reported = done


def account(images: Pictures, pushed: Pushed) -> Spent:
    """Return the bits spent on a batch; its theory is estimated at the very z that were popped."""
    q, found, ones, (start, popped, before, end) = pushed
    posterior = Posterior(q[0] / 2.0**FRACTION, load_tables().exp[q[1] - EXP_MIN] / 2.0**EXP_FRACTION)
    kl = gaussian_kl(posterior, found.mean / 2.0**FRACTION, found.scale / 2.0**EXP_FRACTION) / np.log(2)
    entropy = np.log2(posterior.scale) + 0.5 * math.log2(2 * math.pi * math.e)
    return Spent(
        images=len(images),
        kl_bits=float(kl.sum()),
        pixel_bits=float(spent_bits(images, ones).sum()),
        naive_latent_bits=float((kl + entropy - np.log2(NAIVE_STEP)).sum()),
        latent_bits=popped - start + end - before,
        stack_bits=end - start,
    )


def batch_sizes(count: int, seeds: int) -> list[int]:
    """How `count` images are pushed: the seeds, then batches of at most 1 / seeds of what is below them."""
    sizes = [seeds]
    done = seeds
    while done < count:
        sizes.append(min(LANES, done // seeds, count - done))
        done += sizes[-1]
    return sizes


def decode_chunk(model: IntegerModel, data: bytes, count: int) -> Iterator[Pictures]:
    """Yield the images of a chunk in order, batch by batch, (n, H, W) each; batches not needed are not decoded.

    Args:
        model: the model that it was made with.
        data: from `encode_chunk`.
        count: how many images it holds.

    Raises:
        FormatError: no chunk, or none of so many images.
    """
    if len(data) < HEAD:
        raise FormatError(f"a chunk of {len(data)} bytes, and {HEAD} is the least")
    seeds, precision = data[:HEAD]
    if not 1 <= seeds <= count or not MIN_PRECISION <= precision <= MAX_PRECISION:
        raise FormatError(f"a chunk of {count} images with {seeds} seeds and {precision} bits a latent")
    stack = Stack(data[HEAD:])
    for size in batch_sizes(count, seeds)[:0:-1]:
        images = pop_batch(model, stack, size, precision)
        # What the sender needed before it pushed the batch; an empty stack would give pictures without end.
        if stack.bits < (needed_bits(model, precision) * size if seeds < MAX_SEEDS else 1):
            raise FormatError("its bits end before its images do")
        yield images
    yield _pop_seeds(model, stack, seeds)
    if stack.to_bytes():
        raise FormatError("bits are left behind the last image")


def _pop_seeds(model: IntegerModel, stack: Stack, seeds: int) -> Pictures:
    payloads = []
    for _ in range(seeds):
        (size,) = stack.pop_numbers(1, SIZE_BITS) + 1
        payloads.append(bytes(stack.pop_numbers(size, BYTE).tolist()))
    return read_pixels(model, decode(model, [TREE_SEARCH] * seeds, payloads), stack.pop_pixels)
