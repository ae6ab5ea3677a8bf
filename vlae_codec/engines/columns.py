"""Batches of rows, as Ray and Dask hand them to workers: values of a column to files, pictures and parts.

What the functions of both engines are given alike:

    column    of the pictures: arrays, the bytes of image files, or paths; or of .vlz files of one picture each. A
              picture that fails becomes None, a file that fails a picture without pixels, and `error` says why.
    names     column of the pictures' names in a collection.
    path      of the collection, on a disk or under a URL that all workers see; it must not exist. Its parts lie in
              the folder PATH.parts, named by what is in them: one that a stopped run left is not made again. The
              folder is left behind, to be deleted when the collection is good.
    model     as for `vlae_codec.compress`.
    options   of `vlae_codec.compress`, `vlae_codec.decompress` (`seed`, `device`, `max_pixels`), or of
              `vlae_codec.collections.encode_part`.
    progress  called with what was done since (pictures by Ray, partitions by Dask), and the number of all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..collections import Collection
from ..collections.decode import levels
from ..collections.encode import compress_each
from ..collections.parts import PartDone, PartTask, keep_part
from ..errors import VlaeError
from ..io.images import Pixels

ERROR = "error"
"""Column of what is wrong with a row, empty if nothing is."""
Progress = Callable[[int, int], None]


def to_files(values: Sequence[Any], model: str, options: Mapping[str, Any]) -> tuple[list[bytes | None], list[str]]:
    """Return a .vlz file of each picture, None for those that failed, and what is wrong with them."""
    errors = [""] * len(values)

    def failed(number: int, error: Exception) -> None:
        errors[number] = str(error)

    return compress_each(list(map(_plain, values)), model, failed=failed, **options), errors


def to_pictures(
    files: Sequence[Any], before: Sequence[str], options: Mapping[str, Any]
) -> tuple[list[Pixels], list[str]]:
    """Return pictures, uint8 (H, W, C), of .vlz files, and what is wrong with each beside what was `before`."""
    pictures, errors = list[Pixels](), list(before)
    for number, data in enumerate(files):
        try:
            pictures.append(np.atleast_3d(levels(Collection(bytes(data or b""), **options).decode([0])[0])))
        except VlaeError as error:
            errors[number] = errors[number] or str(error)  # the first error says more
            pictures.append(np.zeros((0, 0, 1), np.uint8))
    return pictures, errors


def to_part(values: Sequence[Any], names: Sequence[Any] | None, task: PartTask) -> PartDone:
    """Write a part of a collection of some values, unless it is there.

    Raises:
        ModelError, VlaeError: as `keep_part`.
    """
    return keep_part(task, list(map(_plain, values)), None if names is None else list(map(str, names)))


def _plain(value: Any) -> Any:
    """Arrays, bytes and paths; of Hugging Face's pictures what is there."""
    if isinstance(value, np.ndarray) or value is None:
        return value
    if isinstance(value, dict):
        return value["path"] if value.get("bytes") is None else value["bytes"]
    return bytes(value) if isinstance(value, bytes) else str(value)
