"""The `.vlz` file of the photo family, which begins as `container.sized` says.

0                             6       7       8
+-----------------------------+-------+-------+--------+--------+---------+---------+---------+-------+--------+
| magic, ver : 9, fingerprint | level | flags | height |  width |  alpha  |  filter | payload | alpha | CRC-16 |
+-----------------------------+-------+-------+--------+--------+---------+---------+---------+-------+--------+
              6                   1       1     1 ... 3  1 ... 3  0 ... 5  0 or 18                         2

level        of quality, 0 ... 255
flags        bit 0: all channels are equal; bit 1: there is an alpha plane; bit 2: there is a filter; the others are 0
alpha        if there is one, its bytes as such a number; behind the payload the plane itself, a lossless WebP image
             whose green channel it is
filter       if there is one, the numbers of `restoration`
payload      the latents, see `coding`
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...container.header import PHOTO
from ...container.sized import body_of, parse_sized, sections_of, write_sized
from ...container.varint import read_number, write_number
from ...errors import FormatError
from ..result import FileInfo
from .model import LEVELS
from .restoration import SIZE

GREY, ALPHA, FILTER = 1, 2, 4


@dataclass(frozen=True)
class PhotoFile:
    """What a file says before its model is known.

    Attributes:
        prefix: first bytes of the model's fingerprint.
        level: of quality.
        grey: whether all channels are equal.
        height, width: of the picture.
        payload: the latents.
        alpha: the alpha plane as a lossless WebP image; None where all is opaque.
        filter: of `restoration`; empty for none.
    """

    prefix: bytes
    level: int
    grey: bool
    height: int
    width: int
    payload: bytes
    alpha: bytes | None = None
    filter: bytes = b""

    @property
    def has_alpha(self) -> bool:
        """Whether there is an alpha plane."""
        return self.alpha is not None

    def describe(self, size: int = 0) -> FileInfo:
        """Return what a file of so many bytes says, without sections if only its head was read."""
        parts = {"filter": len(self.filter)} if self.filter else {}
        parts |= {"payload": len(self.payload)} | ({} if self.alpha is None else {"alpha": len(self.alpha)})
        sides, channels = (self.height, self.width), (1 if self.grey else 3) + self.has_alpha
        sections = sections_of(size, parts)
        return FileInfo(self.prefix, "photo", False, sides, sides, channels, 8, len(self.payload), sections)


def write_file(fingerprint: bytes, file: PhotoFile) -> bytes:
    """Return the bytes of a file; its `prefix` is not looked at."""
    assert 0 <= file.level < LEVELS and len(file.filter) in (0, SIZE)
    flags = bytes([file.level, GREY * file.grey | ALPHA * file.has_alpha | FILTER * bool(file.filter)])
    alpha = b"" if file.alpha is None else write_number(len(file.alpha))
    body = alpha + file.filter + file.payload + (file.alpha or b"")
    return write_sized(PHOTO, fingerprint, flags, (file.height, file.width), body)


def parse_head_of(data: bytes) -> tuple[PhotoFile, int, int]:
    """Return a file without its payload, where the payload starts, and the bytes of the alpha plane.

    Raises:
        FormatError: no file of the photo family, or cut within its head.
    """
    head = parse_sized(data, {PHOTO}, 2, GREY | ALPHA | FILTER)
    level, flags = head.flags
    size, offset = read_number(data, head.end) if flags & ALPHA else (0, head.end)
    alpha = b"" if flags & ALPHA else None
    end = offset + (SIZE if flags & FILTER else 0)
    grey, filter_ = bool(flags & GREY), data[offset:end]
    return PhotoFile(head.prefix, level, grey, head.height, head.width, b"", alpha, filter_), end, size


def parse_file(data: bytes) -> PhotoFile:
    """Return the parts of a file whose model is not known yet; the checksum is left unread.

    Raises:
        FormatError: no file of the photo family, or cut short.
    """
    head, offset, size = parse_head_of(data)
    body = body_of(data, offset)
    if size > len(body):
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    payload, alpha = body[: len(body) - size], body[len(body) - size :]
    return replace(head, payload=payload, alpha=alpha if head.has_alpha else None)
