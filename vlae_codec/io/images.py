"""Pictures from files, Pillow images and arrays; `forms` has what models take, `writing` the way to files.

Whatever is changed on the way (orientation, depth, colours) is said in a notice.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ..container.envelope import NOTHING, Metadata
from ..errors import ImageError, VlaeError
from ..memory import require
from . import metadata, opening
from .chunks import without_texts
from .deep import MOST, Deep, declared_depth, deep_samples, has_deep_tiles, reduced, without_opaque_alpha
from .files import read_up_to
from .metadata import KEEP_NOTHING, Keeping
from .profiles import to_srgb

MAX_BYTES = 1 << 28
MAX_PIXELS = 1 << 26
STRIP = 64
"""Rows of a picture that are looked at once, so that little memory is taken beside it."""
TURNED = "turned by its EXIF orientation"
REDUCED = "reduced from 16 to 8 bits"

Pixels = NDArray[np.uint8]
PillowImage = Image.Image


@dataclass(frozen=True)
class Picture:
    """A picture in 8 bits, and what was done to it since its file.

    Attributes:
        pixels: uint8, (H, W) grey or (H, W, 3) RGB.
        notices: one short sentence for each change.
        alpha: uint8 (H, W), 255 where it is opaque; None if all of it is.
        left_out: what else its file says, and is not kept.
        deep: uint16, its samples with those of alpha behind them, if each has 16 bits: (H, W), or (H, W, 2 to 4). Only
            needed where exact pixels are kept.
        metadata: what is kept of what its file says beside.
    """

    pixels: Pixels
    notices: tuple[str, ...] = field(default=())
    alpha: Pixels | None = None
    left_out: tuple[str, ...] = ()
    deep: Deep | None = None
    metadata: Metadata = NOTHING

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.pixels.shape[0], self.pixels.shape[1]


def read_image(
    path: Path | str, max_pixels: int = MAX_PIXELS, frame: int | None = None, keep: Keeping = KEEP_NOTHING
) -> Picture:
    """Read the picture of a file in any format of Pillow's; `-` reads the standard input.

    Args:
        path: the file, or its URL.
        max_pixels: a larger picture is refused before memory is taken for it.
        frame: of several, from 0; None for the first, with a notice of how many there are.
        keep: of what the file says beside its pixels. A profile that is kept leaves the colours as they are.

    Raises:
        ImageError: not an image, damaged, too large, or of a kind that is not supported.
        VlaeError: a folder, or a URL that cannot be reached.
        OSError: missing or unreadable.
    """
    return decode_image(read_bytes(path), max_pixels, frame, keep)


def read_bytes(path: Path | str) -> bytes:
    """Return the bytes of an image file or its URL.

    Raises:
        ImageError: it is empty, or larger than is read.
        VlaeError, OSError: as `read_image`.
    """
    data = read_up_to(path, MAX_BYTES)
    if not data:
        raise ImageError("the file is empty, not an image")
    if len(data) > MAX_BYTES:
        raise ImageError(f"larger than {MAX_BYTES >> 20} MiB, the most that is read")
    return data


def decode_image(
    data: bytes, max_pixels: int = MAX_PIXELS, frame: int | None = None, keep: Keeping = KEEP_NOTHING
) -> Picture:
    """Decode the bytes of an image file, of at most so many pixels; arguments as of `read_image`.

    Raises:
        ImageError: as `read_image`.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:  # Pillow's warnings are the host program's: filters are global
            frames = opening.frame_count(image)
            opening.go_to(image, frame or 0)
            check_size(image, max_pixels)
            require(opening.reading_bytes(image), "reading it")
            picture = _of_file(image, data, keep)
    except UnidentifiedImageError as error:
        raise ImageError("not an image, or of a format that Pillow does not read: give a PNG") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"far more than the {max_pixels} pixels that are read") from error
    except VlaeError:
        raise
    except Exception as error:
        if opening.is_text_too_long(error) and (shorter := without_texts(data)) != data:
            picture = decode_image(shorter, max_pixels, frame, keep)
            return replace(picture, left_out=(*picture.left_out, "texts"))
        # The decoders raise nearly everything for damaged files, SyntaxError among it.
        raise ImageError(f"damaged or cut short: {error}") from error
    if frames > 1 and frame is None:
        only = f"only the first of {frames} frames is read (`frame` takes another)"
        picture = replace(picture, notices=(only, *picture.notices))
    return picture


def _of_file(image: Image.Image, data: bytes, keep: Keeping) -> Picture:
    """Read the picture of an open file, with all the bits of its samples where they can be had."""
    lost = declared_depth(image, data) > 8
    deep = deep_samples(image, data)
    image.load()
    if deep is not None:
        picture = _of_loaded(image, keep, without_opaque_alpha(deep))
    else:
        picture = _of_loaded(opening.with_key(image, data), keep)
        if lost:
            picture = replace(picture, notices=tuple(dict.fromkeys((*picture.notices, REDUCED))), deep=None)
    return replace(picture, left_out=metadata.not_kept(opening.left_out(image), picture.metadata))


def _of_loaded(image: Image.Image, keep: Keeping, deep: Deep | None = None) -> Picture:
    """Return the picture of a loaded image, or of all the bits of its samples, and what is kept beside."""
    turn = opening.orientation(image)  # behind loading, which turns TIFF files
    kept = metadata.read_metadata(image, keep)
    if turn != 1 and kept.exif:
        turn, kept = (1, kept) if keep.stored else (turn, metadata.upright(kept))
    if deep is None:
        return replace(_to_8_bits(image, turn, not kept.icc), metadata=kept)
    picture = _to_8_bits(opening.in_8_bits(image, deep), turn, not kept.icc)
    deep = opening.upright_samples(deep, turn)
    return replace(picture, notices=(*picture.notices, REDUCED), deep=deep, metadata=kept)


def from_pillow(image: Image.Image, max_pixels: int = MAX_PIXELS, keep: Keeping = KEEP_NOTHING) -> Picture:
    """Convert a Pillow image of any mode to 8 bits; what is changed is noted.

    Raises:
        ImageError: too large, empty, or of floating-point or 32-bit pixels.
    """
    check_size(image, max_pixels)
    lost = has_deep_tiles(image)
    image.load()
    picture = _of_loaded(image, keep)
    return replace(picture, notices=(*picture.notices, REDUCED)) if lost else picture


def check_size(image: Image.Image, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse an image of no pixels or of more than so many, before it is loaded.

    Raises:
        ImageError: it is one.
    """
    if image.width * image.height > max_pixels:
        raise ImageError(f"{image.width} x {image.height} is more than the {max_pixels} pixels that are read")
    if not image.width * image.height:
        raise ImageError(f"{image.width} x {image.height} pixels: there is nothing in it")


def from_array(array: NDArray[Any], max_pixels: int = MAX_PIXELS) -> Picture:
    """Take an array as a picture: uint8, uint16 or bool, (H, W) or (H, W, 1) grey, (H, W, 3) RGB, with alpha 2 and 4.

    Raises:
        ImageError: of another type or shape, empty, or too large.
    """
    if array.dtype not in (bool, np.uint8, np.uint16):
        raise ImageError(f"an array of type {array.dtype}, and uint8 (0 to 255), uint16 (to 65535) or bool is read")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)) or not array.size:
        raise ImageError(f"an array of shape {array.shape}, and (H, W) or (H, W, 1 to 4) is read")
    if array.shape[0] * array.shape[1] > max_pixels:
        raise ImageError(f"{array.shape[1]} x {array.shape[0]} is more than the {max_pixels} pixels that are read")
    if array.dtype == np.uint16:
        deep = without_opaque_alpha(array.copy())
        return replace(from_array(reduced(deep), max_pixels), notices=(REDUCED,), deep=deep)
    pixels = array * np.uint8(255) if array.dtype == bool else array.copy()
    alpha = None
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        alpha = np.ascontiguousarray(pixels[:, :, -1]) if pixels[:, :, -1].min() < 255 else None
        pixels = np.ascontiguousarray(pixels[:, :, :-1])
    return Picture(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels, alpha=alpha)


def to_pillow(pixels: Pixels | Deep | NDArray[np.bool_]) -> Image.Image:
    """Make a Pillow image: of bool (H, W) in mode 1, of uint8 in mode L (H, W), LA (H, W, 2), RGB (H, W, 3) or RGBA.

    Of uint16 in mode I;16 (H, W); Pillow has no mode for more channels of 16 bits, which are rounded to 8.
    """
    if pixels.dtype == np.uint16 and pixels.ndim == 3:
        return Image.fromarray(reduced(pixels.astype(np.uint16)))
    return Image.fromarray(pixels)


def _to_8_bits(image: Image.Image, orientation: int, convert: bool) -> Picture:
    notices = []
    if orientation != 1:
        image = opening.upright(image, orientation)
        notices.append(TURNED)
    if image.mode == "I" or image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.int64)
        if levels.min() < 0 or levels.max() > MOST:
            raise ImageError("pixels of 32 bits are not supported: save it with 8 bits a channel")
        deep = levels.astype(np.uint16)
        return Picture(reduced(deep), (*notices, REDUCED), deep=deep)
    if image.mode == "F":
        raise ImageError("floating-point pixels are not supported: save it with 8 bits a channel")
    alpha = None
    if convert:
        image, notice = to_srgb(image)
        notices += notice
    if image.has_transparency_data:
        plane = opening.levels_of(image, "RGBA", 3)
        alpha = plane if plane.min() < 255 else None
    if image.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        notices.append(f"converted from {image.mode} to RGB")
    grey = image.mode in ("1", "L", "LA", "La")
    return Picture(opening.levels_of(image, "L" if grey else "RGB"), tuple(notices), alpha)


def squared_error(found: np.ndarray, wanted: np.ndarray) -> int:
    """Return the sum of squared differences of samples of two pictures, a row at a time, which spares memory."""
    return sum(int(np.square(one.astype(np.int64) - other).sum()) for one, other in zip(found, wanted, strict=True))


def is_grey(samples: Pixels | Deep) -> bool:
    """Return whether red, green and blue are equal in all of a picture (H, W) or (H, W, 3 or more)."""
    if samples.ndim == 2:
        return True
    strips = (samples[top : top + STRIP] for top in range(0, len(samples), STRIP))
    return all((strip[:, :, 1:3] == strip[:, :, :1]).all() for strip in strips)


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Resize a picture by Pillow's Lanczos filter, which no decoder may depend on."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
