"""Independent work side by side in threads: numpy lets go of the interpreter while it computes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Settings:
    threads: int | None = None


@contextmanager
def limited(count: int | None) -> Iterator[None]:
    """Let this process compute in so many threads; None changes nothing. Models that are loaded keep their number."""
    before = _Settings.threads
    use_threads(before if count is None else count)
    try:
        yield
    finally:
        use_threads(before)


def use_threads(count: int | None) -> None:
    """Let this process compute in so many threads from now on; None is one for each core that it may use."""
    _Settings.threads = count


def threads(default: int | None = None) -> int:
    """Return in how many threads this process computes, by default in one for each core."""
    return _Settings.threads or default or cores()


def in_threads(function: Callable[[Job], Result], jobs: Iterable[Job], workers: int) -> list[Result]:
    """Return the function's result for every job, in order, `workers` of them at a time.

    Several jobs share the cores among themselves, with the BLAS kept to one thread in each. An exception, an
    interrupt too, drops the jobs that have not begun and goes on to the caller.
    """
    jobs = list(jobs)
    if workers < 2 or len(jobs) < 2:
        return [function(job) for job in jobs]
    with single_blas_thread():
        pool = ThreadPoolExecutor(workers)
        try:
            return list(pool.map(function, jobs))
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def single_blas_thread() -> Iterator[None]:
    """Keep the BLAS to one thread in the whole process; do nothing while another thread is doing so.

    If both did, the one that leaves last would restore the number that it found: the other's one thread, for good.
    """
    if not _limiting.acquire(blocking=False):
        yield
        return
    try:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        _limiting.release()


_limiting = threading.Lock()
