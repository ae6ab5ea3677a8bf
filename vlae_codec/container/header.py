"""The `.vlz` file of one picture: 8 bytes around what its model has coded.

    offset  0       2            3             6          6 + n    8 + n
            +-------+------------+-------------+-----------+--------+
            | magic | ver : mode | fingerprint |  payload  | CRC-16 |
            +-------+------------+-------------+-----------+--------+
    bytes       2     4 + 4 bits        3       n = 1 .. 64     2

    magic        D6 5A: a byte that no text file starts with, then "Z"
    ver          high nibble, 1
    mode         low nibble; 0: tree-search code; 1 to 4: sample in that many groups of dimensions
    fingerprint  first three bytes of the model's
    CRC-16       CRC-16/CCITT-FALSE, little-endian, of the model's whole fingerprint (32 bytes) and then of
                 every byte before the checksum: a model that only begins alike is noticed as well

The model fixes the picture's size, and the file's length that of the payload, so neither is written.

A lossless file (mode 5) holds a tree-search code, too, and the residual behind it, as bits without a gap. Cut anywhere
behind its payload it still gives the lossy picture, which no checksum confirms then.

    offset  0                             6                                          6 + n + m  8 + n + m
            +-----------------------------+-------+-----------+----------------------+--------+
            | magic, ver, 5, fingerprint  | n - 1 |  payload  |       residual       | CRC-16 |
            +-----------------------------+-------+-----------+----------------------+--------+
    bits                48                    3     8 n, n <= 8       8 m - 3, m > 0      16

Mode 6 is an archive of many pictures; see `archive`. Modes 7 to 10 and 12 are pictures of any size; see the containers
of the windowed, the photo, the stored and the page family. Mode 11 has metadata in front of a file of one picture; see
`envelope`. Mode 15 is a collection of whole files; see `collection`.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import FormatError

MAGIC = b"\xd6Z"
VERSION = 1
TREE_SEARCH = 0
MODES = {TREE_SEARCH: "search", 1: "sample-1", 2: "sample-2", 3: "sample-3", 4: "sample-4"}
LOSSLESS, ARCHIVE, WINDOWED, WINDOWED_LOSSLESS, PHOTO, STORED, ENVELOPE, PAGE = 5, 6, 7, 8, 9, 10, 11, 12
COLLECTION = 15
HEADER = struct.Struct("<2sB3s")
CHECKSUM = struct.Struct("<H")
AROUND = HEADER.size + CHECKSUM.size  # bytes that are not payload
MAX_PAYLOAD = 64
MAX_FILE = AROUND + MAX_PAYLOAD
LENGTH_BITS = 3
"""Of a lossless file, what its payload's length takes, and the residual's last byte leaves."""
MAX_INSIDE = 1 << LENGTH_BITS
"""Bytes of the payload in a lossless file."""
MAX_LOSSLESS = 1 << 20
MAX_ARCHIVE = 1 << 30


@dataclass(frozen=True)
class Container:
    """What a file says before its model is known.

    Attributes:
        mode: of the payload.
        prefix: first bytes of the model's fingerprint.
        payload: the lossy code.
        residual: of a lossless file the exact pixels given the code, what is left of them in one that was cut.
    """

    mode: int
    prefix: bytes
    payload: bytes
    residual: bytes | None = None


def write_container(mode: int, fingerprint: bytes, payload: bytes) -> bytes:
    """Return the bytes of a file.

    Args:
        mode: a key of MODES.
        fingerprint: the model's, 32 bytes.
        payload: 1 to 64 bytes.

    Raises:
        FormatError: the payload is empty or too long for the format.
    """
    if not 1 <= len(payload) <= MAX_PAYLOAD:
        raise FormatError(f"the code takes {len(payload)} bytes and a file holds 1 to {MAX_PAYLOAD}: give fewer bits")
    assert mode in MODES and len(fingerprint) == 32
    return with_checksum(fingerprint, start_of(mode, fingerprint) + payload)


def parse(data: bytes) -> Container:
    """Return the parts of a file whose model is not known yet; the checksums are left unread.

    Raises:
        FormatError: not a .vlz file, of another version or mode, cut within its lossy part, or too long.
    """
    mode, prefix = parse_head(data)
    if mode == LOSSLESS:
        return _parse_lossless(data, prefix)
    if mode not in MODES:
        kinds = {ARCHIVE: "an archive of many pictures", ENVELOPE: "a file with metadata"}
        any_size = "a picture of any size" if WINDOWED <= mode <= PAGE else f"a file of unknown mode {mode}"
        raise FormatError(f"{kinds.get(mode, any_size)}, and one bilevel picture was expected")
    if len(data) <= AROUND:
        raise FormatError(f"cut short: {len(data)} bytes, and a .vlz file has at least {AROUND + 1}; fetch it again")
    if len(data) > MAX_FILE:
        raise FormatError(f"too long: more than {MAX_FILE} bytes, the most that a .vlz file of one picture has")
    return Container(mode, prefix, data[HEADER.size : -CHECKSUM.size])


def _parse_lossless(data: bytes, prefix: bytes) -> Container:
    size = (data[HEADER.size] >> 8 - LENGTH_BITS) + 1 if len(data) > HEADER.size else MAX_INSIDE
    if len(data) <= HEADER.size + size:
        raise FormatError(f"cut short: {len(data)} bytes, within its lossy part; fetch it again")
    if len(data) > MAX_LOSSLESS:
        raise FormatError(f"too long: more than {MAX_LOSSLESS} bytes, the most that a lossless file of one picture has")
    coded = data[HEADER.size : max(HEADER.size + size + 1, len(data) - CHECKSUM.size)]
    bits = (int.from_bytes(coded, "big") << LENGTH_BITS).to_bytes(1 + len(coded), "big")[1:]
    return Container(TREE_SEARCH, prefix, bits[:size], bits[size:])


def parse_head(data: bytes) -> tuple[int, bytes]:
    """Mode and first bytes of the model's fingerprint of any .vlz file, from its first 6 bytes or more.

    Raises:
        FormatError: not a .vlz file, of another version or mode, too short.
    """
    if not data:
        raise FormatError("the file is empty, not a .vlz file")
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise FormatError(f"not a .vlz file: it starts with {data[:2].hex(' ')}, not with {MAGIC.hex(' ')}")
    if len(data) < HEADER.size:
        raise FormatError(f"cut short: {len(data)} bytes, and a .vlz file has at least {AROUND + 1}; fetch it again")
    _, version_mode, prefix = HEADER.unpack_from(data)
    version, mode = version_mode >> 4, version_mode & 15
    if version != VERSION:
        raise FormatError(f"format version {version}, and this program reads version {VERSION}: damaged, or update it")
    if mode == COLLECTION:
        raise FormatError("a collection of whole .vlz files: vlae-collect lists and extracts them")
    return mode, prefix


def limit(head: bytes) -> int:
    """Return the most bytes that a file beginning with these 6 can have; the least limit if it is no .vlz."""
    mode = head[2] & 15 if len(head) == HEADER.size and head.startswith(MAGIC) else 0
    small = dict.fromkeys(MODES, MAX_FILE) | {LOSSLESS: MAX_LOSSLESS}
    return small.get(mode, MAX_ARCHIVE)


def write_lossless(fingerprint: bytes, payload: bytes, residual: bytes) -> bytes:
    """Return the bytes of a lossless file.

    Args:
        fingerprint: the model's, 32 bytes.
        payload: the tree-search code, 1 to 8 bytes.
        residual: the pixels given it, a byte or more; the last 3 bits are 0.
    """
    assert len(fingerprint) == 32 and 1 <= len(payload) <= MAX_INSIDE
    assert residual and residual[-1] % (1 << LENGTH_BITS) == 0
    bits = bytes([len(payload) - 1]) + payload + residual
    coded = (int.from_bytes(bits, "big") >> LENGTH_BITS).to_bytes(len(bits) - 1, "big")
    return with_checksum(fingerprint, start_of(LOSSLESS, fingerprint) + coded)


def check_parts(data: bytes, checked: int, fingerprint: bytes, several: bool = True) -> bool:
    """Verify the checksums of a lossy part and of the whole file; False if the rest is cut or damaged.

    Args:
        checked: where the lossy part ends, its checksum included.
        fingerprint: the model's, 32 bytes.
        several: whether there is more than the lossy part.

    Raises:
        FormatError: the lossy part is damaged, or another model's.
    """
    check(data[:checked], fingerprint)
    if not several:
        return True
    try:
        check(data, fingerprint)
    except FormatError:
        return False
    return len(data) >= checked + CHECKSUM.size


def check(data: bytes, fingerprint: bytes) -> None:
    """Verify the checksum of a parsed file under its model's fingerprint (32 bytes).

    Raises:
        FormatError: the file is damaged, or another model's.
    """
    (found,) = CHECKSUM.unpack_from(data, len(data) - CHECKSUM.size)
    expected = checksum(fingerprint, data[: -CHECKSUM.size])
    if found != expected:
        raise FormatError(f"damaged: its checksum is {found:04x} and should be {expected:04x}; fetch the file again")


def sections(container: Container) -> list[dict[str, str | int]]:
    """Name, offset and length in bytes of each part of the file, in order."""
    name, coded = ("payload", b"") if container.residual is None else ("payload and residual", container.residual)
    return layout({"header": HEADER.size, name: len(container.payload + coded), "checksum": CHECKSUM.size})


def layout(lengths: Mapping[str, int]) -> list[dict[str, str | int]]:
    """Name, offset and length of parts that lie one behind the other."""
    offset, rows = 0, list[dict[str, str | int]]()
    for name, length in lengths.items():
        rows.append({"name": name, "offset": offset, "bytes": length})
        offset += length
    return rows


def start_of(mode: int, fingerprint: bytes) -> bytes:
    """Return the first bytes of a file of a mode and a model (32 bytes)."""
    return HEADER.pack(MAGIC, VERSION << 4 | mode, fingerprint[:3])


def with_checksum(fingerprint: bytes, data: bytes) -> bytes:
    """Return bytes with their checksum under a model's fingerprint (32 bytes) behind them."""
    return data + CHECKSUM.pack(checksum(fingerprint, data))


def checksum(fingerprint: bytes, body: bytes) -> int:
    """CRC-16/CCITT-FALSE of a model's fingerprint (32 bytes) and of what stands before the checksum."""
    return binascii.crc_hqx(body, binascii.crc_hqx(fingerprint, 0xFFFF))
