"""Images to short payloads and back to latents: the lossy half of the codec (design D1, D4).

Two codes share one decoder-side idea, candidates of z that sender and receiver both can make:
the *chosen* code (mode 0) sends a fixed number of bits and picks what survives best, the *faithful*
code (modes 1 to 4, the number of groups) sends a true sample of q(z|x) at KL + a few bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..coding.prefix_code import BitReader, BitWriter, IndexCode
from ..errors import FormatError, ModelError
from ..model.networks import BATCH, IntegerModel, Integers, Pictures
from ..parallel import in_threads
from .posterior import Floats, Posterior, posterior_of, rates
from .relative_entropy import MAX_GROUPS, FaithfulCoder, choose_groups, decode_numbers
from .tree_search import MAX_BLOCK_BITS, choose_paths, decode_path

CHOSEN = 0
MAX_BITS = 56
"""Longest chosen code; its path must stay a positive int64."""

QUALITY = 50.0
"""The default quality: as many bits as the image's KL, and `INDEX_BITS` more."""

INDEX_BITS = 3
"""What coding one candidate's number costs beyond the KL, about."""


@dataclass(frozen=True)
class Effort:
    """What an effort level buys.

    Attributes:
        beam: paths kept in the chosen code's search.
        drawn: leaves that are drawn and compared with the original.
        reach: log2 of the candidates that a group of the faithful code looks at.
    """

    beam: int
    drawn: int
    reach: int


EFFORTS = {
    1: Effort(8, 1, 12),
    2: Effort(16, 1, 13),
    3: Effort(32, 8, 14),
    4: Effort(64, 12, 15),
    5: Effort(64, 16, 16),
    6: Effort(128, 24, 17),
    7: Effort(256, 32, 18),
    8: Effort(512, 64, 20),
    9: Effort(1024, 128, 22),
}


@dataclass(frozen=True)
class Code:
    """One image's payload and what theory says of it.

    Attributes:
        mode: 0 for the chosen code, 1 ... 4 for a faithful sample in so many groups.
        payload: the code in whole bytes.
        payload_bits: bits before padding.
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
    faithful: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Code]:
    """The codes of bilevel images.

    Args:
        model: the model to code with.
        images: uint8 of 0 and 1, (B, H, W).
        bits: payload bits an image. The chosen code spends exactly these, rounded up to whole bytes;
            the faithful code turns its dial to meet them on average.
        quality: 0 ... 100 instead of bits: an image gets quality / 50 times its own KL and a few bits more.
        effort: 1 (fast) ... 9 (thorough).
        faithful: code a true sample of q(z|x).
        progress: called with the number of images done since the last call.

    Raises:
        ModelError: the model's codes cannot have so many bits.
    """
    dial = (QUALITY if quality is None else quality) / QUALITY
    level = EFFORTS[effort]
    coder = FaithfulCoder(model, level.reach)
    most = longest_code(model, None if faithful else bits)

    def encode_batch(start: int) -> list[Code]:
        batch = images[start : start + BATCH]
        posterior = posterior_of(model, batch)
        theory = rates(model, batch, posterior)
        if faithful:
            dials = [dial if bits is None else solve_dial(kl, bits) for kl in theory.kl]
            written = encode_faithful(model, coder, posterior, theory.kl_blocks, dials)
        else:
            asked = [dial * kl + INDEX_BITS if bits is None else -(-bits // 8) * 8 for kl in theory.kl]
            wanted = [whole_bytes(one, most) for one in asked]
            written = encode_chosen(model, posterior, batch, wanted, level)
        if progress:
            progress(len(batch))
        lengths = zip(theory.kl.tolist(), theory.neg_elbo.tolist(), theory.naive.tolist(), strict=True)
        return [
            Code(mode, writer.to_bytes(), writer.length, *bits)
            for (mode, writer), bits in zip(written, lengths, strict=True)
        ]

    batches = in_threads(encode_batch, range(0, len(images), BATCH), model.workers)
    return [code for batch in batches for code in batch]


def encode_chosen(
    model: IntegerModel, posterior: Posterior, images: Pictures, bits: Sequence[int], effort: Effort
) -> list[tuple[int, BitWriter]]:
    """Mode and bits of the images' chosen codes."""
    written = []
    paths = choose_paths(model, posterior, images, bits, effort.beam, effort.drawn)
    for path, length in zip(paths, bits, strict=True):
        writer = BitWriter()
        writer.write(path, length)
        written.append((CHOSEN, writer))
    return written


def encode_faithful(
    model: IntegerModel, coder: FaithfulCoder, posterior: Posterior, kl_blocks: Floats, dials: Sequence[float]
) -> list[tuple[int, BitWriter]]:
    """Mode (the number of groups) and bits of the images' faithful samples."""
    written = []
    for i, (kl, dial) in enumerate(zip(kl_blocks, dials, strict=True)):
        groups = choose_groups(kl * dial, coder.reach)
        code, writer = IndexCode(model.info["index_lengths"][groups - 1]), BitWriter()
        for number in coder.encode(posterior.of(i), kl, groups, dial):
            code.write(writer, number)
        written.append((groups, writer))
    return written


def decode(model: IntegerModel, modes: Sequence[int], payloads: Sequence[bytes]) -> Integers:
    """The latents z (B, D) of payloads.

    Raises:
        FormatError: a payload is too long, too short or not complete.
    """
    return np.stack([_decode_one(model, mode, data) for mode, data in zip(modes, payloads, strict=True)])


def _decode_one(model: IntegerModel, mode: int, data: bytes) -> Integers:
    if mode == CHOSEN:
        most = longest_code(model)
        if not 0 < 8 * len(data) <= most:
            raise FormatError(f"a payload of {len(data)} bytes; a chosen code of {model.name} has 1 to {most // 8}")
        return decode_path(model, int.from_bytes(data, "big"), 8 * len(data))
    if not 1 <= mode <= min(MAX_GROUPS, model.blocks):
        raise FormatError(f"mode {mode} is not known to model {model.name}")
    reader, code = BitReader(data), IndexCode(model.info["index_lengths"][mode - 1])
    numbers = [code.read(reader) for _ in range(mode)]
    reader.finish()
    return decode_numbers(model, numbers)


def whole_bytes(bits: float, most: int = MAX_BITS) -> int:
    """The nearest length in whole bytes that a chosen code of at most `most` bits can have, in bits."""
    return min(most, max(8, 8 * round(bits / 8)))


def longest_code(model: IntegerModel, asked: int | None = None) -> int:
    """The most bits that a chosen code of a model can have, in whole bytes: a block takes 14 and no more.

    Raises:
        ModelError: `asked`, the bits that are wanted, are more.
    """
    most = min(MAX_BITS, MAX_BLOCK_BITS * model.blocks) // 8 * 8
    if asked is not None and asked > most:
        raise ModelError(f"{asked} bits, and a code of model {model.name} has at most {most}: ask for fewer")
    return most


def solve_dial(kl: float, wanted: int) -> float:
    """The exponent of q / p at which a faithful code takes about the wanted bits.

    KL grows about linearly in the exponent around 1.
    """
    return float(np.clip((wanted - INDEX_BITS) / max(kl, 1.0), 0.05, 8.0))
