"""The `.vlz` file of the photo family.

0                             6       7       8
+-----------------------------+-------+-------+--------+--------+---------+---------+-------+--------+
| magic, ver : 9, fingerprint | level | flags | height |  width |  alpha  | payload | alpha | CRC-16 |
+-----------------------------+-------+-------+--------+--------+---------+---------+-------+--------+
              6                   1       1     1 ... 3  1 ... 3  0 ... 5                        2

level        of quality, 0 ... 255
flags        bit 0: all channels are equal; bit 1: there is an alpha plane; the others are 0
height ...   variable-length numbers, 7 bits a byte, low ones first, the highest bit set if more follow
alpha        if there is one, its bytes as such a number; behind the payload the plane itself, a lossless WebP image
             whose green channel it is
payload      the latents, see `coding`
CRC-16       as in the other kinds of file
"""

from __future__ import annotations

from dataclasses import dataclass

from ...container.header import CHECKSUM, HEADER, MAGIC, PHOTO, VERSION, check, checksum, layout, parse_head
from ...container.varint import read_number, write_number
from ...errors import FormatError
from .model import LEVELS

GREY, ALPHA = 1, 2
MAX_SIDE = 1 << 16
HEAD_SIZE = HEADER.size + 2 + 3 * 5
"""Bytes that hold a whole head."""


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
    """

    prefix: bytes
    level: int
    grey: bool
    height: int
    width: int
    payload: bytes
    alpha: bytes | None = None

    @property
    def has_alpha(self) -> bool:
        """Whether there is an alpha plane."""
        return self.alpha is not None


def write_file(fingerprint: bytes, file: PhotoFile) -> bytes:
    """Return the bytes of a file; its `prefix` is not looked at."""
    assert 0 <= file.level < LEVELS and min(file.height, file.width) >= 1
    assert max(file.height, file.width) <= MAX_SIDE
    flags = GREY * file.grey | ALPHA * file.has_alpha
    body = HEADER.pack(MAGIC, VERSION << 4 | PHOTO, fingerprint[:3]) + bytes([file.level, flags])
    body += write_number(file.height) + write_number(file.width)
    if file.alpha is not None:
        body += write_number(len(file.alpha))
    body += file.payload + (file.alpha or b"")
    return body + CHECKSUM.pack(checksum(fingerprint, body))


def parse_head_of(data: bytes) -> tuple[PhotoFile, int, int]:
    """Return a file without its payload, where the payload starts, and the bytes of the alpha plane.

    Args:
        data: its first `HEAD_SIZE` bytes, or all that there are.

    Raises:
        FormatError: no file of the photo family, or cut within its head.
    """
    mode, prefix = parse_head(data)
    if mode != PHOTO:
        raise FormatError("not a file of the photo family")
    if len(data) < HEADER.size + 2:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    level, flags = data[HEADER.size : HEADER.size + 2]
    if flags & ~(GREY | ALPHA):
        raise FormatError(f"flags {flags:#04x} are unknown: damaged, or made by a newer program")
    height, offset = read_number(data, HEADER.size + 2)
    width, offset = read_number(data, offset)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise FormatError(f"it announces {width} x {height} pixels, and a side has 1 to {MAX_SIDE}: damaged")
    size, offset = read_number(data, offset) if flags & ALPHA else (0, offset)
    alpha = b"" if flags & ALPHA else None
    return PhotoFile(prefix, level, bool(flags & GREY), height, width, b"", alpha), offset, size


def parse_file(data: bytes) -> PhotoFile:
    """Return the parts of a file whose model is not known yet; the checksum is left unread.

    Raises:
        FormatError: no file of the photo family, or cut short.
    """
    head, offset, size = parse_head_of(data)
    end = len(data) - CHECKSUM.size
    if end - size < offset:
        raise FormatError(f"cut short: {len(data)} bytes; fetch it again")
    payload, alpha = data[offset : end - size], data[end - size : end]
    return PhotoFile(
        head.prefix, head.level, head.grey, head.height, head.width, payload, alpha if head.has_alpha else None
    )


def check_file(data: bytes, fingerprint: bytes) -> None:
    """Verify the checksum of a parsed file.

    Raises:
        FormatError: it is damaged, or another model's.
    """
    check(data, fingerprint)


def file_sections(file: PhotoFile, size: int) -> list[dict[str, str | int]]:
    """Return name, offset and length in bytes of each part of a file of so many bytes, in order."""
    alpha = len(file.alpha or b"")
    lengths = {"header": size - len(file.payload) - alpha - CHECKSUM.size, "payload": len(file.payload)}
    if file.alpha is not None:
        lengths["alpha"] = alpha
    return layout({**lengths, "checksum": CHECKSUM.size})
