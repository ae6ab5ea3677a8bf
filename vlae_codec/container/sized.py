"""What files of one picture of any size have in common, whichever family they are of.

0                              6       6 + n
+------------------------------+-------+--------+--------+-----+--------+
| magic, ver:mode, fingerprint | flags | height |  width | ... | CRC-16 |
+------------------------------+-------+--------+--------+-----+--------+
               6                   n     1 ... 3  1 ... 3           2

flags        a byte or two, which each family has its own of
height ...   variable-length numbers, 7 bits a byte, low ones first, the highest bit set if more follow
CRC-16       as in the other kinds of file
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ..errors import FormatError, ImageError
from .header import CHECKSUM, HEADER, layout, parse_head, start_of, with_checksum
from .varint import read_number, write_number

MAX_SIDE = 1 << 16


class SizedHead(NamedTuple):
    """What the first bytes of a file say: mode, first bytes of the fingerprint, flags, size, and where they end."""

    mode: int
    prefix: bytes
    flags: bytes
    height: int
    width: int
    end: int


def check_sides(size: tuple[int, int]) -> None:
    """Refuse a picture with a side that no file can say.

    Raises:
        ImageError: it has one.
    """
    if max(size) > MAX_SIDE:
        raise ImageError(f"a side of {max(size)} pixels, and {MAX_SIDE} is the most")


def write_sized(mode: int, fingerprint: bytes, flags: bytes, size: tuple[int, int], body: bytes) -> bytes:
    """Return the bytes of a file: its head, a body, and the checksum under the model's fingerprint (32 bytes)."""
    assert min(size) >= 1 and max(size) <= MAX_SIDE and len(fingerprint) == 32
    head = start_of(mode, fingerprint) + flags
    return with_checksum(fingerprint, head + write_number(size[0]) + write_number(size[1]) + body)


def parse_sized(data: bytes, modes: Collection[int], count: int = 1, known: int = 0xFF) -> SizedHead:
    """Return the head of a file, from all of it or from its beginning.

    Args:
        modes: those that it may be of.
        count: bytes of flags.
        known: which bits of the last byte of flags there may be.

    Raises:
        FormatError: it is of another mode, has other flags, is cut within its head, or has impossible sides.
    """
    mode, prefix = parse_head(data)
    if mode not in modes:
        raise FormatError("a picture's file of another family")
    end = HEADER.size + count
    if len(data) < end:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    flags = data[HEADER.size : end]
    if flags[-1] & ~known:
        raise FormatError(f"flags {flags[-1]:#04x} are unknown: damaged, or made by a newer program")
    height, end = read_number(data, end)
    width, end = read_number(data, end)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise FormatError(f"it announces {width} x {height} pixels, and a side has 1 to {MAX_SIDE}: damaged")
    return SizedHead(mode, prefix, flags, height, width, end)


def body_of(data: bytes, start: int) -> bytes:
    """Return what is in a file from somewhere behind its head to its checksum.

    Raises:
        FormatError: it is cut short.
    """
    end = len(data) - CHECKSUM.size
    if end < start:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    return data[start:end]


def sections_of(size: int, parts: Mapping[str, int]) -> tuple[dict[str, str | int], ...]:
    """Return name, offset and bytes of each part of a file of so many bytes; none if only its head was read, 0.

    Args:
        size: of the whole file.
        parts: bytes of what lies between header and checksum, in order.
    """
    if not size:
        return ()
    header = size - sum(parts.values()) - CHECKSUM.size
    return tuple(layout({"header": header, **parts, "checksum": CHECKSUM.size}))
