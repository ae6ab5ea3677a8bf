"""Chunks of PNG files."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6
"""Colour types; in files of the first two one colour can be transparent, the key."""
HEAD_END = 33
"""Where the first chunk ends, which says size, depth and colour type."""
DEPTH, KIND = 24, 25
"""Where they stand in a file."""


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Yield kind, content, start and end of each chunk of a PNG file, as far as they go."""
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + 12 + length
        if end > len(data):
            return
        yield data[start + 4 : start + 8], data[start + 8 : end - 4], start, end
        start = end


def without_texts(data: bytes) -> bytes:
    """Return a PNG file without its text chunks, and other files as they are."""
    if not data.startswith(SIGNATURE):
        return data
    parts, last = [SIGNATURE], len(SIGNATURE)
    for kind, _, start, end in png_chunks(data):
        last = end
        if kind not in TEXTS:
            parts.append(data[start:end])
    return b"".join([*parts, data[last:]])


def transparent_key(data: bytes) -> NDArray[np.uint16] | None:
    """Return the samples of the colour that a PNG file, grey or in colour, says is transparent; None if none is.

    Raises:
        ImageError: it is cut short.
    """
    kind = data[KIND] if data.startswith(SIGNATURE) and len(data) >= HEAD_END else COLOUR_ALPHA
    if kind not in (GREY, COLOUR):
        return None
    key = next((content for name, content, _, _ in png_chunks(data) if name == b"tRNS"), None)
    if key is None:
        return None
    channels = 3 if kind == COLOUR else 1
    if len(key) < 2 * channels:
        raise ImageError("its transparent colour is cut short: damaged")
    return np.frombuffer(key, ">u2", channels).astype(np.uint16)
