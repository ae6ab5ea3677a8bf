"""Drawn pictures with fewer colours: text and lines stay sharp where a transform would blur them."""

from __future__ import annotations

from dataclasses import replace

from ...io.adjust import with_colours
from ...io.images import Picture
from ...memory import fits
from ..result import Encoded
from .codec import channels, compress, encoding_bytes

COUNTS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
MOST_PIXELS = 1 << 24
"""Of a picture: the palette of a larger one takes many seconds."""


def compress_within(picture: Picture, most: int, effort: int = 5) -> Encoded | None:
    """Return the file of at most so many bytes with the most colours, or nothing if four are too many.

    Nothing too if that takes more memory than it may.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, perhaps with an alpha plane, which stays as it is.
        most: bytes of the file.
        effort: 1 to 9.
    """
    if not fits(encoding_bytes(*picture.size)):
        return None
    found, low, high = None, 0, len(COUNTS)
    while low < high:
        middle = (low + high) // 2
        reduced = replace(picture, pixels=with_colours(picture.pixels, COUNTS[middle]), deep=None)
        made = compress(reduced, effort)
        if len(made.data) <= most:
            found, low = replace(made, exact=channels(reduced)[0]), middle + 1
        else:
            high = middle
    return found
