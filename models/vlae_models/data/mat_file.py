"""Arrays of bytes in a MATLAB file of level 5, the one kind that an image set comes in.

A file is a header of 128 bytes and then elements, each a type, a length and so many bytes. A matrix element holds four
elements in turn: flags, dimensions, name, values. Compressed elements hold a zlib stream of one element.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HEADER = 128
UINT8, MATRIX, COMPRESSED = 2, 14, 15
MAX_ELEMENT = 1 << 28
"""The most bytes that an element is unpacked to."""


def read_mat(path: Path) -> dict[str, NDArray[np.uint8]]:
    """Read the byte matrices of a MATLAB 5 file by name; other contents are passed over.

    Raises:
        ValueError: it is no such file, or it is damaged.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    if data[:10] != b"MATLAB 5.0" or data[126:HEADER] != b"IM":
        raise ValueError("no little-endian MATLAB 5 file")
    found: dict[str, NDArray[np.uint8]] = {}
    for kind, body in _elements(data[HEADER:], pad=False):
        if kind == COMPRESSED:
            kind, body = next(_elements(_unpack(body)))
        if kind == MATRIX and (matrix := _matrix(body)):
            found[matrix[0]] = matrix[1]
    return found


def _unpack(body: bytes) -> bytes:
    out = zlib.decompressobj().decompress(body, MAX_ELEMENT)
    if len(out) < 8:
        raise ValueError("an empty element")
    return out


def _elements(data: bytes, pad: bool = True) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of the elements in turn; those inside a matrix are padded to eight bytes."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        start = at + 8
        if kind >> 16:  # short form: the length in the upper half, the bytes in the length's place
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
        if start + size > len(data):
            raise ValueError("cut off in the middle of an element")
        yield kind, data[start : start + size]
        at = max(at + 8, start + size)
        at += -at % 8 if pad else 0


def _matrix(body: bytes) -> tuple[str, NDArray[np.uint8]] | None:
    parts = list(_elements(body))
    if len(parts) < 4 or parts[3][0] != UINT8:  # MATLAB stores whole numbers below 256 so, whatever their class
        return None
    shape = np.frombuffer(parts[1][1], "<i4").tolist()
    values = np.frombuffer(parts[3][1], np.uint8)
    return parts[2][1].decode("ascii"), values.reshape(shape, order="F")
