"""The `.vlz` file of one picture: 8 bytes around the payload.

    offset  0       2            3             6          6 + n    8 + n
            +-------+------------+-------------+-----------+--------+
            | magic | ver : mode | fingerprint |  payload  | CRC-16 |
            +-------+------------+-------------+-----------+--------+
    bytes       2     4 + 4 bits        3       n = 1 .. 64     2

    magic        D6 5A: a byte that no text file starts with, then "Z"
    ver          high nibble, 1
    mode         low nibble; 0: chosen code; 1 to 4: faithful sample in that many groups of dimensions
    fingerprint  first three bytes of the model's
    CRC-16       CRC-16/CCITT-FALSE, little-endian, of the model's whole fingerprint (32 bytes) and then of
                 every byte before the checksum: a model that only begins alike is noticed as well

The model fixes the picture's size, and the file's length that of the payload, so neither is written.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

from .errors import FormatError

MAGIC = b"\xd6Z"
VERSION = 1
MODES = {0: "chosen", 1: "faithful-1", 2: "faithful-2", 3: "faithful-3", 4: "faithful-4"}
HEADER = struct.Struct("<2sB3s")
CHECKSUM = struct.Struct("<H")
AROUND = HEADER.size + CHECKSUM.size  # bytes that are not payload
MAX_PAYLOAD = 64
MAX_FILE = AROUND + MAX_PAYLOAD


@dataclass(frozen=True)
class Container:
    """What a file says before its model is known: mode, first bytes of the model's fingerprint, payload."""

    mode: int
    prefix: bytes
    payload: bytes


def write_container(mode: int, fingerprint: bytes, payload: bytes) -> bytes:
    """The bytes of a file.

    Args:
        mode: a key of MODES.
        fingerprint: the model's, 32 bytes.
        payload: 1 to 64 bytes.

    Raises:
        FormatError: the payload is empty or too long for the format.
    """
    if not 1 <= len(payload) <= MAX_PAYLOAD:
        raise FormatError(
            f"the code takes {len(payload)} bytes and a file holds 1 to {MAX_PAYLOAD}: ask for fewer bits"
        )
    assert mode in MODES and len(fingerprint) == 32
    body = HEADER.pack(MAGIC, VERSION << 4 | mode, fingerprint[:3]) + payload
    return body + CHECKSUM.pack(_crc(fingerprint, body))


def read_container(data: bytes, fingerprint: bytes) -> Container:
    """The parts of a file of the model with this fingerprint (32 bytes); undoes `write_container`.

    Raises:
        FormatError: not a .vlz file, of another version, of another model, or damaged.
    """
    container = parse(data)
    check(data, fingerprint)
    return container


def parse(data: bytes) -> Container:
    """The parts of a file whose model is not known yet; the checksum is left unread.

    Raises:
        FormatError: not a .vlz file, of another version or mode, too short or too long.
    """
    if not data:
        raise FormatError("the file is empty, not a .vlz file")
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise FormatError(f"not a .vlz file: it starts with {data[:2].hex(' ')}, not with {MAGIC.hex(' ')}")
    if len(data) <= AROUND:
        raise FormatError(f"cut short: {len(data)} bytes, and a .vlz file has at least {AROUND + 1}; fetch it again")
    _, version_mode, prefix = HEADER.unpack_from(data)
    version, mode = version_mode >> 4, version_mode & 15
    if version != VERSION:
        raise FormatError(f"format version {version}, and this program reads version {VERSION}: damaged, or update it")
    if mode not in MODES:
        raise FormatError(f"unknown mode {mode}, and this program reads 0 to {max(MODES)}: damaged, or update it")
    if len(data) > MAX_FILE:
        raise FormatError(f"too long: more than {MAX_FILE} bytes, the most that a .vlz file of one picture has")
    return Container(mode, prefix, data[HEADER.size : -CHECKSUM.size])


def check(data: bytes, fingerprint: bytes) -> None:
    """Verify the checksum of a parsed file under its model's fingerprint (32 bytes).

    Raises:
        FormatError: the file is damaged, or another model's.
    """
    (found,) = CHECKSUM.unpack_from(data, len(data) - CHECKSUM.size)
    expected = _crc(fingerprint, data[: -CHECKSUM.size])
    if found != expected:
        raise FormatError(f"damaged: its checksum is {found:04x} and should be {expected:04x}; fetch the file again")


def sections(container: Container) -> list[dict[str, str | int]]:
    """Name, offset and length in bytes of each part of the file, in order."""
    lengths = {"header": HEADER.size, "payload": len(container.payload), "checksum": CHECKSUM.size}
    offset, rows = 0, list[dict[str, str | int]]()
    for name, length in lengths.items():
        rows.append({"name": name, "offset": offset, "bytes": length})
        offset += length
    return rows


def _crc(fingerprint: bytes, body: bytes) -> int:
    return binascii.crc_hqx(body, binascii.crc_hqx(fingerprint, 0xFFFF))
