"""PNG files and portable maps of 16 bits a sample, which Pillow writes of grey alone, and small ones of two levels."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from .chunks import SIGNATURE

KINDS = {1: 0, 2: 4, 3: 2, 4: 6}
"""Colour types by the number of channels."""
SUB, UP = 1, 2
"""Filters: less the pixel to the left, less the one above."""
ROWS = 256
"""Rows that are filtered together."""
LEVEL = 9


def encode_deep_png(samples: NDArray[np.uint16], chunks: bytes = b"") -> bytes:
    """Return a PNG file of samples (H, W), or (H, W, 2 to 4), the last one of 2 or 4 being alpha.

    Args:
        chunks: more of them, to stand before the pixels.
    """
    height, width = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    head = struct.pack(">IIBBBBB", width, height, 16, KINDS[channels], 0, 0, 0)
    rows = samples.reshape(height, width * channels).astype(">u2").view(np.uint8)
    packer, parts = zlib.compressobj(LEVEL), []
    for top in range(0, height, ROWS):
        above = rows[top - 1] if top else np.zeros(rows.shape[1], np.uint8)
        parts.append(packer.compress(_filtered(rows[top : top + ROWS], above, 2 * channels)))
    body = b"".join([*parts, packer.flush()])
    return SIGNATURE + chunk(b"IHDR", head) + chunks + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def encode_level_png(pixels: NDArray[np.bool_]) -> bytes:
    """Return a PNG file of pixels (H, W) of one bit, which Pillow takes five times as long for if they are few."""
    height, width = pixels.shape
    rows = np.zeros((height, 1 + -(-width // 8)), np.uint8)  # each begins with its filter, none
    rows[:, 1:] = np.packbits(pixels, axis=1)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), LEVEL)) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def encode_deep_map(samples: NDArray[np.uint16]) -> bytes:
    """Return a portable map of samples, (H, W) grey or (H, W, 3)."""
    height, width = samples.shape[:2]
    head = f"P{5 if samples.ndim == 2 else 6}\n{width} {height}\n65535\n".encode()
    return head + samples.astype(">u2").tobytes()


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> bytes:
    """Return rows behind the filter that leaves the smaller numbers, of the two that numpy computes at once."""
    before = np.zeros_like(rows)
    before[:, step:] = rows[:, :-step]
    found = np.stack([rows - before, rows - np.concatenate([above[None], rows[:-1]])])
    sizes = np.abs(found.view(np.int8).astype(np.int16)).sum(axis=2, dtype=np.int64)
    best = sizes.argmin(axis=0)
    chosen = found[best, np.arange(len(rows))]
    kinds = np.array([SUB, UP], np.uint8)[best]
    return np.concatenate([kinds[:, None], chosen], axis=1).tobytes()
