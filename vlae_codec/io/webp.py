"""Lossless WebP images: of pictures in tiles, of planes of transparency, and an estimate of their size."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import FormatError, ImageError

Pixels = NDArray[np.uint8]
TILE = 4096
"""Pixels of a side of a tile: the format holds 16,383, the encoder's memory grows with the area."""
METHODS = {1: (0, 20), 2: (1, 20), 3: (2, 20), 4: (3, 50), 5: (4, 80), 6: (4, 80), 7: (5, 80), 8: (6, 80), 9: (6, 90)}
"""Method and quality (the encoder's effort) by effort."""
PLANE_EFFORT = 5
MAX_SIDE = 16383
"""Pixels of a side of a WebP image."""
ESTIMATED = 2
"""Effort of the estimate: with less, no palette is tried, and gradients of few colours seem to take far more."""
SAMPLED_ROWS, SAMPLED_PIXELS = 64, 1 << 19
"""Rows of a strip, and pixels of all strips together, by which the size of a large picture is estimated."""


def tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Yield the rows and columns of each tile of a picture, in raster order."""
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            yield slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width))


def encode_tile(pixels: Pixels, effort: int) -> bytes:
    """Return a lossless WebP image of a picture, uint8 (H, W, 3) or with alpha (H, W, 4); hidden colours are kept."""
    method, quality = METHODS[effort]
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", lossless=True, method=method, quality=quality, exact=True)
    return stream.getvalue()


def decode_tile(data: bytes, size: tuple[int, int], alpha: bool, title: str = "one of its tiles") -> Pixels:
    """Return the picture (H, W, 3), or (H, W, 4) with alpha, of `encode_tile`.

    Raises:
        FormatError: it is damaged, or of another size; the message begins with the title.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            if (image.height, image.width) != size:
                raise FormatError(f"{title} has another size: damaged")
            pixels: Pixels = np.asarray(image.convert("RGBA" if alpha else "RGB"))
            return pixels
    except FormatError:
        raise
    except Exception as error:  # the decoders raise nearly everything for damaged files
        raise FormatError(f"{title} cannot be read ({error}): damaged") from error


def encode_plane(plane: Pixels) -> bytes:
    """Return the bytes of a plane, uint8 (H, W), without loss: the green channel of a lossless WebP image.

    Raises:
        ImageError: a side is beyond what WebP holds.
    """
    if max(plane.shape) > MAX_SIDE:
        raise ImageError(f"transparency of a side of {max(plane.shape)} pixels, and {MAX_SIDE} are the most")
    return encode_tile(np.repeat(plane[:, :, None], 3, axis=2), PLANE_EFFORT)


def decode_plane(data: bytes, size: tuple[int, int]) -> Pixels:
    """Return the plane (H, W) of `encode_plane`.

    Raises:
        FormatError: it is damaged, or of another size.
    """
    return decode_tile(data, size, False, "its alpha plane")[:, :, 1]


def estimated_size(pixels: Pixels) -> int:
    """Return about the bytes that a picture takes at little effort, of a large one by evenly spaced strips."""
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    strips = max(1, SAMPLED_PIXELS // (SAMPLED_ROWS * width))
    if strips * SAMPLED_ROWS >= height:
        return len(encode_tile(pixels[:TILE, :TILE], ESTIMATED)) * -(-height // TILE) * -(-width // TILE)
    tops = np.linspace(0, height - SAMPLED_ROWS, strips).astype(int)
    sample = np.concatenate([pixels[top : top + SAMPLED_ROWS, :TILE] for top in tops])
    return round(len(encode_tile(np.ascontiguousarray(sample), ESTIMATED)) * height * width / sample[:, :, 0].size)
