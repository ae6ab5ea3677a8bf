"""Pictures in the form that models take: black and white, of a size; and what exact files do not take.

Whatever is changed on the way (transparency, size, levels) is said in a notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from ..errors import ImageError
from .adjust import laid_over
from .images import REDUCED, TURNED, Picture, Pixels, resized

THRESHOLD = 128
BINARISED = f"binarised: {THRESHOLD} of 255 or more is bright"
TRANSPARENT = "transparency laid over black"
ALL_BLACK = "all black"
MOSTLY_BRIGHT = "mostly bright: the models draw bright on black, inverting it may help"
REMARKS = (ALL_BLACK, MOSTLY_BRIGHT)
"""Notices of no change."""


def over_black(picture: Picture) -> Picture:
    """Return the picture laid over black, the background of what bilevel models draw.

    Raises:
        ImageError: nothing is left of it then.
    """
    if picture.alpha is None:
        return picture
    flat = laid_over(picture, (0, 0, 0))
    if not flat.pixels.any():
        raise ImageError("its transparency laid over black leaves nothing: `background` lays it over another colour")
    return replace(flat, notices=(*picture.notices, TRANSPARENT))


def to_bilevel(picture: Picture, height: int, width: int, fit: bool = False) -> Picture:
    """Return the picture as values 0 and 1 (1 = luma of 128 or more), uint8 (height, width).

    Args:
        picture: grey or RGB.
        height: of the result, pixels.
        width: of the result, pixels.
        fit: resize a picture of another size, keeping its proportions; the rest is filled like its border.

    Raises:
        ImageError: of another size, and `fit` is not set.
    """
    picture = over_black(picture)
    luma, notices = _luma(picture.pixels), list(picture.notices)
    if picture.size != (height, width):
        if not fit:
            raise ImageError(f"{_size(*picture.size)} pixels, not {_size(height, width)}")
        luma = _fit(luma, height, width)
        notices.append(f"resized from {_size(*picture.size)} to {_size(height, width)}")
    if not np.isin(luma, (0, 255)).all():
        notices.append(BINARISED)
    bits = (luma >= THRESHOLD).astype(np.uint8)
    if not bits.any():
        notices.append(ALL_BLACK)
    elif 2 * bits.sum() > bits.size:
        notices.append(MOSTLY_BRIGHT)
    return Picture(bits, tuple(notices))


def refuse_changes(notices: Sequence[str]) -> None:
    """Refuse a picture that would not come back as it is.

    Args:
        notices: what was done to it since its file.

    Raises:
        ImageError: it was changed; says how.
    """
    if BINARISED in notices:
        raise ImageError(
            "it has grey pixels or colours, and the model holds bilevel pictures exactly, nothing else:"
            " leave out `lossless`, or let `binarise` round the pixels first"
        )
    if changes := [notice for notice in notices if notice not in REMARKS]:
        raise ImageError(f"a lossless file would not keep it as it is ({changes[0]}): `binarise` accepts that")


def as_exact(picture: Picture) -> Picture:
    """Return a picture of any size that is to come back with all its samples, upright at most.

    Raises:
        ImageError: it was changed since its file; says how.
    """
    kept = (REDUCED,) if picture.deep is not None else ()
    notices = tuple(notice for notice in picture.notices if notice not in kept)
    if changes := [notice for notice in notices if notice not in (*REMARKS, TURNED)]:
        raise ImageError(f"a lossless file would not keep it as it is ({changes[0]}): make that change first")
    return replace(picture, notices=notices)


def _luma(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 2 else np.asarray(Image.fromarray(pixels).convert("L"))


def _fit(luma: Pixels, height: int, width: int) -> Pixels:
    border = np.concatenate([luma[0], luma[-1], luma[:, 0], luma[:, -1]])
    scale = min(height / luma.shape[0], width / luma.shape[1])
    h, w = (max(1, round(scale * side)) for side in luma.shape)
    top, left = (height - h) // 2, (width - w) // 2
    out = np.full((height, width), np.median(border), np.uint8)
    out[top : top + h, left : left + w] = resized(luma, h, w)
    return out


def _size(height: int, width: int) -> str:
    return f"{width} x {height}"
