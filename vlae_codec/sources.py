"""What pictures and files may be given as to the functions for programs, and how they are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .container import header
from .io import files, images
from .io.images import PillowImage
from .io.metadata import KEEP_NOTHING, Keeping
from .io.urls import is_url

ImageLike: TypeAlias = "PillowImage | NDArray[Any] | bytes | str | os.PathLike[str] | images.Picture"
"""A Pillow image; an array, uint8, uint16 or bool, (H, W) or (H, W, 1 to 4); or an image file, bytes, path or URL.

A `Picture` is one that was read already."""

Source: TypeAlias = "bytes | bytearray | memoryview | str | os.PathLike[str]"
"""The bytes of a .vlz file, its path, or its URL (with fsspec: s3, http and many more)."""


def read_picture(image: ImageLike, keep: Keeping = KEEP_NOTHING) -> images.Picture:
    """Read a picture from wherever it comes.

    Args:
        keep: of the metadata of what is not read yet.

    Raises:
        ImageError: not an image, or of a kind that is not supported.
        OSError: the file is missing or unreadable.
    """
    if isinstance(image, str | os.PathLike):
        return images.read_image(image if is_url(image) else Path(image), keep=keep)
    if isinstance(image, bytes):
        return images.decode_image(image, keep=keep)
    if isinstance(image, images.Picture):
        return image
    if isinstance(image, np.ndarray):
        return images.from_array(image)
    return images.from_pillow(image, keep=keep)


def read_file(data: Source) -> bytes:
    """Read the bytes of a .vlz file, which may be given as a path.

    Raises:
        OSError: the file is missing or unreadable.
    """
    if isinstance(data, str | os.PathLike):
        return files.read_by_head(data if is_url(data) else Path(data), header.HEADER.size, header.limit)
    return bytes(data)
