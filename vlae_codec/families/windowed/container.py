"""The `.vlz` file of a picture of any size.

    0                             6           7
    +-----------------------------+-----------+-----------+---------+---------+-----------+--------+
    | magic, ver : 7, fingerprint | g : s : w | downscale | height  |  width  |  payload  | CRC-16 |
    +-----------------------------+-----------+-----------+---------+---------+-----------+--------+
                  6                     1        0 ... 1    1 ... 3   1 ... 3                  2

    g            highest bit: 1 if the picture is grey
    s            next bit: 1 if the picture was downscaled before it was coded, which lossless files never are
    w            low 6 bits: index of the quantisation step
    downscale    if s is 1: by how much, in quarters, 5 ... 64; the latent grid is that of the smaller picture
    height ...   variable-length numbers, 7 bits a byte, low ones first, the highest bit set if more follow
    payload      the latent grid
    CRC-16       as in the other kinds of file

A lossless file (mode 8) has the payload's length, as such a number, before the payload, and behind the first checksum
the residual and a second checksum. It can be cut anywhere behind the first one and still gives the lossy picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ...container.header import (
    CHECKSUM,
    HEADER,
    MAGIC,
    VERSION,
    WINDOWED,
    WINDOWED_LOSSLESS,
    check,
    checksum,
    layout,
    parse_head,
)
from ...container.varint import LONGEST, read_number, write_number
from ...errors import FormatError
from .model import WIDTHS
from .resample import MOST_DOWNSCALED, UNSCALED, downscaled_size

GREY, DOWNSCALED = 0x80, 0x40
MAX_SIDE = 1 << 16


@dataclass(frozen=True)
class WindowedFile:
    """What a file of a picture of any size says before its model is known.

    Attributes:
        prefix: first bytes of the model's fingerprint.
        grey: whether all channels are equal.
        width_number: of the quantisation step.
        height, width: of the picture.
        payload: the latent grid.
        residual: the exact pixels given it, what is left of it in a file that was cut; None in a lossy file.
        checked: where the lossy part ends, its checksum included.
        downscale: by how much the picture was downscaled before it was coded, in quarters.
    """

    prefix: bytes
    grey: bool
    width_number: int
    height: int
    width: int
    payload: bytes
    residual: bytes | None = None
    checked: int = 0
    downscale: int = UNSCALED

    @property
    def coded_size(self) -> tuple[int, int]:
        """Height and width of the picture that the latent grid stands for."""
        return downscaled_size((self.height, self.width), self.downscale)


def write_photo(fingerprint: bytes, file: WindowedFile) -> bytes:
    """Return the bytes of a file; of `file`, prefix and checked are not looked at."""
    assert 0 <= file.width_number < WIDTHS and min(file.height, file.width) >= 1
    assert file.downscale == UNSCALED or (UNSCALED < file.downscale <= MOST_DOWNSCALED and file.residual is None)
    mode = WINDOWED if file.residual is None else WINDOWED_LOSSLESS
    body = HEADER.pack(MAGIC, VERSION << 4 | mode, fingerprint[:3])
    flags = (GREY if file.grey else 0) | (DOWNSCALED if file.downscale != UNSCALED else 0)
    body += bytes([flags | file.width_number] + [file.downscale] * (file.downscale != UNSCALED))
    body += write_number(file.height) + write_number(file.width)
    if file.residual is None:
        body += file.payload
        return body + CHECKSUM.pack(checksum(fingerprint, body))
    body += write_number(len(file.payload)) + file.payload
    body += CHECKSUM.pack(checksum(fingerprint, body)) + file.residual
    return body + CHECKSUM.pack(checksum(fingerprint, body))


class Head(NamedTuple):
    """What the first bytes of a file say, and where they end."""

    mode: int
    prefix: bytes
    grey: bool
    width_number: int
    downscale: int
    height: int
    width: int
    end: int


HEAD_SIZE = HEADER.size + 2 + 2 * LONGEST
"""Bytes that hold a whole head."""


def parse_photo_head(data: bytes) -> Head:
    """Return the head of a file, from its first `HEAD_SIZE` bytes or all that there are.

    Raises:
        FormatError: no file of a picture of any size, or cut within its head.
    """
    mode, prefix = parse_head(data)
    if mode not in (WINDOWED, WINDOWED_LOSSLESS):
        raise FormatError("not the file of a picture of any size")
    if len(data) <= HEADER.size:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    flags, offset, downscale = data[HEADER.size], HEADER.size + 1, UNSCALED
    if flags & DOWNSCALED:
        downscale, offset = data[offset] if len(data) > offset else 0, offset + 1
        if not UNSCALED < downscale <= MOST_DOWNSCALED or mode == WINDOWED_LOSSLESS:
            raise FormatError("its downscaling factor is impossible: damaged, or made by a newer program")
    height, offset = read_number(data, offset)
    width, offset = read_number(data, offset)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise FormatError(f"it announces {width} x {height} pixels, and a side has 1 to {MAX_SIDE}: damaged")
    return Head(mode, prefix, flags >= GREY, flags % WIDTHS, downscale, height, width, offset)


def parse_photo(data: bytes) -> WindowedFile:
    """Return the parts of a file whose model is not known yet; the checksums are left unread.

    Raises:
        FormatError: no such file, or cut within its lossy part.
    """
    mode, prefix, grey, number, downscale, height, width, offset = parse_photo_head(data)
    if mode == WINDOWED:
        if len(data) < offset + CHECKSUM.size:
            raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
        payload = data[offset : len(data) - CHECKSUM.size]
        return WindowedFile(prefix, grey, number, height, width, payload, None, len(data), downscale)
    length, offset = read_number(data, offset)
    checked = offset + length + CHECKSUM.size
    if len(data) < checked:
        raise FormatError(f"cut short: {len(data)} bytes, and its lossy part alone has {checked}; fetch it again")
    payload, residual = data[offset : offset + length], data[checked : max(checked, len(data) - CHECKSUM.size)]
    return WindowedFile(prefix, grey, number, height, width, payload, residual, checked)


def check_photo(data: bytes, file: WindowedFile, fingerprint: bytes) -> bool:
    """Verify the checksums of a parsed file; False if all but the lossy part is cut or damaged.

    Raises:
        FormatError: the lossy part is damaged, or another model's.
    """
    check(data[: file.checked], fingerprint)
    if file.residual is None:
        return True
    if len(data) < file.checked + CHECKSUM.size:
        return False
    try:
        check(data, fingerprint)
    except FormatError:
        return False
    return True


def photo_sections(file: WindowedFile) -> list[dict[str, str | int]]:
    """Name, offset and length in bytes of each part of the file, in order."""
    lengths = {"header": file.checked - len(file.payload) - CHECKSUM.size, "payload": len(file.payload)}
    lengths |= {"checksum": CHECKSUM.size}
    if file.residual is not None:
        lengths |= {"residual": len(file.residual), "second checksum": CHECKSUM.size}
    return layout(lengths)
