"""The `.vlz` file of a picture that is kept exactly without a model; it begins as `container.sized` says.

0                                6       7
+--------------------------------+-------+--------+--------+---------+---------+-----+--------+
| magic, ver : 10, three zeros   | flags | height |  width | length  |  tile   | ... | CRC-16 |
+--------------------------------+-------+--------+--------+---------+---------+-----+--------+
                6                    1     1 ... 3  1 ... 3  1 ... 5                      2

flags        bit 0: red, green and blue are equal; bit 1: there is an alpha plane; bit 2: samples have 16 bits;
             bit 3: a palette and its pixels (`palette`), or bit 4: predicted samples (`predicted`) stand in place of
             tiles, of 8 bits; the others are 0
tile         a lossless WebP image of 4096 x 4096 pixels, smaller at the right and at the bottom; in raster order;
             of 16 bits the tiles of the high bytes, then those of the low ones
CRC-16       of a fingerprint of 32 zeros
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...container.header import STORED
from ...container.sized import body_of, parse_sized, sections_of, write_sized
from ...errors import FormatError
from ..result import FileInfo

GREY, ALPHA, DEEP = 1, 2, 4
TILES, PALETTE, PREDICTED = 0, 8, 16
"""How samples are coded, as flags."""
NAMES = {TILES: "stored", PALETTE: "stored, palette", PREDICTED: "stored, predicted"}
NO_MODEL = bytes(32)
"""The fingerprint of files without a model."""


@dataclass(frozen=True)
class StoredFile:
    """What a file says.

    Attributes:
        grey: whether red, green and blue are equal.
        alpha: whether there is an alpha plane.
        height, width: of the picture.
        residual: the tiles, each behind its length, palette and pixels, or predicted samples: all of it exact pixels.
        deep: whether samples have 16 bits.
        coding: `TILES`, `PALETTE` or `PREDICTED`.
    """

    grey: bool
    alpha: bool
    height: int
    width: int
    residual: bytes
    deep: bool = False
    coding: int = TILES
    prefix: bytes = NO_MODEL[:3]

    @property
    def channels(self) -> int:
        """Channels of the picture, alpha included."""
        return (1 if self.grey else 3) + self.alpha

    def describe(self, size: int = 0) -> FileInfo:
        """Return what a file of so many bytes says, without sections if only its head was read."""
        tiles, sides = len(self.residual), (self.height, self.width)
        mode = "stored, 16 bits" if self.deep else NAMES[self.coding]
        sections = sections_of(size, {"residual": tiles})
        depth = 16 if self.deep else 8
        return FileInfo(self.prefix, mode, True, sides, sides, self.channels, depth, tiles, sections)


def write_file(file: StoredFile) -> bytes:
    """Return the bytes of a file."""
    flags = bytes([GREY * file.grey | ALPHA * file.alpha | DEEP * file.deep | file.coding])
    return write_sized(STORED, NO_MODEL, flags, (file.height, file.width), file.residual)


def parse_head_of(data: bytes) -> tuple[StoredFile, int]:
    """Return a file without its tiles, and where they start.

    Raises:
        FormatError: no such file, or cut within its head.
    """
    head = parse_sized(data, {STORED}, known=GREY | ALPHA | DEEP | PALETTE | PREDICTED)
    if head.prefix != NO_MODEL[:3]:
        raise FormatError("it names a model and has none: damaged")
    grey, alpha, deep = (bool(head.flags[0] & flag) for flag in (GREY, ALPHA, DEEP))
    coding = head.flags[0] & (PALETTE | PREDICTED)
    if coding not in NAMES or (deep and coding):
        raise FormatError(f"flags {head.flags[0]} exclude one another: damaged")
    return StoredFile(grey, alpha, head.height, head.width, b"", deep, coding), head.end


def parse_file(data: bytes) -> StoredFile:
    """Return the parts of a file; the checksum is left unread.

    Raises:
        FormatError: no such file, or cut short.
    """
    head, start = parse_head_of(data)
    return replace(head, residual=body_of(data, start))
