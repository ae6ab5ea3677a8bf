"""Changes to pictures before they are coded: a background, another size, fewer colours, smoothness behind alpha."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageColor

from ..errors import ImageError
from .images import MAX_PIXELS, Picture, Pixels, resized

Colour = tuple[int, int, int]
MAX_SIDE = 65536
MOST_GREY = 0.25
"""Mean of 4 v (1 - v), v being levels from 0 to 1, up to which a picture is ink. Grey digits and characters reach 0.18,
made smaller by other filters 0.22; of 835 thumbnails of photographs 3 are below, which are nearly black and white."""


SETTLED = 1000
"""Pixels of which one may still change its colour when a palette is settled."""


class Size(NamedTuple):
    """Width and height in pixels; one of them may be None, which keeps the proportions."""

    width: int | None
    height: int | None


def parse_colour(text: str) -> Colour:
    """Return the levels of a colour, such as white, #fff or rgb(0, 100, 200).

    Raises:
        ImageError: it is none, or a transparent one.
    """
    try:
        levels = ImageColor.getrgb(text)
    except ValueError as error:
        raise ImageError(f"{text!r} is no colour: write white, #fff or rgb(255, 255, 255)") from error
    if len(levels) > 3:
        raise ImageError(f"{text!r} is transparent, and a background is not")
    return levels[0], levels[1], levels[2]


def parse_size(text: str) -> Size:
    """Return the size that a text such as 640x480, 640x or x480 stands for.

    Raises:
        ImageError: it is none, or too large.
    """
    found = re.fullmatch(r"(\d*)[xX](\d*)", text)
    sides = [int(side) if side else None for side in found.groups()] if found else []
    if not any(sides) or not all(side is None or 1 <= side <= MAX_SIDE for side in sides):
        raise ImageError(f"{text!r} is no size: write 640x480, or 640x or x480 to keep the proportions")
    return Size(*sides)


def adjusted(picture: Picture, size: Size | None = None, background: Colour | None = None) -> Picture:
    """Return a picture over a background if it is transparent, and then in another size, as far as these are given.

    Raises:
        ImageError: the size has more pixels than are read.
    """
    if background is not None and picture.alpha is not None:
        picture = laid_over(picture, background)
    return picture if size is None else in_size(picture, size)


def laid_over(picture: Picture, background: Colour) -> Picture:
    """Return a picture over a background; grey stays grey over grey."""
    if picture.alpha is None:
        return picture
    pixels, alpha = picture.pixels.astype(np.uint32), picture.alpha.astype(np.uint32)
    behind: np.uint32 | np.ndarray[tuple[int, ...], np.dtype[np.uint32]] = np.uint32(background[0])
    if picture.pixels.ndim == 3 or len(set(background)) > 1:
        pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
        behind, alpha = np.array(background, np.uint32), alpha[:, :, None]
    flat = (pixels * alpha + behind * (255 - alpha) + 127) // 255
    return replace(picture, pixels=flat.astype(np.uint8), alpha=None, deep=None)


def in_size(picture: Picture, size: Size) -> Picture:
    """Return a picture in another size; what is transparent lends no colour to its neighbours.

    Raises:
        ImageError: it would have more pixels than are read.
    """
    height, width = picture.size
    new_width = size.width or max(1, round(width * (size.height or 1) / height))
    new_height = size.height or max(1, round(height * new_width / width))
    if new_width * new_height > MAX_PIXELS or max(new_width, new_height) > MAX_SIDE:
        raise ImageError(f"{new_width} x {new_height} is more than the {MAX_PIXELS} pixels that are coded")
    if (new_height, new_width) == picture.size:
        return picture
    if picture.alpha is None:
        return replace(picture, pixels=resized(picture.pixels, new_height, new_width), deep=None)
    image = Image.fromarray(np.dstack([picture.pixels, picture.alpha]))
    grey, mode = image.mode == "LA", image.mode.replace("A", "a")
    large = image.convert(mode).resize((new_width, new_height), Image.Resampling.LANCZOS)
    found = np.asarray(large.convert(image.mode))
    pixels = found[:, :, 0] if grey else found[:, :, :3]
    alpha = np.ascontiguousarray(found[:, :, -1])
    return replace(picture, pixels=np.ascontiguousarray(pixels), alpha=alpha, deep=None)


def is_hidden_ink(picture: Picture) -> bool:
    """Return whether nothing of a transparent picture is left over black, as of black ink."""
    return picture.alpha is not None and not laid_over(picture, (0, 0, 0)).pixels.any()


def is_ink(picture: Picture) -> bool:
    """Return whether a grey picture, laid over black, is nearly of two levels, as ink is and photographs are not."""
    levels = laid_over(picture, (0, 0, 0)).pixels / 255
    return float((4 * levels * (1 - levels)).mean()) <= MOST_GREY


def with_colours(pixels: Pixels, count: int) -> Pixels:
    """Return a picture (H, W) or (H, W, 3) in at most so many colours: k means, which a median cut starts."""
    image = Image.fromarray(pixels).convert("RGB")
    settled = max(1, image.width * image.height // SETTLED)
    reduced = image.quantize(count, Image.Quantize.MEDIANCUT, kmeans=settled, dither=Image.Dither.NONE)
    return np.asarray(reduced.convert("L" if pixels.ndim == 2 else "RGB"))


def filled(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Return a picture (H, W, 3) whose fully transparent pixels have the mean colour of the others near them.

    They are invisible, and what is left there by a drawing program would cost bits.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return np.full_like(pixels, 128) if hidden.all() else pixels
    out: Pixels = pixels.copy()
    shown = Image.fromarray(((~hidden) * np.uint8(255)).astype(np.uint8))
    black = np.where(hidden[:, :, None], 0, pixels).astype(np.uint8)
    missing = hidden
    for scale in (4, 16, 64, 256):
        size = max(1, -(-shown.width // scale)), max(1, -(-shown.height // scale))
        colours = np.asarray(Image.fromarray(black).resize(size, Image.Resampling.BOX), np.float32)
        weights = np.asarray(shown.resize(size, Image.Resampling.BOX), np.float32)[:, :, None] / 255
        means = np.divide(colours, weights, out=np.zeros_like(colours), where=weights > 1 / 255).clip(0, 255)
        large = np.asarray(Image.fromarray(means.astype(np.uint8)).resize(shown.size, Image.Resampling.NEAREST))
        known = np.asarray(Image.fromarray(weights[:, :, 0] > 1 / 255).resize(shown.size, Image.Resampling.NEAREST))
        out[missing & known] = large[missing & known]
        missing = missing & ~known
    out[missing] = pixels[~hidden].mean(0).astype(np.uint8)
    return out
