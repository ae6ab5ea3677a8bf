"""The `.vlz` file of a picture that is kept exactly without a model.

0                                6       7
+--------------------------------+-------+--------+--------+---------+---------+-----+--------+
| magic, ver : 10, three zeros   | flags | height |  width | length  |  tile   | ... | CRC-16 |
+--------------------------------+-------+--------+--------+---------+---------+-----+--------+
                6                    1     1 ... 3  1 ... 3  1 ... 5                      2

flags        bit 0: red, green and blue are equal; bit 1: there is an alpha plane; bit 2: samples have 16 bits;
             the others are 0
height ...   variable-length numbers, 7 bits a byte, low ones first, the highest bit set if more follow
tile         a lossless WebP image of 4096 x 4096 pixels, smaller at the right and at the bottom; in raster order;
             of 16 bits the tiles of the high bytes, then those of the low ones
CRC-16       as in the other kinds of file, of a fingerprint of 32 zeros
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...container.header import CHECKSUM, HEADER, MAGIC, STORED, VERSION, check, checksum, layout, parse_head
from ...container.varint import read_number, write_number
from ...errors import FormatError

GREY, ALPHA, DEEP = 1, 2, 4
MAX_SIDE = 1 << 16
HEAD_SIZE = HEADER.size + 1 + 2 * 5
"""Bytes that hold a whole head."""
NO_MODEL = bytes(32)
"""The fingerprint of files without a model."""


@dataclass(frozen=True)
class StoredFile:
    """What a file says.

    Attributes:
        grey: whether red, green and blue are equal.
        alpha: whether there is an alpha plane.
        height, width: of the picture.
        residual: the tiles, each behind its length: all of it is exact pixels.
        deep: whether samples have 16 bits.
    """

    grey: bool
    alpha: bool
    height: int
    width: int
    residual: bytes
    deep: bool = False
    prefix: bytes = NO_MODEL[:3]


def write_file(file: StoredFile) -> bytes:
    """Return the bytes of a file."""
    assert min(file.height, file.width) >= 1 and max(file.height, file.width) <= MAX_SIDE
    flags = GREY * file.grey | ALPHA * file.alpha | DEEP * file.deep
    body = HEADER.pack(MAGIC, VERSION << 4 | STORED, file.prefix) + bytes([flags])
    body += write_number(file.height) + write_number(file.width) + file.residual
    return body + CHECKSUM.pack(checksum(NO_MODEL, body))


def parse_head_of(data: bytes) -> tuple[StoredFile, int]:
    """Return a file without its tiles, and where they start.

    Args:
        data: its first `HEAD_SIZE` bytes, or all that there are.

    Raises:
        FormatError: no such file, or cut within its head.
    """
    mode, prefix = parse_head(data)
    if mode != STORED or prefix != NO_MODEL[:3]:
        raise FormatError("not a file without a model")
    if len(data) < HEADER.size + 1:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    flags = data[HEADER.size]
    if flags & ~(GREY | ALPHA | DEEP):
        raise FormatError(f"flags {flags:#04x} are unknown: damaged, or made by a newer program")
    height, offset = read_number(data, HEADER.size + 1)
    width, offset = read_number(data, offset)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise FormatError(f"it announces {width} x {height} pixels, and a side has 1 to {MAX_SIDE}: damaged")
    return StoredFile(bool(flags & GREY), bool(flags & ALPHA), height, width, b"", bool(flags & DEEP)), offset


def parse_file(data: bytes) -> StoredFile:
    """Return the parts of a file; the checksum is left unread.

    Raises:
        FormatError: no such file, or cut short.
    """
    head, offset = parse_head_of(data)
    end = len(data) - CHECKSUM.size
    if end < offset:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    return replace(head, residual=data[offset:end])


def check_file(data: bytes) -> None:
    """Verify the checksum of a parsed file.

    Raises:
        FormatError: it is damaged.
    """
    check(data, NO_MODEL)


def file_sections(file: StoredFile, size: int) -> list[dict[str, str | int]]:
    """Return name, offset and length in bytes of each part of a file of so many bytes, in order."""
    tiles = len(file.residual)
    return layout({"header": size - tiles - CHECKSUM.size, "residual": tiles, "checksum": CHECKSUM.size})
