from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from vlae_codec.parallel import cores, in_threads, single_blas_thread


def blas_threads() -> list[int]:
    """Threads of each BLAS that is loaded."""
    np.ones((2, 2)) @ np.ones((2, 2))
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads() -> Iterator[list[int]]:
    """What the BLAS is set to outside; skips where it cannot be set (Accelerate) or has one thread only."""
    with threadpool_limits(limits=2, user_api="blas"):
        found = blas_threads()
        if not found or max(found) < 2:
            pytest.skip("no BLAS whose threads can be set to two")
        yield found


def test_jobs_side_by_side_leave_the_blas_one_thread_each(two_blas_threads: list[int]) -> None:
    inside = in_threads(lambda job: blas_threads(), range(4), 2)
    assert all(max(found) == 1 for found in inside)
    assert blas_threads() == two_blas_threads


def test_a_job_alone_keeps_all_threads(two_blas_threads: list[int]) -> None:
    assert in_threads(lambda job: blas_threads(), range(1), 2) == [two_blas_threads]
    assert in_threads(lambda job: blas_threads(), range(2), 1) == [two_blas_threads] * 2


def test_limits_that_overlap_are_lifted() -> None:
    """Entered first, left first: if the second restored what it found, the BLAS would stay at one thread."""
    before = blas_threads()
    if not before or max(before) < 2:
        pytest.skip("the BLAS has one thread to begin with")
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with single_blas_thread():
            entered.set()
            leave.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    assert entered.wait(10)
    with single_blas_thread():
        assert max(blas_threads()) == 1
        leave.set()
        other.join()
    assert blas_threads() == before


def test_an_exception_lifts_the_limit(two_blas_threads: list[int]) -> None:
    def job(number: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(job, range(3), 2)
    assert blas_threads() == two_blas_threads


def test_there_is_a_core() -> None:
    assert cores() >= 1
