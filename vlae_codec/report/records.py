"""What a file cost, bit by bit: the records (a contract with other programs) and the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..container.envelope import Metadata
from ..families.result import Encoded, FileInfo, Section
from ..model.info import ModelInfo

SUMMED = (
    "kl_bits", "payload_bits", "overhead_bits", "file_bytes", "neg_elbo_bits", "naive_bits", "lossy_bits",
    "residual_bits",
)  # fmt: skip
LISTED = 20


@dataclass(frozen=True)
class ImageRecord:
    """One compressed picture. Bits are of the whole picture.

    Attributes:
        input: the picture's file.
        output: the file written.
        model: its name.
        kl_bits: KL(q(z|x) || p(z)), the ideal length of the latents' code; of rounded latents -log2 p.
        payload_bits: length of the code as written.
        overhead_bits: payload less KL, of lossless files less -ELBO.
        file_bytes: of the output, header and checksum included.
        neg_elbo_bits: -ELBO, what bits-back lossless coding would cost; None where it was not computed.
        naive_bits: E_q[-log2 p(z) - log2 p(x|z)], what a two-part code would cost; likewise.
        notices: what was done to the picture before.
        lossy_bits: of the payload, the lossy code.
        residual_bits: of the payload, the exact pixels given that; 0 of lossy files.
        width, height: pixels.
        coded_width, coded_height: pixels of the picture that is coded, smaller if it was downscaled first.
        bits_per_pixel: of the whole file.
        family: the model's.
    """

    input: str
    output: str
    model: str
    kl_bits: float
    payload_bits: int
    overhead_bits: float
    file_bytes: int
    neg_elbo_bits: float | None
    naive_bits: float | None
    notices: tuple[str, ...]
    lossy_bits: int
    residual_bits: int
    width: int
    height: int
    coded_width: int
    coded_height: int
    bits_per_pixel: float
    family: str


@dataclass(frozen=True)
class DrawnRecord:
    """One decompressed file: how many pictures were drawn of it, of which size, with which seed."""

    input: str
    output: str
    model: str
    seed: int
    samples: int
    width: int
    height: int


@dataclass(frozen=True)
class FileRecord:
    """What a .vlz file says of itself; None is what an unknown model leaves unknown.

    Attributes:
        input: the file.
        model: name, if known.
        fingerprint: of the model in hex; of an unknown model its first bytes.
        mode: "search", "sample-" and the number of groups, "lossless", or an archive's kind.
        images: number of pictures in the file.
        width: pixels.
        height: pixels.
        channels: 1 for bilevel and grey.
        file_bytes: all of it.
        header_bytes: all but the payload, the checksum included.
        payload_bytes: the code's.
        sections: name, offset and bytes of each part.
        coded_width, coded_height: pixels of what is coded of a photograph, fewer if it was downscaled; else None.
        metadata: bytes of each kind that is kept beside the picture, before they are deflated.
    """

    input: str
    model: str | None
    fingerprint: str
    mode: str
    images: int
    width: int | None
    height: int | None
    channels: int | None
    file_bytes: int
    header_bytes: int
    payload_bytes: int
    sections: tuple[Section, ...]
    coded_width: int | None = None
    coded_height: int | None = None
    metadata: dict[str, int] = field(default_factory=dict)


def image_record(source: str, target: str, made: Encoded) -> ImageRecord:
    """Return the record of a compressed picture."""
    bound = made.kl_bits if made.residual_bits is None else made.neg_elbo_bits or 0.0
    height, width = made.size
    return ImageRecord(
        input=source,
        output=target,
        model=made.model.name,
        kl_bits=round(made.kl_bits, 3),
        payload_bits=made.payload_bits,
        overhead_bits=round(made.payload_bits - bound, 3),
        file_bytes=len(made.data),
        neg_elbo_bits=_rounded(made.neg_elbo_bits),
        naive_bits=_rounded(made.naive_bits),
        notices=made.notices,
        lossy_bits=made.lossy_bits,
        residual_bits=made.residual_bits or 0,
        width=width,
        height=height,
        coded_width=made.coded_size[1],
        coded_height=made.coded_size[0],
        bits_per_pixel=round(8 * len(made.data) / (width * height), 5),
        family=made.model.family,
    )


def _rounded(bits: float | None) -> float | None:
    return None if bits is None else round(bits, 3)


def file_record(source: str, info: ModelInfo | None, file: FileInfo, size: int, images: int = 1) -> FileRecord:
    """Return the record of a file of so many bytes and pictures; `info` is None if its model is unknown."""
    height, width = file.size or ((info.height, info.width) if info else (None, None))
    coded_height, coded_width = file.coded_size or (None, None)
    return FileRecord(
        input=source,
        model=info.name if info else None,
        fingerprint=info.fingerprint if info else file.prefix.hex(),
        mode=file.mode,
        images=images,
        width=width,
        height=height,
        channels=file.channels if width else None,
        file_bytes=size,
        header_bytes=size - file.payload,
        payload_bytes=file.payload,
        sections=file.sections,
        coded_width=coded_width,
        coded_height=coded_height,
    )


def with_metadata(record: FileRecord, metadata: Metadata, size: int) -> FileRecord:
    """Return the record of a file with so many bytes of metadata in front."""
    if not size:
        return record
    moved = [part | {"offset": int(part["offset"]) + size} for part in record.sections]
    return replace(
        record,
        file_bytes=record.file_bytes + size,
        header_bytes=record.header_bytes + size,
        sections=({"name": "metadata", "offset": 0, "bytes": size}, *moved),
        metadata={name: len(content) for name, content in metadata.parts().items()},
    )


def tree(records: Sequence[ImageRecord] | Sequence[DrawnRecord], failed: int) -> dict[str, Any]:
    """Return the object that goes to programs: images, and totals with sums and, under "mean_...", means."""
    images = [asdict(record) for record in records]
    totals: dict[str, float] = {"images": len(images), "failed": failed}
    for key in SUMMED:
        values = [image[key] for image in images if image.get(key) is not None]
        if values and len(values) == len(images):
            total = sum(values)
            totals |= {key: round(total, 3), f"mean_{key}": round(total / len(images), 3)}
    return {"images": images, "totals": totals}


def image_table(records: Sequence[ImageRecord]) -> str:
    """Format a line for each of the first pictures, and their means."""
    rows = [["output", "model", "file bytes", "payload bits", "KL bits", "overhead", "-ELBO bits", "naive bits"]]
    for one in records[:LISTED]:
        values = (one.kl_bits, one.overhead_bits, one.neg_elbo_bits, one.naive_bits)
        bits = ["-" if value is None else f"{value:.1f}" for value in values]
        rows.append([one.output, one.model, str(one.file_bytes), str(one.payload_bits), *bits])
    if len(records) > LISTED:
        rows.append([f"... {len(records) - LISTED} more", *[""] * 7])
    if len(records) > 1:
        means = tree(records, 0)["totals"]
        keys = ("file_bytes", "payload_bits", "kl_bits", "overhead_bits", "neg_elbo_bits", "naive_bits")
        cells = (means.get(f"mean_{key}") for key in keys)
        rows.append([f"mean of {len(records)}", "", *("-" if cell is None else f"{cell:.1f}" for cell in cells)])
    return align(rows)


def align(rows: Sequence[Sequence[str]], left: int = 2) -> str:
    """Rows as lines with columns of equal width; the first `left` columns flush left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(row, widths, strict=True)
        lines.append("  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(cells)).rstrip())
    return "\n".join(lines)


def notice_lines(records: Sequence[ImageRecord]) -> list[str]:
    """Each notice once, with the picture or the number of pictures that it is about."""
    about: dict[str, list[str]] = {}
    for record in records:
        for notice in record.notices:
            about.setdefault(notice, []).append(record.input)
    return [f"{names[0] if len(names) == 1 else f'{len(names)} pictures'}: {notice}" for notice, names in about.items()]
