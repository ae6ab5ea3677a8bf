"""Many pictures at once, for archives: files, folders, arrays and the files of MNIST."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, VlaeError
from ..model.info import ModelInfo
from .files import STREAM
from .forms import BINARISED, THRESHOLD, over_black, refuse_changes, to_bilevel
from .images import MAX_BYTES, MAX_PIXELS, Picture, Pixels, decode_image, read_bytes
from .opening import count_frames

ARRAYS = (".npy", ".npz")
MAX_DIMENSIONS = 8
MAX_STACK = 1 << 32
"""Pixels of a stack."""


@dataclass(frozen=True)
class Batch:
    """Pictures of one size from one place.

    Attributes:
        pixels: uint8, (N, H, W) or (N, H, W, 3), 0 to 255.
        names: one for each.
        notices: what was done to all of them since their file.
    """

    pixels: Pixels
    names: tuple[str, ...]
    notices: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.pixels.shape[1], self.pixels.shape[2]


def is_stack(path: Path) -> bool:
    """Whether an input may hold more than one picture: a folder, an array or an idx file."""
    return path != STREAM and (os.path.isdir(path) or path.suffix in ARRAYS or _is_idx(path))


def _is_idx(path: Path) -> bool:
    return ".idx" in path.name or "-idx" in path.name


def read_batches(
    path: Path,
    every_frame: bool = False,
    adjust: Callable[[Picture], Picture] = over_black,
    url: str | None = None,
) -> list[Batch]:
    """Read the pictures of an input: of a folder every file in it by name, hidden ones and folders left out.

    Args:
        every_frame: take all frames of a file, and not the first alone.
        adjust: is done to each picture of a file, and makes transparent ones opaque.
        url: where the input is read from, if `path` is but its name.

    Raises:
        ImageError: not pictures, damaged, too large, or of a kind that is not supported; or a folder without any.
        OSError: missing or unreadable.
    """
    if url is None and path != STREAM and path.is_dir():
        inner = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        if not inner:
            raise ImageError("an empty folder: there are no pictures in it")
        return [batch for each in inner for batch in _read_in_folder(each, every_frame, adjust)]
    data = read_bytes(url or path)
    if path.suffix in ARRAYS:
        return [_batch(array, path, name) for name, array in _arrays(data, path.suffix)]
    if _is_idx(path):
        return [_batch(parse_idx(data), path)]
    name = "stdin" if path == STREAM else path.name
    count = count_frames(url or path) if every_frame else 1
    names = [name] if count == 1 else [f"{path.stem}-{number:04d}{path.suffix}" for number in range(count)]
    pictures = [adjust(decode_image(data, frame=number if every_frame else None)) for number in range(count)]
    return [Batch(one.pixels[None], (name,), one.notices) for name, one in zip(names, pictures, strict=True)]


def _read_in_folder(path: Path, every_frame: bool, adjust: Callable[[Picture], Picture]) -> list[Batch]:
    try:
        return read_batches(path, every_frame, adjust)
    except ImageError as error:
        raise ImageError(f"{path.name} in it: {error}") from error


def _arrays(data: bytes, suffix: str) -> list[tuple[str, NDArray[Any]]]:
    try:
        if suffix == ".npy":
            return [("", np.load(io.BytesIO(data), allow_pickle=False))]
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return [(name, file[name]) for name in sorted(file.files)]
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ImageError(f"not a numpy file of plain numbers, or damaged ({error})") from error


def _batch(array: NDArray[Any], path: Path, inner: str = "") -> Batch:
    """Return a stack as pictures of 8 bits: one without a value above 1 is bilevel."""
    title = f"its array {inner!r}" if inner else "it"
    if array.dtype != bool and array.dtype != np.uint8:
        raise ImageError(f"{title} has values of type {array.dtype}, and uint8 or bool is read")
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] not in (1, 3)) or not array.size:
        raise ImageError(f"{title} has shape {array.shape}, and (N, H, W) or (N, H, W, 3) is read")
    if array.shape[1] * array.shape[2] > MAX_PIXELS or array.size > MAX_STACK:
        raise ImageError(f"{title} has shape {array.shape}, more pixels than are read")
    pixels = array.astype(np.uint8)
    if pixels.ndim == 4 and pixels.shape[3] == 1:
        pixels = pixels[..., 0]
    if pixels.max() <= 1:
        pixels = pixels * np.uint8(255)
    stem = "-".join(filter(None, [path.name.split(".")[0], inner]))
    digits = max(4, len(str(len(pixels) - 1)))
    return Batch(pixels, tuple(f"{stem}-{number:0{digits}d}" for number in range(len(pixels))))


def load_idx(path: Path) -> NDArray[np.uint8]:
    """Read an array from a (gzipped) idx file as MNIST is distributed.

    Raises:
        VlaeError: the file is not idx of unsigned bytes, or is cut.
    """
    try:
        return parse_idx(path.read_bytes())
    except VlaeError as error:
        raise VlaeError(f"{path}: {error}") from error


def parse_idx(data: bytes) -> NDArray[np.uint8]:
    """Return the array in the bytes of a (gzipped) idx file.

    Raises:
        ImageError: they are not idx of unsigned bytes, or cut.
    """
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(data)
    if len(data) < 4 or data[:3] != b"\x00\x00\x08" or data[3] > MAX_DIMENSIONS or len(data) < 4 + 4 * data[3]:
        raise ImageError("not an idx file of unsigned bytes")
    shape = tuple(int(n) for n in np.frombuffer(data, ">u4", data[3], 4))
    body = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if body.size != int(np.prod(np.array(shape, object))):
        raise ImageError(f"{body.size} bytes where {shape} were announced")
    return body.reshape(shape)


def _gunzip(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            out = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ImageError(f"damaged gzip file ({error})") from error
    if len(out) > MAX_BYTES:
        raise ImageError(f"larger than {MAX_BYTES >> 20} MiB when unpacked, the most that is read")
    return out


def join(
    batches: Sequence[Batch], models: Sequence[ModelInfo], fit: bool = False, exact: bool = False
) -> tuple[Pixels, tuple[str, ...]]:
    """All pictures in one size that a model takes, 0 and 1, uint8 (N, H, W), and what was done to them.

    Args:
        models: any of them will do.
        fit: resize to the first model's size what has another.
        exact: refuse what would not come back as it is.

    Raises:
        ImageError: several sizes, or one that no model takes; or pictures that `exact` refuses.
    """
    if not models:
        raise ImageError("archives are for bilevel models: photographs go to a collection")
    size = (models[0].height, models[0].width) if fit else one_size(batches)
    check_size(size, models)
    parts, notices = [], dict[str, None]()
    for batch in batches:
        pixels, found = bilevel(batch, *size, fit)
        if exact:
            try:
                refuse_changes(found)
            except ImageError as error:
                raise ImageError(f"{batch.names[0]}: {error}") from error
        parts.append(pixels)
        notices |= dict.fromkeys(found)
    return np.concatenate(parts), tuple(notices)


def one_size(batches: Sequence[Batch]) -> tuple[int, int]:
    """Return the size (H, W) that all pictures have.

    Raises:
        ImageError: they have several; names two.
    """
    first = batches[0]
    for other in batches:
        if other.size != first.size:
            sizes = [f"{batch.size[1]} x {batch.size[0]} ({batch.names[0]})" for batch in (first, other)]
            raise ImageError(f"mixed sizes, {sizes[0]} and {sizes[1]}: an archive holds one size, `fit` resizes")
    return first.size


def check_size(size: tuple[int, int], models: Sequence[ModelInfo]) -> None:
    """Refuse a size (H, W) that no model takes.

    Raises:
        ImageError: names the sizes that there are.
    """
    if all(size != (info.height, info.width) for info in models):
        sizes = ", ".join(f"{info.name} takes {info.width} x {info.height}" for info in models)
        raise ImageError(
            f"{size[1]} x {size[0]} pixels, and {sizes}: `fit` resizes it; archives of photographs are collections"
        )


def bilevel(batch: Batch, height: int, width: int, fit: bool = False) -> tuple[Pixels, tuple[str, ...]]:
    """Return the batch as values 0 and 1, uint8 (N, height, width), and notices of what was done to it.

    Raises:
        ImageError: of another size, and `fit` is not set.
    """
    if batch.pixels.ndim == 3 and batch.size == (height, width) and len(batch.pixels) > 1:
        exact = np.isin(batch.pixels, (0, 255)).all()
        notices = batch.notices if exact else (*batch.notices, BINARISED)
        return (batch.pixels >= THRESHOLD).astype(np.uint8), notices
    made = [to_bilevel(Picture(pixels, batch.notices), height, width, fit) for pixels in batch.pixels]
    return np.stack([one.pixels for one in made]), tuple(dict.fromkeys(note for one in made for note in one.notices))
