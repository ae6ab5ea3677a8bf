"""The `.vlz` file of a page of two levels, which begins as `container.sized` says.

0                              6       7
+------------------------------+-------+--------+--------+--------+------+---------+---------+--------+
| magic, ver : 12, fingerprint | flags | height |  width | levels | rows | columns | residual | CRC-16 |
+------------------------------+-------+--------+--------+--------+------+---------+---------+--------+
               6                   1     1 ... 3  1 ... 3  2, 6                                   2

flags        bit 0: levels are grey; the others are 0
levels       of paper and of ink: a grey level each, or red, green and blue each
rows         those that are coded, all others being paper: how many stretches, and for each the rows that are left out
             before it and its length, all as such numbers
columns      likewise
residual     the pixels of these rows and columns, see `codec`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...container.header import PAGE
from ...container.sized import body_of, parse_sized, sections_of, write_sized
from ...container.varint import read_number, write_number
from ...errors import FormatError
from ..result import FileInfo

GREY = 1

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

    def describe(self, size: int = 0) -> FileInfo:
        """Return what a file of so many bytes says, without sections if only its head was read."""
        coded, channels = len(self.residual), 1 if self.grey else 3
        sections = sections_of(size, {"residual": coded})
        return FileInfo(
            self.prefix, "page", True, (self.height, self.width), self.coded_size, channels, 8, coded, sections
        )


def write_file(fingerprint: bytes, file: PageFile) -> bytes:
    """Return the bytes of a file; its `prefix` is not looked at."""
    assert len(file.paper) == len(file.ink) and len(file.ink) in (1, 3)
    body = file.paper + file.ink + _write_stretches(file.rows) + _write_stretches(file.columns) + file.residual
    return write_sized(PAGE, fingerprint, bytes([GREY * file.grey]), (file.height, file.width), body)


def _write_stretches(stretches: Stretches) -> bytes:
    out, before = write_number(len(stretches)), 0
    for first, end in stretches:
        out += write_number(first - before) + write_number(end - first)
        before = end
    return out


def parse_head_of(data: bytes) -> tuple[PageFile, int]:
    """Return a file without what is coded, and where its stretches start.

    Raises:
        FormatError: no such file, or cut within its head.
    """
    head = parse_sized(data, {PAGE}, known=GREY)
    size = 1 if head.flags[0] & GREY else 3
    end = head.end + 2 * size
    if len(data) < end:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    paper, ink = data[head.end : end - size], data[end - size : end]
    return PageFile(head.prefix, head.height, head.width, paper, ink), end


def parse_file(data: bytes) -> PageFile:
    """Return the parts of a file whose model is not known yet; the checksum is left unread.

    Raises:
        FormatError: no such file, or cut short.
    """
    head, start = parse_head_of(data)
    body = body_of(data, start)
    rows, place = _read_stretches(body, 0, head.height)
    columns, place = _read_stretches(body, place, head.width)
    if bool(rows) != bool(columns):
        raise FormatError("it codes rows without columns, or columns without rows: damaged")
    return replace(head, rows=rows, columns=columns, residual=body[place:])


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
