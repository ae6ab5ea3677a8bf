"""Many pictures to an archive and back: joins models, codes and the archive's container."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...container.archive import (
    BITS_BACK,
    LOSSY,
    MAX_NAMES,
    Archive,
    check_header,
    check_name,
    parse_archive,
    read_chunk,
    read_names,
    write_archive,
)
from ...container.limits import check_pixels
from ...errors import FormatError, ImageError, ModelError, OptionError
from ...io.images import Pixels
from ...latents.payload import decode, encode
from ...latents.posterior import posterior_of, rates
from ...model.info import BILEVEL, ModelInfo
from ...model.networks import IntegerModel
from ...parallel import in_threads
from .. import registry
from ..request import DEFAULT, Rate
from ..result import Progress
from .codec import counted
from .family import BilevelFamily
from .lossless_chunk import PRECISION, Spent, decode_chunk, encode_chunk
from .lossy_chunk import Codes, pack_codes

LOSSY_CHUNK = 1000
LOSSLESS_CHUNK = 10_000
TASTED = 64
"""Pictures that decide which model an archive takes."""
DRAWN = 512
"""Pictures that are drawn at once."""


@dataclass(frozen=True)
class CompressedArchive:
    """An archive's bytes and what they are spent on. Bits are of all pictures together.

    Attributes:
        data: the file.
        model: its model.
        archive: what its header says.
        kl_bits, neg_elbo_bits, naive_bits: theory, as for one picture.
        payload_bits: of lossy archives, the codes; of lossless ones, all that the pictures take.
        spent: of lossless archives, where the bits went.
    """

    data: bytes
    model: ModelInfo
    archive: Archive
    kl_bits: float
    neg_elbo_bits: float
    naive_bits: float
    payload_bits: int
    spent: Spent | None = None

    @property
    def chunking_bits(self) -> float:
        """What starting chunks costs: header, checksums, and seeds beyond their -ELBO."""
        around = 8.0 * (len(self.data) - self.archive.names)
        if self.spent is None:
            return around - self.payload_bits
        return around - self.spent.stack_bits + self.spent.start_bits


def choose_model(models: Sequence[ModelInfo], pixels: Pixels, device: str = "cpu") -> ModelInfo:
    """Of the models that take these pictures (0 and 1, (N, H, W)) the one with the best -ELBO of some of them."""
    taking = [info for info in models if (info.height, info.width) == pixels.shape[1:]]
    if len(taking) == 1:
        return taking[0]
    tasted = pixels[:: -(-len(pixels) // TASTED)]

    def bound(info: ModelInfo) -> float:
        model = registry.load(info, IntegerModel, device)
        return float(rates(model, tasted, posterior_of(model, tasted)).neg_elbo.sum())

    return min(taking, key=bound)


def compress_archive(
    info: ModelInfo,
    pixels: Pixels,
    rate: Rate = DEFAULT,
    *,
    chunk: int | None = None,
    precision: int = PRECISION,
    names: Sequence[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> CompressedArchive:
    """Return the archive of pictures of 0 and 1, uint8 (N, H, W).

    Args:
        info: the model, of the pictures' size.
        rate: how.
        chunk: pictures in a chunk, by default `LOSSY_CHUNK` or `LOSSLESS_CHUNK`.
        precision: log2 of the bins of each latent, of lossless codes.
        names: to be kept, one for each picture.
        device: "cpu", "torch" or "cuda".
        progress: called with pictures done and all.

    Raises:
        ImageError: a name is unfit or there twice.
        ModelError: the model is damaged, or the device is not there.
    """
    if rate.lossless and rate.bits is not None:
        raise OptionError("a lossless archive takes the bits that it needs: leave out `bits`")
    rate.check(BilevelFamily.options, info)
    check_names(names)
    model = registry.load(info, IntegerModel, device)
    if rate.lossless and model.labels:
        raise ModelError(f"archives of exact pictures take models without labels, and {info.name} has {model.labels}")
    size = chunk or (LOSSLESS_CHUNK if rate.lossless else LOSSY_CHUNK)
    parts = [pixels[start : start + size] for start in range(0, len(pixels), size)]
    report = counted(progress, len(pixels))
    if rate.lossless:
        kind, made = BITS_BACK, _lossless_chunks(model, parts, rate, precision, report)
    else:
        kind, made = LOSSY, _lossy_chunks(model, parts, rate, report)
    chunks, spent, theory, payload = made
    data = write_archive(kind, model.fingerprint, len(pixels), size, chunks, names)
    return CompressedArchive(data, info, parse_archive(data), *theory, payload, spent)


class _Chunks(NamedTuple):
    """Chunks, where a lossless archive's bits went, theory (KL, -ELBO, naive bits), payload bits."""

    chunks: list[bytes]
    spent: Spent | None
    theory: tuple[float, float, float]
    payload: int


def _lossless_chunks(
    model: IntegerModel, parts: Sequence[Pixels], rate: Rate, precision: int, report: Callable[[int], None]
) -> _Chunks:
    chunks, total = list[bytes](), Spent()

    def code(part: Pixels) -> tuple[bytes, Spent]:
        return encode_chunk(model, part, precision=precision, effort=rate.steps, progress=report)

    for data, spent in in_threads(code, parts, model.workers):
        chunks.append(data)
        total.add(spent)
    theory = total.kl_bits, total.neg_elbo_bits, total.naive_bits
    return _Chunks(chunks, total, theory, 8 * sum(map(len, chunks)))


def _lossy_chunks(model: IntegerModel, parts: Sequence[Pixels], rate: Rate, report: Callable[[int], None]) -> _Chunks:
    chunks, theory, payload = [], np.zeros(3), 0
    for part in parts:
        codes = encode(
            model,
            part,
            bits=rate.bits,
            quality=rate.quality,
            effort=rate.steps,
            code=rate.code,
            exact_bits=True,
            progress=report,
        )
        lengths = [code.payload_bits for code in codes]
        chunks.append(pack_codes([code.mode for code in codes], [code.payload for code in codes], lengths))
        theory += np.sum([(code.kl_bits, code.neg_elbo_bits, code.naive_bits) for code in codes], axis=0)
        payload += sum(lengths)
    kl, neg_elbo, naive = theory.tolist()
    return _Chunks(chunks, None, (kl, neg_elbo, naive), payload)


def check_names(names: Sequence[str] | None) -> None:
    """Refuse names that an archive cannot keep.

    Raises:
        ImageError: one is there twice, or is no name of a plain file.
    """
    seen: set[str] = set()
    if sum(len(name.encode(errors="replace")) + 1 for name in names or ()) > MAX_NAMES:
        raise ImageError(f"the names take more than {MAX_NAMES} bytes: leave the names out")
    for name in names or ():
        try:
            check_name(name)
        except FormatError as error:
            raise ImageError(f"{error}: rename it, or leave the names out") from error
        if name in seen:
            raise ImageError(f"two pictures are called {name}: rename one, or leave the names out")
        seen.add(name)


class Reader:
    """An open archive: its header and its names are verified, its chunks when they are read.

    Args:
        device: "cpu", "torch" or "cuda".
        max_pixels: of all its pictures together; by default `limits.MAX_ALL`.

    Raises:
        FormatError: no archive, its header is damaged, or it announces too many pixels.
        ModelError: the model is unknown or damaged.
    """

    def __init__(self, data: bytes, device: str = "cpu", max_pixels: int | None = None) -> None:
        self.data, self.archive = data, parse_archive(data)
        self.info = identify_archive(data, self.archive)
        check_pixels(self.info.height, self.info.width, self.archive.count, max_pixels)
        self.device = device

    def names(self) -> list[str] | None:
        """Return the pictures' names, if they were kept.

        Raises:
            FormatError: they are damaged.
        """
        return read_names(self.data, self.archive)

    def pictures(
        self,
        wanted: range,
        *,
        seed: int = 0,
        failed: Callable[[FormatError], None] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[tuple[int, Pixels]]:
        """Numbers and pixels (0 and 1, (H, W)) of the wanted pictures, in ascending order.

        Args:
            wanted: their numbers, all of them in the archive.
            seed: of the texture, in lossy archives.
            failed: called with the error of each unreadable chunk, and the rest goes on; None raises the first one.
            progress: called with pictures done and all.

        Raises:
            FormatError: a chunk is damaged or missing.
        """
        model = registry.load(self.info, IntegerModel, self.device)
        report = counted(progress, len(wanted))
        ascending = wanted if wanted.step > 0 else wanted[::-1]
        chunks = sorted({number // self.archive.chunk for number in ascending})
        if failed is None:  # before the first picture is given out
            for chunk in chunks:
                read_chunk(self.data, self.archive, chunk)
        for chunk in chunks:
            images = self.archive.images(chunk)
            first, last = (bisect_left(ascending, end) for end in (images.start, images.stop))
            numbers = ascending[first:last]
            try:
                part = read_chunk(self.data, self.archive, chunk)
                for found in self._chunk(model, part, images, numbers, seed):
                    report(1)
                    yield found
            except FormatError as error:
                title = self.archive.title(chunk)
                named = error if str(error).startswith(title) else FormatError(f"{title}: {error}")
                if failed is None:
                    raise named from error
                failed(named)

    def _chunk(
        self, model: IntegerModel, part: bytes, images: range, numbers: Sequence[int], seed: int
    ) -> Iterator[tuple[int, Pixels]]:
        if self.archive.kind == LOSSY:
            codes = Codes(part, len(images))
            chosen = [codes[number - images.start] for number in numbers]
            for start in range(0, len(numbers), DRAWN):
                some = chosen[start : start + DRAWN]
                z = decode(model, *(list(column) for column in zip(*some, strict=True)))
                yield from zip(numbers[start:], model.draw(z, seed), strict=False)
            return
        position, missing = images.start, set(numbers)
        for batch in decode_chunk(model, part, len(images)):
            for pixels in batch:
                if position in missing:
                    missing.remove(position)
                    yield position, pixels
                position += 1
            if not missing and position < images.stop:
                return


def identify_archive(data: bytes, archive: Archive) -> ModelInfo:
    """Return an archive's model, its header verified; no weights are read.

    Raises:
        FormatError: the header is damaged.
        ModelError: the model is unknown.
    """
    return registry.find_checked(archive.prefix, BILEVEL, lambda fingerprint: check_header(data, archive, fingerprint))


def parse_index(text: str, count: int) -> range:
    """Return the numbers that "17", "-1", "10:20" or "::5" names among `count` pictures, as in Python.

    Raises:
        FormatError: it is no such text, or names no picture.
    """
    try:
        parts = [int(part) if part else None for part in text.split(":")]
        if len(parts) == 1 and parts[0] is not None:
            number = range(count)[parts[0]]
            return range(number, number + 1)
        numbers = range(count)[slice(*parts)] if 2 <= len(parts) <= 3 else range(0)
    except (ValueError, IndexError):
        numbers = range(0)
    if not numbers:
        raise FormatError(f"index {text} names none of the {count} pictures: 0 to {count - 1}, or a slice like 10:20")
    return numbers
