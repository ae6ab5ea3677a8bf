"""The work of `vlae-collect`: pictures to parts in several processes, by Ray or by Dask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .batches import begin
from .common import progress_bar
from .startup import signals_held

if TYPE_CHECKING:
    from vlae_codec.collections.inputs import Batch
    from vlae_codec.collections.jobs import Report
    from vlae_codec.collections.parts import PartDone


class Engine(Enum):
    """Who shares out the work."""

    PROCESSES = "processes"
    RAY = "ray"
    DASK = "dask"


@dataclass(frozen=True)
class MakeTask:
    """A collection that is to be made.

    Attributes:
        inputs: pictures, folders, tars and Parquet files, by paths or URLs.
        out: the collection, a path or URL.
        model: name, folder or fingerprint, or "auto".
        options: of `encode_part`.
        part: pictures that are done at once.
        jobs: processes or actors.
        engine: who shares out the work.
        column, names: of pictures and their names in Parquet files.
    """

    inputs: Sequence[Path | str]
    out: Path | str
    model: str
    options: Mapping[str, Any]
    part: int
    jobs: int
    engine: Engine
    column: str = "image"
    names: str | None = None


def make_collection(task: MakeTask) -> Report:
    """Write a collection of all pictures of the inputs.

    Raises:
        VlaeError: it exists, there are no pictures, the model is unknown, or a process was ended from outside.
    """
    from vlae_codec.collections.inputs import Plan, keep_batch
    from vlae_codec.collections.jobs import Job
    from vlae_codec.io.anywhere import remove_folder

    from .compress import PICTURES

    problems: list[tuple[Path, str]] = []
    job = Job(task.out, task.model, task.options)
    batches = Plan(PICTURES, task.part, task.column, task.names).batches(task.inputs, problems)
    total = sum(map(len, batches))
    done: list[PartDone] = []
    with progress_bar("collecting") as step:
        for one in spread_by(task.engine)(partial(keep_batch, job.task), batches, task.jobs):
            done.append(one)
            if step:
                step(one.tried, total)
        report = job.finish(done)
    remove_folder(job.task.folder)
    return replace(report, failed=(*((str(path), text) for path, text in problems), *report.failed))


Spread = Callable[["Callable[[Batch], PartDone]", "Sequence[Batch]", int], "Iterator[PartDone]"]
"""Yields what a function makes of each batch, in order, by so many processes."""


def spread_by(engine: Engine) -> Spread:
    """Return how an engine shares out work."""
    if engine is Engine.RAY:
        from vlae_codec.engines.ray import spread

        return spread
    if engine is Engine.DASK:
        from vlae_codec.engines.dask import spread as spread_by_dask

        return spread_by_dask
    return _by_processes


def _by_processes(work: Callable[[Batch], PartDone], batches: Sequence[Batch], jobs: int) -> Iterator[PartDone]:
    """Yield what became of each batch, in order.

    Raises:
        VlaeError: a process was ended from outside.
    """
    from vlae_codec.errors import VlaeError

    if jobs == 1:
        yield from map(work, batches)
        return
    with ProcessPoolExecutor(min(jobs, len(batches)), get_context("spawn"), begin) as pool:
        try:
            with signals_held():  # processes start here
                futures = [pool.submit(work, batch) for batch in batches]
            yield from (future.result() for future in futures)
        except BrokenProcessPool as error:
            raise VlaeError("a process was ended from outside: start the same again, and it goes on") from error
        finally:
            pool.shutdown(cancel_futures=True)
