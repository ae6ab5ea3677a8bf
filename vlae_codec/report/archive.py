"""What an archive cost: its record for programs, and the three code lengths side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..container.archive import KINDS
from ..families.bilevel.archive import CompressedArchive
from .records import align


@dataclass(frozen=True)
class ArchiveRecord:
    """An archive that was written. Bits are of all pictures together.

    Attributes:
        output: the file.
        model: its model's name.
        kind: "lossy archive" or "lossless archive".
        images: number of pictures.
        chunks: number of chunks.
        chunk_images: pictures in each but the last.
        file_bytes: all of it.
        names_bytes: of these, what the names take.
        payload_bits: lossy: the codes; lossless: the chunks.
        naive_bits: a two-part code, z on a grid of known width.
        neg_elbo_bits: -ELBO, what bits-back should cost.
        written_bits: the file without its names.
        over_neg_elbo: written_bits / neg_elbo_bits.
        bits_per_image: written_bits / images.
        bits_per_pixel: written_bits / pixels.
        chunking_bits: what beginning a chunk, its checksum and the header cost.
        naive_latent_bits: of naive_bits, z; lossless archives only, as the following.
        kl_bits: KL(q(z|x) || p(z)), what z should cost.
        latent_bits: what z took, by the stack before and after.
        seeds: pictures that opened the chunks.
        notices: what was done to the pictures before.
    """

    output: str
    model: str
    kind: str
    images: int
    chunks: int
    chunk_images: int
    file_bytes: int
    names_bytes: int
    payload_bits: int
    naive_bits: float
    neg_elbo_bits: float
    written_bits: int
    over_neg_elbo: float
    bits_per_image: float
    bits_per_pixel: float
    chunking_bits: float
    naive_latent_bits: float | None
    kl_bits: float
    latent_bits: float | None
    seeds: int | None
    notices: tuple[str, ...]


def archive_record(target: str, result: CompressedArchive, notices: Sequence[str] = ()) -> ArchiveRecord:
    """Return the record of an archive."""
    archive, spent = result.archive, result.spent
    written = 8 * (len(result.data) - archive.names)
    return ArchiveRecord(
        output=target,
        model=result.model.name,
        kind=KINDS[archive.kind],
        images=archive.count,
        chunks=len(archive.lengths),
        chunk_images=archive.chunk,
        file_bytes=len(result.data),
        names_bytes=archive.names,
        payload_bits=result.payload_bits,
        naive_bits=round(result.naive_bits, 3),
        neg_elbo_bits=round(result.neg_elbo_bits, 3),
        written_bits=written,
        over_neg_elbo=round(written / result.neg_elbo_bits, 5),
        bits_per_image=round(written / archive.count, 3),
        bits_per_pixel=round(written / (archive.count * result.model.height * result.model.width), 5),
        chunking_bits=round(result.chunking_bits, 3),
        naive_latent_bits=round(spent.naive_latent_bits, 3) if spent else None,
        kl_bits=round(result.kl_bits, 3),
        latent_bits=round(spent.latent_bits, 3) if spent else None,
        seeds=spent.seeds if spent else None,
        notices=tuple(notices),
    )


def archive_tree(record: ArchiveRecord) -> dict[str, Any]:
    """Return the object that goes to programs."""
    totals = {"images": record.images, "failed": 0, "file_bytes": record.file_bytes}
    return {"archive": asdict(record), "totals": totals}


def archive_table(record: ArchiveRecord) -> str:
    """Format the code lengths of all pictures, a picture and a pixel, and what is around them."""
    pixels = record.written_bits / record.bits_per_pixel
    rows = [["", "bits", "an image", "a pixel"]]

    def line(name: str, bits: float) -> None:
        rows.append([name, f"{bits:.0f}", f"{bits / record.images:.2f}", f"{bits / pixels:.4f}"])

    if record.latent_bits is not None and record.naive_latent_bits is not None:
        line("naive two-part code", record.naive_bits)
        line("bits-back in theory (-ELBO)", record.neg_elbo_bits)
        line("written", record.written_bits)
        line("  of this, chunks and header", record.chunking_bits)
        line("latents alone, naive", record.naive_latent_bits)
        line("latents alone, KL", record.kl_bits)
        line("latents alone, on the stack", record.latent_bits)
    else:
        line("KL", record.kl_bits)
        line("codes", record.payload_bits)
        line("written", record.written_bits)
        line("  of this, lengths and header", record.chunking_bits)
    if record.names_bytes:
        line("names, besides", 8 * record.names_bytes)
    head = f"{record.output}: {record.kind} of {record.images} pictures in {record.chunks} chunk(s) by {record.model},"
    return f"{head} {record.file_bytes} bytes\n{align(rows, left=1)}"
