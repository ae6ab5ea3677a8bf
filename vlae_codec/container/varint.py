"""Variable-length numbers: 7 bits a byte, low ones first, the highest bit set if more follow."""

from __future__ import annotations

from ..errors import FormatError

LONGEST = 5
"""Bytes of a number."""


def write_number(value: int) -> bytes:
    """Return the bytes of a number of at most 35 bits."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def read_number(data: bytes, offset: int) -> tuple[int, int]:
    """Return the number at an offset, and where it ends.

    Raises:
        FormatError: the data end before it does, or it has more than `LONGEST` bytes.
    """
    value = 0
    for index in range(LONGEST):
        if offset + index >= len(data):
            raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
        byte = data[offset + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, offset + index + 1
    raise FormatError("a number in its header does not end: damaged")
