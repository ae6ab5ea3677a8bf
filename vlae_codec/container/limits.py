"""How much a file may need: checked from its header, before any memory is taken or any picture is drawn."""

from __future__ import annotations

from ..errors import FormatError

MAX_PICTURE = 1 << 26
"""Pixels of one picture, unless the caller says otherwise."""
MAX_ALL = 1 << 32
"""Pixels of all pictures of an archive, unless the caller says otherwise."""
LONGEST, FRONTIER = 1 << 13, 64
"""Height and width together up to which no picture is thin, and pixels for each of them from which on none is."""


def is_thin(height: int, width: int) -> bool:
    """Return whether a picture is so thin that a walk pixel after pixel takes far longer than its area says."""
    sides = height + width
    return sides > LONGEST and height * width <= FRONTIER * sides


def check_pixels(height: int, width: int, count: int = 1, max_pixels: int | None = None) -> None:
    """Refuse a file that announces too many pixels.

    Args:
        height, width: of each picture.
        count: pictures in the file.
        max_pixels: of all of them together; by default `MAX_PICTURE` for one and `MAX_ALL` for several.

    Raises:
        FormatError: there are more.
    """
    most = max_pixels if max_pixels is not None else MAX_PICTURE if count == 1 else MAX_ALL
    if height * width * count > most:
        announced = f"{count} pictures of {width} x {height}" if count > 1 else f"{width} x {height}"
        raise FormatError(
            f"it announces {announced} pixels, more than the {most} allowed: raise `max_pixels` if you trust the file"
        )
