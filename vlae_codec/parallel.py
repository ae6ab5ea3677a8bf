"""Independent work side by side in threads: numpy lets go of the interpreter while it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_threads(function: Callable[[Job], Result], jobs: Iterable[Job], workers: int) -> list[Result]:
    """The function of every job, in order, `workers` of them at a time.

    An exception, an interrupt too, drops the jobs that have not begun and goes on to the caller.
    """
    if workers < 2:
        return [function(job) for job in jobs]
    pool = ThreadPoolExecutor(workers)
    try:
        return list(pool.map(function, jobs))
    finally:
        pool.shutdown(cancel_futures=True)
