"""Drawn pictures with fewer colours: text and lines stay sharp where a transform would blur them."""

from __future__ import annotations

import functools
from dataclasses import replace

from ...io.adjust import with_colours
from ...io.images import Picture
from ...memory import fits
from ..result import Encoded
from .codec import channels, compress, encoding_bytes, estimate

COUNTS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
MOST_PIXELS = 1 << 24
"""Of a picture: the palette of a larger one takes many seconds."""
EXPECTED, MARGIN = 0.5, 1.05
"""Bytes of a file over those of its estimate before one was made, and how far off the next one's may be."""


def compress_within(picture: Picture, most: int, effort: int = 5) -> Encoded | None:
    """Return the file of at most so many bytes with the most colours, or nothing if four are too many.

    Nothing too if that takes more memory than it may. To code a picture takes long, so that estimates say with how many
    colours it is worth trying.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, perhaps with an alpha plane, which stays as it is.
        most: bytes of the file.
        effort: 1 to 9.
    """
    if not fits(encoding_bytes(*picture.size)):
        return None

    @functools.cache
    def reduced(index: int) -> tuple[Picture, int]:
        found = replace(picture, pixels=with_colours(picture.pixels, COUNTS[index]), deep=None)
        return found, estimate(found)

    found, low, high, share = None, 0, len(COUNTS), EXPECTED
    while low < high:
        index = low - 1
        for step in (8, 4, 2, 1):
            if index + step < high and share * reduced(index + step)[1] <= MARGIN * most:
                index += step
        if index < low:
            if found or share < EXPECTED:
                break
            index = low
        fewer, estimated = reduced(index)
        made = compress(fewer, effort)
        share = len(made.data) / estimated
        if len(made.data) <= most:
            found, low = replace(made, exact=channels(fewer)[0]), index + 1
        else:
            high = index
    return found
