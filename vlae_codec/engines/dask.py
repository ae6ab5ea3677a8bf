"""Dask: bags of rows with pictures to .vlz files and back, and collections that the workers of a cluster write.

    files = vlae_codec.dask.compress(dask.bag.from_sequence(rows), "image", quality=60)
    report = vlae_codec.dask.collect(bag, "s3://bucket/set.vlz", "image", names="name")

Rows are dictionaries; arguments are those of `columns`. A picture that cannot be coded is a row with an error, not the
end of the job; of a worker that dies its partitions are done again, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import uuid4

import dask.bag
from dask.distributed import Client, KilledWorker, as_completed, get_client

from ..collections.jobs import Job, Report
from ..collections.parts import PartDone, PartTask
from ..errors import VlaeError
from .columns import ERROR, Progress, to_files, to_part, to_pictures

Row = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")


def compress(bag: dask.bag.Bag, column: str = "image", *, model: str = "auto", **options: Any) -> dask.bag.Bag:
    """Return the rows with .vlz files in place of their pictures, and `error`."""

    def work(rows: Sequence[Row]) -> list[Row]:
        rows = list(rows)
        files, errors = to_files([row[column] for row in rows], model, options)
        return _replaced(rows, column, files, errors)

    return bag.map_partitions(work)


def decompress(bag: dask.bag.Bag, column: str = "image", **options: Any) -> dask.bag.Bag:
    """Return the rows with pictures, uint8 (H, W, C), in place of their .vlz files, and `error`."""

    def work(rows: Sequence[Row]) -> list[Row]:
        rows = list(rows)
        before = [row.get(ERROR, "") for row in rows]
        return _replaced(rows, column, *to_pictures([row[column] for row in rows], before, options))

    return bag.map_partitions(work)


def collect(
    bag: dask.bag.Bag,
    path: str,
    column: str = "image",
    *,
    names: str | None = None,
    model: str = "auto",
    progress: Progress | None = None,
    **options: Any,
) -> Report:
    """Write a collection in the order of a bag: workers write a part for each partition, which are joined at the end.

    Raises:
        ModelError: the model is unknown.
        VlaeError: the collection exists, or a worker cannot write.
    """
    job = Job(path, model, options)
    task: PartTask = job.task

    def work(rows: Sequence[Row], _: str) -> list[PartDone]:
        rows = list(rows)
        return [to_part([row[column] for row in rows], [row[names] for row in rows] if names else None, task)]

    with _client() as client:
        # A name of its own for each run's tasks: of one whose result is still held, a part that is gone stays away.
        futures = client.compute(bag.map_partitions(work, uuid4().hex).to_delayed())
        for _ in as_completed(futures, raise_errors=False):
            if progress:
                progress(1, len(futures))
        return job.finish([done for (done,) in client.gather(futures)])


def spread(work: Callable[[T], R], batches: Sequence[T], workers: int) -> Iterator[R]:
    """Yield what a function makes of each batch, in order, by the cluster that there is or by processes of its own.

    Args:
        work: a function that travels; it may be called twice for a batch, if a worker dies.
        batches: values that travel.
        workers: processes, if there is no cluster.

    Raises:
        VlaeError: workers died again and again; or what the function raises.
    """
    with _client(min(workers, len(batches))) as client:
        futures = client.map(work, batches, pure=False)
        try:
            yield from (future.result() for future in futures)
        except KilledWorker as error:
            raise VlaeError(f"Dask gave up: {error}") from error


@contextmanager
def _client(workers: int | None = None) -> Iterator[Client]:
    """Yield the client that there is, or one of the cluster of DASK_SCHEDULER_ADDRESS, or of its own."""
    try:
        found = get_client()
    except ValueError:
        found = None
    if found is not None:
        yield found
        return
    with Client(n_workers=workers, threads_per_worker=1, dashboard_address=None) as own:
        yield own


def _replaced(rows: Sequence[Row], column: str, values: Sequence[Any], errors: Sequence[str]) -> list[Row]:
    found = zip(rows, values, errors, strict=True)
    return [{**row, column: value, ERROR: error} for row, value, error in found]
