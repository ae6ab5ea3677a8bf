"""The work of `vlae-collect`: pictures to parts in several processes, by Ray or by Dask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .batches import by_processes
from .common import progress_bar

if TYPE_CHECKING:
    from vlae_codec.collections.inputs import Batch
    from vlae_codec.collections.jobs import Report
    from vlae_codec.collections.parts import PartDone


class Engine(Enum):
    """Who shares out the work."""

    PROCESSES = "processes"
    RAY = "ray"
    DASK = "dask"


def make_collection(
    inputs: Sequence[Path | str],
    out: Path | str,
    model: str,
    options: Mapping[str, Any],
    *,
    part: int,
    jobs: int,
    engine: Engine,
    column: str = "image",
    names: str | None = None,
) -> Report:
    """Write a collection of all pictures of the inputs.

    Args:
        inputs: pictures, folders, tars and Parquet files, by paths or URLs.
        out: the collection, a path or URL.
        model: name, folder or fingerprint, or "auto".
        options: of `encode_part`.
        part: pictures that are done at once.
        jobs: processes or actors.
        engine: who shares out the work.
        column, names: of pictures and their names in Parquet files.

    Raises:
        VlaeError: it exists, there are no pictures, the model is unknown, or a process was ended from outside.
    """
    from vlae_codec.collections.inputs import Plan, keep_batch
    from vlae_codec.collections.jobs import Job
    from vlae_codec.io.anywhere import remove_folder

    from .compress import PICTURES

    problems: list[tuple[Path, str]] = []
    job = Job(out, model, options)
    batches = Plan(PICTURES, part, column, names).batches(inputs, problems)
    total = sum(map(len, batches))
    done: list[PartDone] = []
    with progress_bar("collecting") as step:
        for one in spread_by(engine)(partial(keep_batch, job.task), batches, jobs):
            done.append(one)
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
    if jobs == 1:
        return map(work, batches)
    return by_processes(work, batches, jobs, ": start the same again, and it goes on")
