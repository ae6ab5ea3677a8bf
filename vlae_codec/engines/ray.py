"""Ray Data: columns of pictures to .vlz files and back, and collections that many machines write.

    files = vlae_codec.ray.compress(ray.data.read_images("s3://bucket/pictures"), "image", quality=60)
    report = vlae_codec.ray.collect(dataset, "s3://bucket/set.vlz", "bytes", names="path")

Each worker is an actor that loads its model once. A picture that cannot be coded is a row with an error, not the end of
the job; of a worker that dies its batch is done again, with the same bytes. To the arguments of `columns` come:

    batch_size   pictures that a worker is given at a time, or of a part of a collection.
    workers      actors, or the least and the most of them; by default as many as there are processors.
    ray_options  of `Dataset.map_batches`, such as `num_gpus`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
import ray.data
from numpy.typing import NDArray
from ray.exceptions import RayError, RayTaskError
from ray.util import ActorPool

from ..collections.jobs import Job, Report
from ..collections.parts import PartDone, PartTask
from ..errors import VlaeError
from .columns import ERROR, Progress, to_files, to_part, to_pictures

BATCH = 64
Batch = dict[str, NDArray[Any]]
T = TypeVar("T")
R = TypeVar("R")


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
    """Return the data set with .vlz files in place of its pictures, and a column `error`."""
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
    """Return the data set with pictures, uint8 (H, W, C), in place of its .vlz files, and a column `error`."""
    return _mapped(dataset, Decompressor, {"column": column, "options": options}, batch_size, workers, ray_options)


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
    progress: Progress | None = None,
    **options: Any,
) -> Report:
    """Write a collection in the order of a data set: workers write a part for each batch, which are joined at the end.

    Raises:
        ModelError: the model is unknown.
        VlaeError: the collection exists, or a worker cannot write.
    """
    job = Job(path, model, options)
    arguments = {"column": column, "names": names, "task": job.task}
    parts = _mapped(dataset, PartWriter, arguments, batch_size, workers, ray_options)
    parts.context.execution_options.preserve_order = True
    total = dataset.count() if progress else 0
    done = []
    for row in parts.iter_rows():
        done.append(PartDone(row["path"], row["reused"], row["tried"], tuple(map(tuple, json.loads(row["failed"])))))
        if progress:
            progress(done[-1].tried, total)
    return job.finish(done)


def spread(work: Callable[[T], R], batches: Sequence[T], workers: int) -> Iterator[R]:
    """Yield what a function makes of each batch, in order, by actors on the cluster that there is or on one of its own.

    Args:
        work: a function that travels; it may be called twice for a batch, if an actor dies.
        batches: values that travel.
        workers: actors.

    Raises:
        VlaeError: Ray does not start, or gave up on an actor; or what the function raises.
    """
    try:
        ray.init(ignore_reinit_error=True, include_dashboard=False, log_to_driver=False, logging_level="warning")
    except Exception as error:  # Ray has no class of its own for clusters that do not start or are not there
        raise VlaeError(f"Ray does not start: {error}") from error
    worker = ray.remote(max_restarts=-1, max_task_retries=-1)(Worker)
    pool = ActorPool([worker.remote(work) for _ in range(min(workers, len(batches)))])
    try:
        yield from pool.map(lambda one, batch: one.run.remote(batch), batches)
    except RayTaskError as error:
        raise error.cause from error
    except RayError as error:
        raise VlaeError(f"Ray gave up: {error}") from error


class Worker:
    """Actor of `spread`."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self.work = work

    def run(self, batch: Any) -> Any:
        """Return what the function makes of a batch."""
        return self.work(batch)


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
        files, errors = to_files(list(batch[self.column]), self.model, self.options)
        return {**batch, self.column: _objects(files), ERROR: _objects(errors)}


class Decompressor:
    """Worker of `decompress`."""

    def __init__(self, column: str, options: dict[str, Any]) -> None:
        self.column, self.options = column, options

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with pictures."""
        files = list(batch[self.column])
        before = list(map(str, batch.get(ERROR, [""] * len(files))))
        pictures, errors = to_pictures(files, before, self.options)
        return {**batch, self.column: _objects(pictures), ERROR: _objects(errors)}


class PartWriter:
    """Worker of `collect`; gives a row for each part."""

    def __init__(self, column: str, names: str | None, task: PartTask) -> None:
        self.column, self.names, self.task = column, names, task

    def __call__(self, batch: Batch) -> Batch:
        """Write a part and return its row."""
        names = list(batch[self.names]) if self.names else None
        row = asdict(to_part(list(batch[self.column]), names, self.task))
        return {name: np.array([value]) for name, value in {**row, "failed": json.dumps(row["failed"])}.items()}


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return a column of values of different shapes."""
    column = np.empty(len(values), object)
    for number, value in enumerate(values):  # numpy would try to make one array of arrays
        column[number] = value
    return column
