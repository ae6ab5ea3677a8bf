"""Images to short payloads and back to latents: the lossy half of the codec (design D1, D4).

Two codes share one decoder-side idea, candidates of z that sender and receiver both can make:
the tree-search code (mode 0) sends a fixed number of bits and picks what survives best, relative entropy
coding (modes 1 to 4, the number of groups) sends a true sample of q(z|x) at KL + a few bits. The container has the
length of a payload: samples and files of one picture use all bits of their bytes, archives hold tree-search codes of
any number of bits. Of a model with labels the first ones are the label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..coding.prefix_code import BitReader, BitWriter, IndexCode
from ..container.header import TREE_SEARCH
from ..errors import FormatError, ModelError
from ..model.networks import BATCH, IntegerModel, Integers, Pictures
from ..parallel import in_threads
from .cells import candidate, check_number
from .labelled import by_label, label_bits, split_label, with_label
from .posterior import Floats, Posterior, posterior_of, rates
from .relative_entropy import MAX_GROUPS, Reach, find_sample, group_sizes
from .tree_search import MAX_BLOCK_BITS, choose_paths, decode_paths

SEARCH, SAMPLE = CODES = ("search", "sample")
"""The codes of z by name: tree search, and relative entropy coding of a sample."""
MAX_BITS = 56
"""Bits of the longest tree-search code; its path must stay a positive int64."""

QUALITY = 50.0
"""The default quality: as many bits as the image's KL, and `INDEX_BITS` more."""

INDEX_BITS = 3
"""What coding one candidate's number costs beyond the KL, about."""


@dataclass(frozen=True)
class Effort:
    """What an effort level buys.

    Attributes:
        beam: paths kept in the tree search.
        drawn: leaves that are drawn and compared with the original.
        reach: how much the search of relative entropy coding may take.
    """

    beam: int
    drawn: int
    reach: Reach


EFFORTS = {
    1: Effort(8, 1, Reach(8, 14, 1 << 18)),
    2: Effort(16, 1, Reach(9, 15, 1 << 18)),
    3: Effort(32, 8, Reach(10, 17, 1 << 19)),
    4: Effort(64, 10, Reach(12, 22, 1 << 21)),
    5: Effort(64, 12, Reach(16, 32, 1 << 23)),
    6: Effort(128, 24, Reach(18, 32, 1 << 23)),
    7: Effort(256, 32, Reach(20, 32, 1 << 23)),
    8: Effort(512, 64, Reach(22, 32, 1 << 24)),
    9: Effort(1024, 128, Reach(24, 36, 1 << 24)),
}


@dataclass(frozen=True)
class Code:
    """One image's payload and what theory says of it.

    Attributes:
        mode: 0 for the tree-search code, 1 ... 4 for a sample in so many groups.
        payload: the code, zeros behind it up to a whole byte.
        payload_bits: its bits.
        kl_bits: KL(q(z|x) || p(z)).
        neg_elbo_bits: -ELBO, what bits-back would pay for the exact image.
        naive_bits: two-part code with z on a fixed grid.
    """

    mode: int
    payload: bytes
    payload_bits: int
    kl_bits: float
    neg_elbo_bits: float
    naive_bits: float


def encode(
    model: IntegerModel,
    images: Pictures,
    *,
    bits: int | None = None,
    quality: float | None = None,
    effort: int = 5,
    code: str | None = None,
    labels: Integers | None = None,
    exact_bits: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Code]:
    """Encode bilevel images.

    Args:
        model: the model to code with.
        images: uint8 of 0 and 1, (B, H, W).
        bits: payload bits an image. The tree-search code spends these, rounded up to whole bytes unless `exact_bits`;
            relative entropy coding meets them on average, by the exponent of q / p.
        quality: 0 ... 100 instead of bits: an image gets quality / 50 times its own KL and a few bits more.
        effort: 1 (fast) ... 9 (thorough).
        code: `SEARCH`, also if None, or `SAMPLE` for a true sample of q(z|x).
        labels: of the images, (B,), for a model with labels; by default the most likely ones.
        exact_bits: spend `bits` to the bit, as archives alone can hold them.
        progress: called with the number of images done since the last call.

    Raises:
        ModelError: the model's codes cannot have so many bits.
    """
    length = bits if bits is None or exact_bits or code == SAMPLE else -(-bits // 8) * 8

    def plain(model: IntegerModel, images: Pictures) -> list[Code]:
        return _encode(model, images, length, quality, effort, code, progress)

    return by_label(model, images, labels, plain)


def _encode(
    model: IntegerModel,
    images: Pictures,
    bits: int | None,
    quality: float | None,
    effort: int,
    code: str | None,
    progress: Callable[[int], None] | None,
) -> list[Code]:
    """Encode as `encode` does, by a model without labels or of one."""
    exponent = (QUALITY if quality is None else quality) / QUALITY
    level = EFFORTS[effort]
    most = longest_code(model, None if code == SAMPLE else bits)

    def encode_batch(start: int) -> list[Code]:
        batch = images[start : start + BATCH]
        posterior = posterior_of(model, batch)
        theory = rates(model, batch, posterior)
        if code == SAMPLE:
            rest = None if bits is None else bits - label_bits(model)
            kl = theory.kl_blocks.sum(axis=1)
            exponents = [exponent if rest is None else solve_exponent(one, rest) for one in kl]
            written = encode_samples(model, posterior, theory.kl_blocks, exponents, level.reach)
        else:
            wanted = [whole_bytes(exponent * kl + INDEX_BITS, most) if bits is None else bits for kl in theory.kl]
            written = encode_by_search(model, posterior, batch, wanted, level)
        if progress:
            progress(len(batch))
        lengths = zip(theory.kl.tolist(), theory.neg_elbo.tolist(), theory.naive.tolist(), strict=True)
        return [Code(*one, *bits) for one, bits in zip(written, lengths, strict=True)]

    _ = model.approximate  # threads must find it there
    batches = in_threads(encode_batch, range(0, len(images), BATCH), model.workers)
    return [code for batch in batches for code in batch]


def encode_by_search(
    model: IntegerModel, posterior: Posterior, images: Pictures, bits: Sequence[int], effort: Effort
) -> list[tuple[int, bytes, int]]:
    """Return mode, payload and bits of the images' tree-search codes of these bits."""
    lengths = [length - label_bits(model) for length in bits]
    paths = choose_paths(model, posterior, images, lengths, effort.beam, effort.drawn)
    return [(TREE_SEARCH, path_payload(model, path, length), length) for path, length in zip(paths, bits, strict=True)]


def path_payload(model: IntegerModel, path: int, bits: int) -> bytes:
    """Return the payload of so many bits, zeros behind them, of a path and the label that a model is given."""
    return (with_label(model, path, bits - label_bits(model)) << -bits % 8).to_bytes(-(-bits // 8), "big")


def encode_samples(
    model: IntegerModel, posterior: Posterior, kl_blocks: Floats, exponents: Sequence[float], reach: Reach
) -> list[tuple[int, bytes, int]]:
    """Return mode (the number of groups), payload and bits of samples of the images' posteriors."""
    written = []
    for i, (kl, exponent) in enumerate(zip(kl_blocks, exponents, strict=True)):
        numbers = find_sample(model, posterior.of(i), kl, reach, exponent)
        lengths = model.info["index_lengths"][len(numbers) - 1]
        payload = pack_numbers(numbers, lengths, model.label or 0, label_bits(model))
        written.append((len(numbers), payload, 8 * len(payload)))
    return written


def pack_numbers(numbers: Sequence[int], lengths: Sequence[int], label: int = 0, label_bits: int = 0) -> bytes:
    """Return the payload of a label and candidates' numbers: all but the last by a code of these lengths of exponents.

    The last one is what it exceeds the numbers by that take fewer bytes.
    """
    writer, code = BitWriter(), IndexCode(lengths)
    writer.write(label, label_bits)
    for number in numbers[:-1]:
        code.write(writer, number)
    rest, bits = numbers[-1], -writer.length % 8 if writer.length else 8
    while rest >= 1 << bits:
        rest, bits = rest - (1 << bits), bits + 8
    writer.write(rest, bits)
    return writer.to_bytes()


def unpack_numbers(payload: bytes, groups: int, lengths: Sequence[int], label_bits: int = 0) -> list[int]:
    """Return the numbers of so many groups from their payload, behind its label.

    Raises:
        FormatError: it is too short.
    """
    reader, code = BitReader(payload), IndexCode(lengths)
    reader.read(label_bits)
    numbers = [code.read(reader) for _ in range(groups - 1)]
    left = reader.left
    if left == 8 * len(payload) == 0:
        raise FormatError("a payload of 0 bytes")
    shorter = range(left % 8 if groups > 1 or label_bits else 8, left, 8)
    return [*numbers, reader.read(left) + sum(1 << bits for bits in shorter)]


def decode(
    model: IntegerModel, modes: Sequence[int], payloads: Sequence[bytes], lengths: Sequence[int] | None = None
) -> Integers:
    """Decode payloads to latents z, (B, D), joined by their labels' columns if the model has labels.

    Tree-search codes of one length are decoded together.

    Args:
        model: the model that coded them.
        modes: of the codes.
        payloads: of the codes.
        lengths: bits of the codes; by default all bits of their payloads.

    Raises:
        FormatError: a payload is too long, too short or not complete.
    """
    lengths = [8 * len(data) for data in payloads] if lengths is None else lengths
    if not model.labels:
        return _decode(model, modes, payloads, lengths)
    labels = np.array([split_label(model, data)[0] for data in payloads], np.int64)
    z = np.zeros((len(modes), model.latent), np.int64)
    for label in np.unique(labels).tolist():
        own = np.flatnonzero(labels == label).tolist()
        parts = ([part[i] for i in own] for part in (modes, payloads, lengths))
        z[own] = _decode(model.given(label), *parts)
    return model.joined(z, labels)


def _decode(model: IntegerModel, modes: Sequence[int], payloads: Sequence[bytes], lengths: Sequence[int]) -> Integers:
    """As `decode`, z (B, D) by a model without labels or of one."""
    z = np.zeros((len(modes), model.latent), np.int64)
    chosen: dict[int, list[int]] = {}
    for index, (mode, data, bits) in enumerate(zip(modes, payloads, lengths, strict=True)):
        check_payload(model, mode, data)
        if mode == TREE_SEARCH:
            chosen.setdefault(bits - label_bits(model), []).append(index)
        else:
            z[index] = _decode_sample(model, mode, data)
    for bits, indices in chosen.items():
        if bits <= 0:
            raise FormatError(f"a code that has no bits behind the label of model {model.name}")
        paths = [split_label(model, payloads[i])[1] >> 8 * len(payloads[i]) - lengths[i] for i in indices]
        z[indices] = decode_paths(model, np.array(paths, np.int64), bits)
    return z


def check_payload(model: IntegerModel, mode: int, data: bytes) -> None:
    """Refuse a payload that stands for nothing.

    Raises:
        FormatError: it is too long, too short or not complete.
    """
    split_label(model, data)
    if mode == TREE_SEARCH:
        most = longest_code(model)
        if not 0 < 8 * len(data) <= most:
            raise FormatError(
                f"a payload of {len(data)} bytes; a tree-search code of {model.name} has 1 to {most // 8}"
            )
        return
    if not 1 <= mode <= min(MAX_GROUPS, model.blocks):
        raise FormatError(f"mode {mode} is not known to model {model.name}")
    for number in unpack_numbers(data, mode, model.info["index_lengths"][mode - 1], label_bits(model)):
        check_number(model, number)


def _decode_sample(model: IntegerModel, groups: int, data: bytes) -> Integers:
    z = np.zeros((1, 0), np.int64)
    numbers = unpack_numbers(data, groups, model.info["index_lengths"][groups - 1], label_bits(model))
    for group, (number, blocks) in enumerate(zip(numbers, group_sizes(model.blocks, groups), strict=True)):
        z = candidate(model, number, group, z, blocks)
    return np.asarray(z[0])


def whole_bytes(bits: float, most: int = MAX_BITS) -> int:
    """Return the nearest length in whole bytes that a tree-search code of at most `most` bits can have, in bits."""
    return min(most, max(8, 8 * round(bits / 8)))


def longest_code(model: IntegerModel, bits: int | None = None) -> int:
    """Return the most bits of a tree-search code of a model, in whole bytes: a block takes 14 and no more.

    Raises:
        ModelError: `bits`, those that are wanted, are more, or no more than a label's.
    """
    most = min(MAX_BITS, MAX_BLOCK_BITS * model.blocks) // 8 * 8
    if bits is not None and bits > most:
        raise ModelError(f"{bits} bits, and a code of model {model.name} has at most {most}: give fewer")
    if bits is not None and bits <= label_bits(model):
        raise ModelError(f"{bits} bits, and the label alone has {label_bits(model)} in model {model.name}: give more")
    return most


def solve_exponent(kl: float, wanted: int) -> float:
    """Return the exponent of q / p at which relative entropy coding takes about the wanted bits.

    KL grows about linearly in the exponent around 1.
    """
    return float(np.clip((wanted - INDEX_BITS) / max(kl, 1.0), 0.05, 8.0))
