"""What a file cost, bit by bit: the records behind `--json` (a contract with other programs) and the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..container.envelope import Metadata
from ..container.header import MODES, Container, LosslessContainer, sections
from ..families.bilevel.codec import Compressed
from ..families.bilevel.lossless import LosslessCode
from ..families.compressed import PhotoCompressed
from ..families.page.container import PageFile
from ..families.pictures import AnyFile, sections_of
from ..families.stored.container import StoredFile
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
        kl_bits: KL(q(z|x) || p(z)), what a sample of q costs in theory.
        payload_bits: what the code took.
        overhead_bits: payload less KL.
        file_bytes: of the output, header and checksum included.
        neg_elbo_bits: -ELBO, what bits-back lossless coding would cost; None where it was not computed.
        naive_bits: E_q[-log2 p(z) - log2 p(x|z)], what a two-part code would cost.
        notices: what was done to the picture before.
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
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class LosslessRecord(ImageRecord):
    """One picture without loss; its payload is compared with its -ELBO, and has two parts.

    Attributes:
        overhead_bits: payload less -ELBO.
        lossy_bits: the lossy code, which is the payload's beginning.
        residual_bits: the exact pixels given it.
    """

    lossy_bits: int = 0
    residual_bits: int = 0


@dataclass(frozen=True)
class PhotoRecord(LosslessRecord):
    """One picture of any size.

    Attributes:
        overhead_bits: payload less KL, or less -ELBO if it is exact.
        width, height: pixels.
        coded_width, coded_height: pixels of the picture that is coded, fewer if it was downscaled first.
        bits_per_pixel: of the whole file.
    """

    width: int = 0
    height: int = 0
    coded_width: int = 0
    coded_height: int = 0
    bits_per_pixel: float = 0.0


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
    sections: tuple[dict[str, str | int], ...]
    coded_width: int | None = None
    coded_height: int | None = None
    metadata: dict[str, int] = field(default_factory=dict)


def image_record(source: str, target: str, result: Compressed) -> ImageRecord:
    """Return the record of a compressed picture."""
    code = result.code
    exact = isinstance(code, LosslessCode)
    common: dict[str, Any] = {
        "input": source,
        "output": target,
        "model": result.model.name,
        "kl_bits": round(code.kl_bits, 3),
        "payload_bits": code.payload_bits,
        "overhead_bits": round(code.payload_bits - (code.neg_elbo_bits if exact else code.kl_bits), 3),
        "file_bytes": len(result.data),
        "neg_elbo_bits": round(code.neg_elbo_bits, 3),
        "naive_bits": round(code.naive_bits, 3),
        "notices": result.notices,
    }
    if isinstance(code, LosslessCode):
        return LosslessRecord(**common, lossy_bits=8 * len(code.payload), residual_bits=8 * len(code.residual))
    return ImageRecord(**common)


def photo_record(source: str, target: str, result: PhotoCompressed) -> PhotoRecord:
    """Return the record of a compressed picture of any size."""
    exact = result.pixel_bits is not None
    payload = result.lossy_bits + result.residual_bits
    bound = result.kl_bits + (result.pixel_bits or 0.0)
    height, width = result.size
    return PhotoRecord(
        input=source,
        output=target,
        model=result.model.name,
        kl_bits=round(result.kl_bits, 3),
        payload_bits=payload,
        overhead_bits=round(payload - bound, 3),
        file_bytes=len(result.data),
        neg_elbo_bits=round(bound, 3) if exact else None,
        naive_bits=None,
        notices=result.notices,
        lossy_bits=result.lossy_bits,
        residual_bits=result.residual_bits,
        width=width,
        height=height,
        coded_width=result.coded_size[1],
        coded_height=result.coded_size[0],
        bits_per_pixel=round(8 * len(result.data) / (width * height), 5),
    )


def photo_file_record(source: str, info: ModelInfo | None, file: AnyFile, size: int) -> FileRecord:
    """Return the record of a .vlz file of any size and so many bytes; `info` is None if its model is unknown."""
    payload = len(file.payload) + len(file.residual or b"")
    parts = sections_of(file, size)
    around = sum(int(part["bytes"]) for part in parts) - payload
    coded_height, coded_width = file.coded_size
    return FileRecord(
        input=source,
        model=info.name if info else None,
        fingerprint=info.fingerprint if info else file.prefix.hex(),
        mode=_photo_mode(file),
        images=1,
        width=file.width,
        height=file.height,
        channels=(1 if file.grey else 3) + file.has_alpha,
        file_bytes=payload + around,
        header_bytes=around,
        payload_bytes=payload,
        sections=tuple(parts),
        coded_width=coded_width,
        coded_height=coded_height,
    )


def _photo_mode(file: AnyFile) -> str:
    if isinstance(file, StoredFile):
        return "stored, 16 bits" if file.deep else "stored"
    if isinstance(file, PageFile):
        return "page"
    return "photo" if file.residual is None else "photo, lossless"


def file_record(source: str, info: ModelInfo | None, container: Container | LosslessContainer) -> FileRecord:
    """Return the record of a .vlz file of one picture; `info` is None if its model is unknown."""
    exact = isinstance(container, LosslessContainer)
    payload = len(container.payload) + (len(container.residual) if isinstance(container, LosslessContainer) else 0)
    parts = sections(container)
    around = sum(int(part["bytes"]) for part in parts) - payload
    return FileRecord(
        input=source,
        model=info.name if info else None,
        fingerprint=info.fingerprint if info else container.prefix.hex(),
        mode="lossless" if exact else MODES[container.mode],
        images=1,
        width=info.width if info else None,
        height=info.height if info else None,
        channels=1 if info else None,
        file_bytes=payload + around,
        header_bytes=around,
        payload_bytes=payload,
        sections=tuple(parts),
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
    """Return the object that `--json` prints: images, and totals with sums and, under "mean_...", means."""
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
