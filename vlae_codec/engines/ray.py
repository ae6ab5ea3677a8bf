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
from functools import partial
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
    given = {"column": column, "model": model, "options": options}
    return _mapped(dataset, _compressed, batch_size, workers, ray_options, **given)


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
    return _mapped(dataset, _decompressed, batch_size, workers, ray_options, column=column, options=options)


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
    given = {"column": column, "names": names, "task": job.task}
    parts = _mapped(dataset, _part, batch_size, workers, ray_options, **given)
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
    """Actor that does one kind of work on batches.

    Args:
        work: the function.
        given: its arguments beside the batch.
    """

    def __init__(self, work: Callable[..., Any], **given: Any) -> None:
        self.work = partial(work, **given)

    def __call__(self, batch: Any) -> Any:
        """Return what the function makes of a batch."""
        return self.work(batch)

    run = __call__
    """The same by a name that can be called from elsewhere."""


def _mapped(
    dataset: ray.data.Dataset,
    work: Callable[..., Batch],
    batch_size: int,
    workers: int | tuple[int, int] | None,
    ray_options: dict[str, Any] | None,
    **given: Any,
) -> ray.data.Dataset:
    """Return what workers make of the batches of a data set by a function and its arguments beside the batch."""
    most = workers if workers is not None else max(1, int(ray.cluster_resources().get("CPU", 1)))
    least, most = most if isinstance(most, tuple) else (1, most)
    pool = ray.data.ActorPoolStrategy(min_size=least, max_size=most)
    options = {"batch_format": "numpy", "batch_size": batch_size, "compute": pool, **(ray_options or {})}
    return dataset.map_batches(Worker, fn_constructor_kwargs={"work": work, **given}, **options)


def _compressed(batch: Batch, column: str, model: str, options: dict[str, Any]) -> Batch:
    files, errors = to_files(list(batch[column]), model, options)
    return {**batch, column: _objects(files), ERROR: _objects(errors)}


def _decompressed(batch: Batch, column: str, options: dict[str, Any]) -> Batch:
    files = list(batch[column])
    before = list(map(str, batch.get(ERROR, [""] * len(files))))
    pictures, errors = to_pictures(files, before, options)
    return {**batch, column: _objects(pictures), ERROR: _objects(errors)}


def _part(batch: Batch, column: str, names: str | None, task: PartTask) -> Batch:
    """Write a part and return its row."""
    row = asdict(to_part(list(batch[column]), list(batch[names]) if names else None, task))
    return {name: np.array([value]) for name, value in {**row, "failed": json.dumps(row["failed"])}.items()}


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return a column of values of different shapes."""
    column = np.empty(len(values), object)
    for number, value in enumerate(values):  # numpy would try to make one array of arrays
        column[number] = value
    return column
