"""What a picture's file said beside its pixels, in front of a whole `.vlz` file.

    0             3                                    n
    +-------------+--------+---------------------------+--------+-------------------------+
    | magic, 1:11 | length |  entries, zlib-deflated   | CRC-16 |  a .vlz file as it was  |
    +-------------+--------+---------------------------+--------+-------------------------+
          3         1 ... 3          length                2

    length       a variable-length number, of the bytes of the deflated entries
    CRC-16       as in the other kinds of file, of a fingerprint of 32 zeros and of everything before it

Inflated, at most 1 MiB, the entries are kind (1 byte), number of bytes (a variable-length number) and bytes, of each
kind one at most: 1 an ICC profile, 2 EXIF data from their TIFF header on, 3 XMP, 4 pixels a metre to the right and down
(two numbers of 32 bits, little-endian), 5 texts, a JSON object of strings.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass, replace

from ..errors import FormatError
from .header import ARCHIVE, CHECKSUM, ENVELOPE, HEADER, MAGIC, VERSION, check, parse_head, with_checksum
from .varint import read_number, write_number

ICC, EXIF, XMP, DPI, TEXTS = KINDS = ("icc", "exif", "xmp", "dpi", "texts")
"""Names of the kinds of entries, from number 1 on."""
MAX_INFLATED = 1 << 20
MAX_BLOCK = MAX_INFLATED + (1 << 12)
DENSITY = struct.Struct("<II")
NO_MODEL = bytes(32)
START = len(MAGIC) + 1


@dataclass(frozen=True)
class Metadata:
    """What a file says beside its pixels; what is empty is not there.

    Attributes:
        icc: a colour profile.
        exif: EXIF data, from their TIFF header on.
        xmp: an XML text.
        density: pixels a metre, to the right and down.
        texts: key and text each.
    """

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    density: tuple[int, int] | None = None
    texts: tuple[tuple[str, str], ...] = ()

    def parts(self) -> dict[str, bytes]:
        """Return the bytes of each kind of entry that is there."""
        density = DENSITY.pack(*self.density) if self.density else b""
        texts = json.dumps(dict(self.texts), ensure_ascii=False).encode(errors="replace") if self.texts else b""
        found = dict(zip(KINDS, (self.icc, self.exif, self.xmp, density, texts), strict=True))
        return {name: content for name, content in found.items() if content}

    def only(self, kinds: Collection[str]) -> Metadata:
        """Return what is of these kinds."""
        none = Metadata()
        out = {ICC: "icc", EXIF: "exif", XMP: "xmp", DPI: "density", TEXTS: "texts"}
        return replace(self, **{field: getattr(none, field) for kind, field in out.items() if kind not in kinds})


NOTHING = Metadata()


def fitting(metadata: Metadata) -> Metadata:
    """Return as much as an envelope holds, entries that are too long for it left out."""
    kept, left = list[str](), MAX_INFLATED
    for name, content in metadata.parts().items():
        size = 1 + len(write_number(len(content))) + len(content)
        if size <= left:
            kept.append(name)
            left -= size
    return metadata.only(kept)


def wrap(data: bytes, metadata: Metadata) -> bytes:
    """Return a file with metadata in front; without any, as it is.

    Args:
        data: the .vlz file of one picture.
        metadata: which fit into an envelope.

    Raises:
        FormatError: there are more of them than it holds.
    """
    parts = metadata.parts()
    if not parts:
        return data
    entries = b"".join(
        bytes([1 + KINDS.index(name)]) + write_number(len(content)) + content for name, content in parts.items()
    )
    if len(entries) > MAX_INFLATED:
        raise FormatError(f"{len(entries)} bytes of metadata, and a file holds {MAX_INFLATED}: keep fewer of them")
    block = zlib.compress(entries, 9)
    head = MAGIC + bytes([VERSION << 4 | ENVELOPE]) + write_number(len(block)) + block
    return with_checksum(NO_MODEL, head) + data


def left_of(most: int | None, metadata: Metadata) -> int | None:
    """Return how many bytes are left for a file, of so many at most (None for any number), behind its metadata."""
    return None if most is None else max(1, most - len(wrap(b"", metadata)))


def is_wrapped(data: bytes) -> bool:
    """Return whether a file, or its beginning, has metadata in front."""
    return data[:START] == MAGIC + bytes([VERSION << 4 | ENVELOPE])


def unwrap(data: bytes) -> tuple[bytes, Metadata]:
    """Return a file without what is in front of it, and that; undoes `wrap`.

    Raises:
        FormatError: the metadata are damaged, or are not in front of a file of one picture.
    """
    if not is_wrapped(data):
        return data, NOTHING
    length, offset = read_number(data, START)
    end = offset + length
    if length > MAX_BLOCK:
        raise FormatError(f"{length} bytes of metadata, and {MAX_BLOCK} are the most: damaged")
    if end + CHECKSUM.size > len(data):
        raise FormatError(f"cut short: {len(data)} bytes, and its metadata alone are more; fetch it again")
    check(data[: end + CHECKSUM.size], NO_MODEL)
    inner = data[end + CHECKSUM.size :]
    if len(inner) < HEADER.size:
        raise FormatError("cut short: there is no picture behind its metadata; fetch it again")
    if parse_head(inner)[0] in (ARCHIVE, ENVELOPE):
        raise FormatError("metadata in front of something else than the file of one picture: damaged")
    return inner, _parse_entries(_inflate(data[offset:end]))


def _inflate(block: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(block, MAX_INFLATED + 1)
    except zlib.error as error:
        raise FormatError(f"its metadata cannot be inflated ({error}): damaged") from error
    if len(found) > MAX_INFLATED:
        raise FormatError(f"more than {MAX_INFLATED} bytes of metadata, the most that is read: damaged")
    if not inflater.eof or inflater.unused_data:
        raise FormatError("its metadata end too early or too late: damaged")
    return found


def _parse_entries(data: bytes) -> Metadata:
    found: dict[str, bytes] = {}
    offset = 0
    while offset < len(data):
        number = data[offset]
        length, start = read_number(data, offset + 1)
        offset = start + length
        if not 1 <= number <= len(KINDS):
            raise FormatError(f"metadata of unknown kind {number}: damaged, or made by a newer program")
        if offset > len(data):
            raise FormatError("an entry of its metadata is cut short: damaged")
        if KINDS[number - 1] in found:
            raise FormatError(f"{KINDS[number - 1]} is there twice: damaged")
        found[KINDS[number - 1]] = data[start:offset]
    return Metadata(
        found.get(ICC, b""), found.get(EXIF, b""), found.get(XMP, b""),
        _parse_density(found[DPI]) if DPI in found else None, _parse_texts(found.get(TEXTS, b"{}")),
    )  # fmt: skip


def _parse_density(data: bytes) -> tuple[int, int]:
    if len(data) != DENSITY.size:
        raise FormatError(f"a resolution of {len(data)} bytes, and it has {DENSITY.size}: damaged")
    right, down = DENSITY.unpack(data)
    return right, down


def _parse_texts(data: bytes) -> tuple[tuple[str, str], ...]:
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError("its texts cannot be read: damaged") from error
    if not isinstance(tree, dict) or not all(isinstance(text, str) for text in tree.values()):
        raise FormatError("its texts are no object of strings: damaged")
    return tuple(tree.items())
