"""The `.vlz` file of a page of two levels.

0                              6       7
+------------------------------+-------+--------+--------+--------+------+---------+---------+--------+
| magic, ver : 12, fingerprint | flags | height |  width | levels | rows | columns | residual | CRC-16 |
+------------------------------+-------+--------+--------+--------+------+---------+---------+--------+
               6                   1     1 ... 3  1 ... 3  2, 6                                   2

flags        bit 0: levels are grey; the others are 0
height ...   variable-length numbers, 7 bits a byte, low ones first, the highest bit set if more follow
levels       of paper and of ink: a grey level each, or red, green and blue each
rows         those that are coded, all others being paper: how many stretches, and for each the rows that are left out
             before it and its length, all as such numbers
columns      likewise
residual     the pixels of these rows and columns, see `codec`
CRC-16       as in the other kinds of file
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...container.header import CHECKSUM, HEADER, MAGIC, PAGE, VERSION, check, checksum, layout, parse_head
from ...container.varint import read_number, write_number
from ...errors import FormatError

GREY = 1
MAX_SIDE = 1 << 16
HEAD_SIZE = HEADER.size + 1 + 2 * 5 + 6
"""Bytes that hold a head without its stretches."""

Stretches = Sequence[tuple[int, int]]
"""First of some rows or columns that are coded, and the one behind the last, in rising order."""


@dataclass(frozen=True)
class PageFile:
    """What a file says before its model is known.

    Attributes:
        prefix: first bytes of the model's fingerprint.
        height, width: of the picture.
        paper, ink: levels, a byte each or three.
        rows, columns: that are coded.
        residual: their pixels.
    """

    prefix: bytes
    height: int
    width: int
    paper: bytes
    ink: bytes
    rows: Stretches = ()
    columns: Stretches = ()
    residual: bytes = b""

    @property
    def grey(self) -> bool:
        """Whether levels are grey."""
        return len(self.paper) == 1

    @property
    def coded_size(self) -> tuple[int, int]:
        """Rows and columns that are coded."""
        rows, columns = (sum(end - first for first, end in part) for part in (self.rows, self.columns))
        return rows, columns


def write_file(fingerprint: bytes, file: PageFile) -> bytes:
    """Return the bytes of a file; its `prefix` is not looked at."""
    assert min(file.height, file.width) >= 1 and max(file.height, file.width) <= MAX_SIDE
    assert len(file.paper) == len(file.ink) and len(file.ink) in (1, 3)
    body = HEADER.pack(MAGIC, VERSION << 4 | PAGE, fingerprint[:3]) + bytes([GREY * file.grey])
    body += write_number(file.height) + write_number(file.width) + file.paper + file.ink
    body += _write_stretches(file.rows) + _write_stretches(file.columns) + file.residual
    return body + CHECKSUM.pack(checksum(fingerprint, body))


def _write_stretches(stretches: Stretches) -> bytes:
    out, before = write_number(len(stretches)), 0
    for first, end in stretches:
        out += write_number(first - before) + write_number(end - first)
        before = end
    return out


def parse_head_of(data: bytes) -> tuple[PageFile, int]:
    """Return a file without what is coded, and where its stretches start.

    Args:
        data: its first `HEAD_SIZE` bytes, or all that there are.

    Raises:
        FormatError: no such file, or cut within its head.
    """
    mode, prefix = parse_head(data)
    if mode != PAGE:
        raise FormatError("not a page of two levels")
    if len(data) < HEADER.size + 1:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    flags = data[HEADER.size]
    if flags & ~GREY:
        raise FormatError(f"flags {flags:#04x} are unknown: damaged, or made by a newer program")
    height, place = read_number(data, HEADER.size + 1)
    width, place = read_number(data, place)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise FormatError(f"it announces {width} x {height} pixels, and a side has 1 to {MAX_SIDE}: damaged")
    size = 1 if flags & GREY else 3
    if len(data) < place + 2 * size:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    paper, ink = data[place : place + size], data[place + size : place + 2 * size]
    return PageFile(prefix, height, width, paper, ink), place + 2 * size


def parse_file(data: bytes) -> PageFile:
    """Return the parts of a file whose model is not known yet; the checksum is left unread.

    Raises:
        FormatError: no such file, or cut short.
    """
    head, place = parse_head_of(data)
    end = len(data) - CHECKSUM.size
    rows, place = _read_stretches(data[:end], place, head.height)
    columns, place = _read_stretches(data[:end], place, head.width)
    if bool(rows) != bool(columns):
        raise FormatError("it codes rows without columns, or columns without rows: damaged")
    return replace(head, rows=rows, columns=columns, residual=data[place:end])


def _read_stretches(data: bytes, place: int, side: int) -> tuple[Stretches, int]:
    count, place = read_number(data, place)
    found, end = list[tuple[int, int]](), 0
    for _ in range(count):
        gap, place = read_number(data, place)
        length, place = read_number(data, place)
        first, end = end + gap, end + gap + length
        if end > side or not length or (found and not gap):
            raise FormatError("its stretches of rows or columns do not fit its size: damaged")
        found.append((first, end))
    return found, place


def check_file(data: bytes, fingerprint: bytes) -> None:
    """Verify the checksum of a parsed file.

    Raises:
        FormatError: it is damaged, or another model's.
    """
    check(data, fingerprint)


def file_sections(file: PageFile, size: int) -> list[dict[str, str | int]]:
    """Return name, offset and length in bytes of each part of a file of so many bytes, in order."""
    coded = len(file.residual)
    return layout({"header": size - coded - CHECKSUM.size, "residual": coded, "checksum": CHECKSUM.size})
