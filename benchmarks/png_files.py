"""PNG files of every colour type and depth, with a colour key or interlacing: what image libraries do not write."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int64]
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), COLOUR: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), COLOUR_ALPHA: (8, 16)}
"""Bits of a sample that each colour type may have."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""First row and column, and steps down and to the right, of the passes of Adam7."""


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_file(
    samples: Samples, depth: int, kind: int, chunks: tuple[tuple[bytes, bytes], ...] = (), interlaced: bool = False
) -> bytes:
    """Return a PNG file.

    Args:
        samples: (H, W, channels) as the file holds them, of a palette the numbers of its colours.
        depth: bits of a sample.
        kind: colour type.
        chunks: kind and content of those before the pixels.
        interlaced: by Adam7.
    """
    height, width = samples.shape[:2]
    parts = [samples[r::dr, c::dc] for r, c, dr, dc in PASSES] if interlaced else [samples]
    rows = b"".join(b"\0" + _packed(row.reshape(-1), depth) for part in parts if part.size for row in part)
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    body = [chunk(b"IHDR", head), *(chunk(*one) for one in chunks), chunk(b"IDAT", zlib.compress(rows))]
    return SIGNATURE + b"".join(body) + chunk(b"IEND", b"")


def _packed(row: Samples, depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = (row[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
