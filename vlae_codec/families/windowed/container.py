"""The `.vlz` file of the windowed family, which begins as `container.sized` says.

    0                             6           7
    +-----------------------------+-----------+-----------+---------+---------+-----------+--------+
    | magic, ver : 7, fingerprint | g : s : w | downscale | height  |  width  |  payload  | CRC-16 |
    +-----------------------------+-----------+-----------+---------+---------+-----------+--------+
                  6                     1        0 ... 1    1 ... 3   1 ... 3                  2

    g            highest bit: 1 if the picture is grey
    s            next bit: 1 if the picture was downscaled before it was coded, which lossless files never are
    w            low 6 bits: index of the quantisation step
    downscale    if s is 1: by how much, in quarters, 5 ... 64; the latent grid is that of the smaller picture
    payload      the latent grid

A lossless file (mode 8) has the payload's length, as such a number, before the payload, and behind the first checksum
the residual and a second checksum. It can be cut anywhere behind the first one and still gives the lossy picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...container.header import CHECKSUM, HEADER, WINDOWED, WINDOWED_LOSSLESS, layout, with_checksum
from ...container.sized import body_of, parse_sized, write_sized
from ...container.varint import read_number, write_number
from ...errors import FormatError
from ..result import FileInfo
from .model import WIDTHS
from .resample import MOST_DOWNSCALED, UNSCALED, downscaled_size

GREY, DOWNSCALED = 0x80, 0x40
FREE_WORK, WORK_A_BYTE, STEP_WORK = 1 << 18, 1 << 10, 1 << 8
"""Work that takes no byte, and that beyond which a byte pays for; in pixels, a row or column being so many of them."""
WORD = 4
"""Bytes that the entropy coder writes at once."""


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

    def describe(self, size: int = 0) -> FileInfo:
        """Return what a file of so many bytes says, without sections if only its head was read."""
        exact, payload, residual = self.residual is not None, len(self.payload), len(self.residual or b"")
        lengths = {"header": self.checked - payload - CHECKSUM.size, "payload": payload, "checksum": CHECKSUM.size}
        if exact:
            lengths |= {"residual": residual, "second checksum": CHECKSUM.size}
        mode, channels = "photo, lossless" if exact else "photo", 1 if self.grey else 3
        sections = tuple(layout(lengths) if size else ())
        sides, bytes_coded = (self.height, self.width), payload + residual
        return FileInfo(self.prefix, mode, exact, sides, self.coded_size, channels, 8, bytes_coded, sections)


def least_bytes(size: tuple[int, int]) -> int:
    """Return the least bytes that the code of a coded height and width has: a few bytes must not cause much work.

    Shorter ones are filled up with zero bytes, which the entropy coder reads as what was there. A payload has them, and
    so has a residual.
    """
    work = size[0] * size[1] + STEP_WORK * (size[0] + size[1])
    return max(0, work - FREE_WORK) // WORK_A_BYTE // WORD * WORD


def write_file(fingerprint: bytes, file: WindowedFile) -> bytes:
    """Return the bytes of a file; of `file`, prefix and checked are not looked at."""
    assert 0 <= file.width_number < WIDTHS
    assert file.downscale == UNSCALED or (UNSCALED < file.downscale <= MOST_DOWNSCALED and file.residual is None)
    flags = GREY * file.grey | DOWNSCALED * (file.downscale != UNSCALED) | file.width_number
    fields, size = bytes([flags] + [file.downscale] * (file.downscale != UNSCALED)), (file.height, file.width)
    if file.residual is None:
        return write_sized(WINDOWED, fingerprint, fields, size, file.payload)
    body = write_number(len(file.payload)) + file.payload
    lossy = write_sized(WINDOWED_LOSSLESS, fingerprint, fields, size, body)
    return with_checksum(fingerprint, lossy + file.residual)


def parse_head_of(data: bytes) -> tuple[WindowedFile, int]:
    """Return a file without its codes, of a lossless one with an empty residual, and where they start.

    Raises:
        FormatError: no file of the windowed family, or cut within its head.
    """
    scaled = len(data) > HEADER.size and bool(data[HEADER.size] & DOWNSCALED)
    head = parse_sized(data, {WINDOWED, WINDOWED_LOSSLESS}, 1 + scaled)
    exact, flags, downscale = head.mode == WINDOWED_LOSSLESS, head.flags[0], head.flags[-1] if scaled else UNSCALED
    if scaled and (exact or not UNSCALED < downscale <= MOST_DOWNSCALED):
        raise FormatError("its downscaling factor is impossible: damaged, or made by a newer program")
    file = WindowedFile(head.prefix, flags >= GREY, flags % WIDTHS, head.height, head.width, b"", downscale=downscale)
    return replace(file, residual=b"" if exact else None), head.end


def parse_file(data: bytes) -> WindowedFile:
    """Return the parts of a file whose model is not known yet; the checksums are left unread.

    Raises:
        FormatError: no such file, or cut within its lossy part.
    """
    head, offset = parse_head_of(data)
    if head.residual is None:
        return replace(head, payload=body_of(data, offset), checked=len(data))
    length, offset = read_number(data, offset)
    checked = offset + length + CHECKSUM.size
    if len(data) < checked:
        raise FormatError(f"cut short: {len(data)} bytes, and its lossy part alone has {checked}; fetch it again")
    residual = data[checked : max(checked, len(data) - CHECKSUM.size)]
    return replace(head, payload=data[offset : offset + length], residual=residual, checked=checked)
