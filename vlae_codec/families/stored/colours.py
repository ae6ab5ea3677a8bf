"""Drawn pictures with fewer colours: text and lines stay sharp where a transform would blur them."""

from __future__ import annotations

import functools
from dataclasses import replace

from ...io.adjust import with_colours
from ...io.images import Picture, squared_error
from ...memory import fits
from ..result import Encoded
from .codec import channels, compress, encoding_bytes, estimate

COUNTS = (4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256)
MOST_PIXELS = 1 << 24
"""Of a picture: the palette of a larger one takes many seconds."""
TRIES = 3
"""Pictures that are coded at the most, each of which takes seconds."""
EXPECTED = 0.33
"""Bytes of a file over those of its estimate before one was made: of drawn pictures 0.3 to 0.5."""
STEEPNESS = 1.3
"""Power of the estimate with which files grow, 1.2 to 1.6: their palettes grow, too."""


def compress_within(picture: Picture, most: int, error: float, effort: int = 5) -> Encoded | None:
    """Return the file of at most so many bytes with the most colours, or nothing if these are too far from the picture.

    Nothing too if that takes more memory than it may. To code a picture takes long, so that estimates say with how many
    colours it is worth trying.

    Args:
        picture: uint8, (H, W) grey or (H, W, 3) RGB, perhaps with an alpha plane, which stays as it is.
        most: bytes of the file.
        error: sum of squared errors of the samples in colour, at the most.
        effort: 1 to 9.
    """
    if not fits(encoding_bytes(*picture.size)):
        return None

    def reduced(index: int) -> Picture:
        return replace(picture, pixels=with_colours(picture.pixels, COUNTS[index]), deep=None)

    @functools.cache
    def estimated(index: int) -> int:
        return estimate(reduced(index))

    wanted = channels(replace(picture, deep=None))[0]
    found, low, high, known = None, 0, len(COUNTS), None
    for _ in range(TRIES):
        index = low - 1
        for step in (16, 8, 4, 2, 1):
            if index + step < high and _expected(estimated(index + step), known) <= most:
                index += step
        fewer = reduced(max(index, 0))
        samples = channels(fewer)[0]
        if index < low or squared_error(samples, wanted) > error:
            break
        made = compress(fewer, effort, predictions=False)
        known = estimated(index), len(made.data)
        if len(made.data) <= most:
            found, low = replace(made, exact=samples), index + 1
        else:
            high = index
    return found


def _expected(estimated: int, known: tuple[int, int] | None) -> float:
    """Return about the bytes of a file by its estimate, and by estimate and bytes of another one with other colours."""
    return EXPECTED * estimated if known is None else known[1] * (estimated / known[0]) ** STEEPNESS
