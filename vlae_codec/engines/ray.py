"""Ray Data: columns of pictures to .vlz files and back, and collections that many machines write.

    files = vlae_codec.ray.compress(ray.data.read_images("s3://bucket/pictures"), "image", quality=60)
    report = vlae_codec.ray.collect(dataset, "s3://bucket/set.vlz", "bytes", names="path")

Each worker is an actor that loads its model once. A picture that cannot be coded is a row with an error, not the end of
the job; of a worker that dies its batch is done again, with the same bytes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray.data
from numpy.typing import NDArray

from ..collections import Collection, join
from ..collections.encode import compress_each
from ..collections.parts import PartTask, keep_part
from ..errors import VlaeError
from ..io.images import Pixels
from ..io.urls import file_system, is_url

ERROR = "error"
"""Column of what is wrong with a row, empty if nothing is."""
BATCH = 64
Batch = dict[str, NDArray[Any]]


def compress(
    dataset: ray.data.Dataset,
    column: str = "image",
    *,
    model: str = "auto",
    batch_size: int = BATCH,
    workers: int | tuple[int, int] | None = None,
    ray_options: dict[str, Any] | None = None,
    **options: Any,
) -> ray.data.Dataset:
    """Return the data set with .vlz files in place of its pictures, and a column `error`.

    Args:
        dataset: its column has arrays, the bytes of image files, or paths.
        column: that column; a picture that fails has no bytes there.
        model: as for `vlae_codec.compress`.
        batch_size: pictures that a worker is given at a time.
        workers: actors, or the least and the most of them; by default as many as there are processors.
        ray_options: of `Dataset.map_batches`, such as `num_gpus`.
        options: of `vlae_codec.compress`.
    """
    arguments = {"column": column, "model": model, "options": options}
    return _mapped(dataset, Compressor, arguments, batch_size, workers, ray_options)


def decompress(
    dataset: ray.data.Dataset,
    column: str = "image",
    *,
    batch_size: int = BATCH,
    workers: int | tuple[int, int] | None = None,
    ray_options: dict[str, Any] | None = None,
    **options: Any,
) -> ray.data.Dataset:
    """Return the data set with pictures, uint8 (H, W, C), in place of its .vlz files, and a column `error`.

    Args:
        dataset: its column has the bytes of .vlz files of one picture each.
        column: that column; a file that fails gives a picture without pixels.
        batch_size, workers, ray_options: as for `compress`.
        options: `seed`, `device`, `max_pixels`, as of `vlae_codec.decompress`.
    """
    return _mapped(dataset, Decompressor, {"column": column, "options": options}, batch_size, workers, ray_options)


@dataclass(frozen=True)
class Report:
    """What became of a collection.

    Attributes:
        pictures: in the collection.
        failed: name (or number in its batch) and error of each picture that is not.
        parts, reused: how many parts there were, and how many of them an earlier run had left.
        bytes: of the collection.
        seconds: all that it took.
    """

    pictures: int
    failed: list[tuple[str, str]]
    parts: int
    reused: int
    bytes: int
    seconds: float


def collect(
    dataset: ray.data.Dataset,
    path: str,
    column: str = "image",
    *,
    names: str | None = None,
    model: str = "auto",
    batch_size: int = 1000,
    workers: int | tuple[int, int] | None = None,
    ray_options: dict[str, Any] | None = None,
    **options: Any,
) -> Report:
    """Write a collection: workers write a part for each batch, and the parts are joined at the end.

    Parts lie in the folder PATH.parts, named by what is in them; one that a stopped run left there is not made again.
    The folder is left behind, to be deleted when the collection is good.

    Args:
        dataset: as for `compress`.
        path: the collection, on a disk or under a URL that all workers see; it must not exist.
        column: of the pictures.
        names: column of their names, by which the parts are put in order.
        model: as for `vlae_codec.compress`.
        batch_size: pictures of a part.
        workers, ray_options: as for `compress`.
        options: of `vlae_codec.collections.encode_part`.

    Raises:
        VlaeError: the collection exists, or a worker cannot write.
    """
    started = time.monotonic()
    path = path if is_url(path) else f"file://{os.path.abspath(path)}"  # workers stand in other folders
    files, inner = file_system(path)
    if files.exists(inner):
        raise VlaeError(f"{path} exists: give another name")
    files.makedirs(f"{inner}.parts", exist_ok=True)
    arguments = {"column": column, "names": names, "task": PartTask(f"{path}.parts", model, options)}
    rows = _mapped(dataset, PartWriter, arguments, batch_size, workers, ray_options).take_all()
    parts = sorted((row for row in rows if row["part"]), key=lambda row: (row["first"], row["part"]))
    pictures = join([row["part"] for row in parts], path)
    failed = [(row["name"], row[ERROR]) for row in rows if row[ERROR]]
    reused, seconds = sum(row["reused"] for row in parts), round(time.monotonic() - started, 2)
    return Report(pictures, failed, len(parts), reused, files.size(inner), seconds)


def _mapped(
    dataset: ray.data.Dataset,
    work: Callable[..., Any],
    arguments: dict[str, Any],
    batch_size: int,
    workers: int | tuple[int, int] | None,
    ray_options: dict[str, Any] | None,
) -> ray.data.Dataset:
    most = workers if workers is not None else max(1, int(ray.cluster_resources().get("CPU", 1)))
    least, most = most if isinstance(most, tuple) else (1, most)
    pool = ray.data.ActorPoolStrategy(min_size=least, max_size=most)
    given = {"batch_format": "numpy", "batch_size": batch_size, "compute": pool, "fn_constructor_kwargs": arguments}
    return dataset.map_batches(work, **given, **(ray_options or {}))


class Compressor:
    """Worker of `compress`."""

    def __init__(self, column: str, model: str, options: dict[str, Any]) -> None:
        self.column, self.model, self.options = column, model, options

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with files."""
        errors, failed = _errors(len(batch[self.column]))
        files = compress_each(_values(batch[self.column]), self.model, failed=failed, **self.options)
        return {**batch, self.column: _objects(files), ERROR: _objects(errors)}


class Decompressor:
    """Worker of `decompress`."""

    def __init__(self, column: str, options: dict[str, Any]) -> None:
        self.column, self.options = column, options

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with pictures."""
        files = _values(batch[self.column])
        errors, failed = _errors(len(files))
        if ERROR in batch:
            errors[:] = [str(error) for error in batch[ERROR]]
        pictures: list[Pixels] = []
        for number, data in enumerate(files):
            try:
                pictures.append(_levels(Collection(data or b"", **self.options).decode([0])[0]))
            except VlaeError as error:
                if not errors[number]:  # the first error says more
                    failed(number, error)
                pictures.append(np.zeros((0, 0, 1), np.uint8))
        return {**batch, self.column: _objects(pictures), ERROR: _objects(errors)}


class PartWriter:
    """Worker of `collect`; gives a row for the part, and one for each picture that failed."""

    def __init__(self, column: str, names: str | None, task: PartTask) -> None:
        self.column, self.names, self.task = column, names, task

    def __call__(self, batch: Batch) -> Batch:
        """Write a part and return its rows."""
        pictures = _values(batch[self.column])
        names = [str(name) for name in batch[self.names]] if self.names else None
        done = keep_part(self.task, pictures, names)
        rows = [(done.path, names[0] if names else "", done.reused, "", "")]
        failed = [(number, error) for number, error in enumerate(done.errors) if error]
        rows += [("", "", False, names[number] if names else str(number), error) for number, error in failed]
        columns = zip(*rows, strict=True)
        return dict(zip(("part", "first", "reused", "name", ERROR), map(np.array, columns), strict=True))


def _errors(count: int) -> tuple[list[str], Callable[[int, Exception], None]]:
    """Return a list of errors and the function that fills it."""
    errors = [""] * count

    def failed(number: int, error: Exception) -> None:
        errors[number] = str(error)

    return errors, failed


def _values(column: NDArray[Any]) -> list[Any]:
    """Return the values of a column: arrays of pictures, or the objects that an array holds."""
    return [value if isinstance(value, np.ndarray) or value is None else _plain(value) for value in column]


def _plain(value: Any) -> Any:
    """Bytes and paths; of Hugging Face's pictures, which have both, what is there."""
    if isinstance(value, dict):
        return value["path"] if value.get("bytes") is None else value["bytes"]
    return bytes(value) if isinstance(value, bytes) else str(value)


def _objects(values: list[Any]) -> NDArray[Any]:
    """Return a column of values of different shapes."""
    column = np.empty(len(values), object)
    for number, value in enumerate(values):  # numpy would try to make one array of arrays
        column[number] = value
    return column


def _levels(pixels: Pixels) -> Pixels:
    levels = pixels.astype(np.uint8) * np.uint8(255) if pixels.dtype == bool else pixels
    return levels[:, :, None] if levels.ndim == 2 else levels
