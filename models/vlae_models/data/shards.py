"""Pictures of shards in memory: one array of pixels, and a table that says where each picture starts."""

from __future__ import annotations

import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from vlae_codec.errors import VlaeError

from . import packing

PATTERN, FIRST = "shard-*.zip", "shard-0.zip"


class Pictures(NamedTuple):
    """Many pictures of different sizes in one array.

    Attributes:
        levels: red, green, blue of all pixels, row by row, picture by picture, uint8 (pixels, 3).
        offset: the row of `levels` where each picture starts, int64 (N,).
        height, width: of each picture in pixels, int64 (N,).
        drawn: which pictures are drawn, the others are photographs, bool (N,).
    """

    levels: NDArray[np.uint8]
    offset: NDArray[np.int64]
    height: NDArray[np.int64]
    width: NDArray[np.int64]
    drawn: NDArray[np.bool_]

    def picture(self, number: int) -> NDArray[np.uint8]:
        """One picture, uint8 (H, W, 3), a view."""
        height, width = int(self.height[number]), int(self.width[number])
        start = int(self.offset[number])
        return self.levels[start : start + height * width].reshape(height, width, 3)


def load_shards(folder: Path, threads: int | None = None) -> Pictures:
    """Every picture of the shards of a folder, in the order of names of shards and in a shard's own order.

    Args:
        folder: holds `shard-*.zip` as written by `packing.write_shards`.
        threads: that decode pictures; one a processor where not given.

    Raises:
        VlaeError: no shard is there, or one is damaged.
        OSError: one cannot be read.
    """
    paths = sorted(folder.glob(PATTERN), key=lambda path: (len(path.name), path.name))
    if not paths:
        raise VlaeError(f"no {PATTERN} in {folder}")
    try:
        return _decoded([member for path in paths for member in _members(path)], threads)
    except (zipfile.BadZipFile, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise VlaeError(f"{folder}: a damaged shard ({error})") from error


def load_training(data: Path, cache: Path, quiet: bool = False) -> Pictures:
    """Load the training set of photo models.

    Args:
        data: the folder of the data sets, or of shards of them.
        cache: where shards are kept; they are made where there are none, which takes a minute or two.
        quiet: show no progress.

    Raises:
        VlaeError: no photograph is in `data`, or a shard is damaged.
        OSError: a picture cannot be read, or the cache cannot be written.
    """
    if (data / FIRST).is_file():
        return load_shards(data)
    if not (cache / FIRST).is_file():
        packing.write_shards(cache, packing.training_members(data, quiet=quiet))
    return load_shards(cache)


def _members(path: Path) -> list[packing.Member]:
    with zipfile.ZipFile(path) as archive:
        return [packing.Member(info.filename, archive.read(info)) for info in archive.infolist()]


def _decoded(members: list[packing.Member], threads: int | None) -> Pictures:
    sizes = []
    for member in members:
        with Image.open(io.BytesIO(member.data)) as image:
            sizes.append((image.height, image.width))
    out = _empty(sizes, [member.name.startswith(packing.DRAWN + "/") for member in members])

    def decode(number: int) -> None:
        with Image.open(io.BytesIO(members[number].data)) as image:
            out.picture(number)[...] = np.asarray(image.convert("RGB"))

    # Pillow's decoders release the interpreter's lock, so threads are as fast as processes and share the array.
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(decode, range(len(members))))
    return out


def _empty(sizes: list[tuple[int, int]], drawn: list[bool]) -> Pictures:
    height, width = np.array(sizes, np.int64).reshape(-1, 2).T.copy()
    ends = np.cumsum(height * width)
    levels = np.empty((int(ends[-1]) if len(ends) else 0, 3), np.uint8)
    return Pictures(levels, ends - height * width, height, width, np.array(drawn, np.bool_))
