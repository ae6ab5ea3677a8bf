"""The `.vlz` archive of many pictures: a header that finds each chunk, and chunks with a checksum each.

    magic D6 5A, version 1 and mode 6, 3 bytes of the model's fingerprint, as in the file of one picture
    kind          1 byte: 0 lossy, 1 lossless by bits-back; 128 more if names are kept
    pictures      number of all pictures
    chunk         pictures in a chunk; the last one may have fewer
    names         bytes of the section of names, if they are kept
    lengths       bytes of each chunk, its checksum not counted
    CRC-32        of the model's whole fingerprint and everything so far

    names         zlib: UTF-8, one behind the other with 0 between; CRC-32 of its number (2^32 - 1) and bytes
    chunks        `lossy_chunk` or `lossless_chunk`; CRC-32 of its number (4 bytes, little-endian) and bytes

Numbers without a size are LEB128 (7 bits a byte, lowest first, 128 added to all but the last); CRC-32s are
little-endian. All of it around the chunks takes some 20 bytes, and 5 to 7 more for each chunk.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from ..errors import FormatError
from .header import ARCHIVE, HEADER, layout, parse_head, start_of
from .varint import read_number, write_number

LOSSY, BITS_BACK = 0, 1
KINDS = {LOSSY: "lossy archive", BITS_BACK: "lossless archive"}
NAMED = 128
CRC = 4
MAX_IMAGES = 1 << 26
MAX_NAME = 255
MAX_NAMES = 1 << 26
"""Bytes of all names together, unpacked."""
NAMES_NUMBER = (1 << 32) - 1


@dataclass(frozen=True)
class Archive:
    """What an archive's header says; offsets are in bytes from the start of the file.

    Attributes:
        kind: a key of KINDS.
        prefix: first bytes of the model's fingerprint.
        count: pictures.
        chunk: pictures in a chunk.
        header: bytes of the header, its checksum included.
        names: bytes of the names, their checksum included; 0 if there are none.
        lengths: bytes of each chunk without its checksum.
    """

    kind: int
    prefix: bytes
    count: int
    chunk: int
    header: int
    names: int
    lengths: tuple[int, ...]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each chunk begins, and where the file ends."""
        lengths = (length + CRC for length in self.lengths)
        return tuple(accumulate(lengths, initial=self.header + self.names))

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.starts[-1]

    def images(self, number: int) -> range:
        """Return the numbers of a chunk's pictures."""
        return range(number * self.chunk, min(self.count, (number + 1) * self.chunk))

    def title(self, number: int) -> str:
        """Describe a chunk in a message."""
        images = self.images(number)
        return f"chunk {number} of {len(self.lengths)} (pictures {images[0]} to {images[-1]})"


def write_archive(
    kind: int, fingerprint: bytes, count: int, chunk: int, chunks: Sequence[bytes], names: Sequence[str] | None = None
) -> bytes:
    """Return the bytes of an archive.

    Args:
        kind: LOSSY or BITS_BACK.
        fingerprint: the model's, 32 bytes.
        count: number of pictures.
        chunk: pictures in a chunk.
        chunks: their bytes.
        names: one for each picture, or None.
    """
    assert len(chunks) == -(-count // chunk) and len(fingerprint) == 32
    section = b"" if names is None else _with_crc(zlib.compress("\0".join(names).encode(), 9), NAMES_NUMBER)
    header = start_of(ARCHIVE, fingerprint)
    header += bytes([kind | (0 if names is None else NAMED)]) + write_number(count) + write_number(chunk)
    header += b"" if names is None else write_number(len(section))
    header += b"".join(write_number(len(data)) for data in chunks)
    header += zlib.crc32(header, zlib.crc32(fingerprint)).to_bytes(CRC, "little")
    return header + section + b"".join(_with_crc(data, number) for number, data in enumerate(chunks))


def parse_archive(data: bytes) -> Archive:
    """Return the archive as its header declares it; the checksum is left unread, and chunks may be missing.

    Raises:
        FormatError: it is no header of an archive.
    """
    mode, prefix = parse_head(data)
    if mode != ARCHIVE:
        raise FormatError("one picture, not an archive")
    if len(data) == HEADER.size:
        raise FormatError("cut short in its header; fetch it again")
    kind, offset = data[HEADER.size], HEADER.size + 1
    count, offset = read_number(data, offset)
    chunk, offset = read_number(data, offset)
    names, offset = read_number(data, offset) if kind & NAMED else (0, offset)
    kind &= ~NAMED
    if kind not in KINDS or not 1 <= count <= MAX_IMAGES or not 1 <= chunk <= MAX_IMAGES:
        raise FormatError(f"its header is damaged: {count} pictures, {chunk} a chunk, of kind {kind}")
    lengths = []
    for _ in range(-(-count // chunk)):
        length, offset = read_number(data, offset)
        lengths.append(length)
    if offset + CRC > len(data):
        raise FormatError("cut short in its header; fetch it again")
    return Archive(kind, prefix, count, chunk, offset + CRC, names, tuple(lengths))


def check_header(data: bytes, archive: Archive, fingerprint: bytes) -> None:
    """Verify the header's checksum.

    Raises:
        FormatError: the header is damaged, or the model is another.
    """
    end = archive.header - CRC
    if zlib.crc32(data[:end], zlib.crc32(fingerprint)).to_bytes(CRC, "little") != data[end : archive.header]:
        raise FormatError("its header is damaged, so nothing of it can be read; fetch the file again")
    if len(data) > archive.size:
        raise FormatError(f"{len(data)} bytes, and the archive has {archive.size}: something was put behind it")


def read_chunk(data: bytes, archive: Archive, number: int) -> bytes:
    """Return a chunk's bytes, verified.

    Raises:
        FormatError: it is damaged or not there.
    """
    return _verified(data, archive.starts[number], archive.lengths[number], number, archive.title(number))


def read_names(data: bytes, archive: Archive) -> list[str] | None:
    """Return the pictures' names, or None if the archive has none.

    Raises:
        FormatError: they are damaged, or unfit for the names of files.
    """
    if not archive.names:
        return None
    packed = _verified(data, archive.header, archive.names - CRC, NAMES_NUMBER, "the section of names")
    unpacker = zlib.decompressobj()
    try:
        most = min(MAX_NAMES, (4 * MAX_NAME + 1) * archive.count)
        names = unpacker.decompress(packed, most).decode().split("\0")
    except (zlib.error, UnicodeDecodeError) as error:
        raise FormatError(f"the section of names is damaged ({error})") from error
    if len(names) != archive.count or len(set(names)) != len(names):
        raise FormatError(f"{len(set(names))} different names for {archive.count} pictures")
    for name in names:
        check_name(name)
    return names


def check_name(name: str) -> None:
    """Refuse a name that is none of a plain file in a folder.

    Raises:
        FormatError: it is empty, too long, or would lead elsewhere.
    """
    if not name or len(name) > MAX_NAME or name in (".", "..") or set(name) & set("/\\\0:") or not name.isprintable():
        raise FormatError(f"{name[:MAX_NAME]!r} cannot be the name of a picture")


def archive_sections(archive: Archive) -> list[dict[str, str | int]]:
    """Name, offset and length in bytes of each part of the file, in order, checksums included."""
    chunks = {f"chunk {number}": length + CRC for number, length in enumerate(archive.lengths)}
    return layout({"header": archive.header, **({"names": archive.names} if archive.names else {}), **chunks})


def _with_crc(data: bytes, number: int) -> bytes:
    return data + zlib.crc32(data, zlib.crc32(number.to_bytes(4, "little"))).to_bytes(CRC, "little")


def _verified(data: bytes, start: int, length: int, number: int, title: str) -> bytes:
    part = data[start : start + length + CRC]
    if len(part) < length + CRC:
        missing = length + CRC - len(part)
        raise FormatError(f"{title} is cut short: {missing} of its {length + CRC} bytes are missing")
    if _with_crc(part[:length], number) != part:
        raise FormatError(f"{title} is damaged: its checksum is wrong")
    return part[:length]
