"""Inputs in batches, in this process or in several: results come in the order of the inputs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from vlae_codec.errors import VlaeError
from vlae_codec.io.files import STREAM

from .common import describe
from .startup import quieten_pillow, release_signals, signals_held

Task = TypeVar("Task")
Ready = TypeVar("Ready")
Made = TypeVar("Made")
Item = TypeVar("Item")
Pair = tuple[Path, Path]
"""An input and its output."""

Done = tuple[Pair, "Any | str"]
"""A pair and its record, or the line that says why there is none."""

Step = Callable[[int, int], None]
Work = Callable[[Task, Sequence[Pair], "Step | None"], "list[Done]"]
"""Does a batch; the step is called with pictures done and the number of all."""

BATCH = 256
"""Inputs whose pictures are in memory at once."""
SHARES = 4
"""Batches for each process, so that none waits long for another."""


def in_batches(work: Work[Task], task: Task, pairs: Sequence[Pair], jobs: int, step: Step) -> Iterator[Done]:
    """Do all pairs; an interrupt ends the other processes, none of which leaves a file half-written.

    Args:
        work: a function of a module, which other processes import.
        task: what it needs beside the pairs; goes to other processes too.
        pairs: what is to be done; of the standard input there is only one, so it is not shared out.
        jobs: processes.
        step: called with the inputs done and the number of all.
    """
    if jobs == 1 or len(pairs) < 2 or any(source == STREAM for source, _ in pairs):
        for start in range(0, len(pairs), BATCH):
            yield from work(task, pairs[start : start + BATCH], step)
        return
    size = max(1, min(BATCH, -(-len(pairs) // (jobs * SHARES))))
    batches = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    advice = ", out of memory perhaps: use fewer --jobs"
    for done in by_processes(partial(_share, work, task), batches, jobs, advice):
        step(len(done), len(pairs))
        yield from done


def _share(work: Work[Task], task: Task, batch: Sequence[Pair]) -> list[Done]:
    return work(task, batch, None)


def done_together(
    pairs: Sequence[Pair],
    prepare: Callable[[Path, Path], Ready],
    work: Callable[[list[Ready]], Iterator[Made | VlaeError]],
    finish: Callable[[Pair, Ready, Made], Any],
) -> list[Done]:
    """Prepare each pair, work on all of them together, and finish each; what fails becomes a line, the others go on.

    Args:
        pairs: of a batch.
        prepare: reads an input and checks its output.
        work: yields what comes of those that could be prepared, in order, or what is wrong with it.
        finish: writes an output; its result is the record.
    """
    found = [_or_line(partial(prepare, *pair)) for pair in pairs]
    made = work([one for one in found if not isinstance(one, str)])
    done: list[Done] = []
    for pair, one in zip(pairs, found, strict=True):
        record: Any = one
        if not isinstance(one, str):
            result = next(made)
            record = describe(result) if isinstance(result, VlaeError) else _or_line(partial(finish, pair, one, result))
        done.append((pair, record))
    return done


def _or_line(work: Callable[[], Made]) -> Made | str:
    try:
        return work()
    except (VlaeError, OSError) as error:
        return describe(error)


def by_processes(work: Callable[[Item], Made], items: Sequence[Item], jobs: int, advice: str) -> Iterator[Made]:
    """Yield what a function makes of each item, in order, by processes; an interrupt ends them.

    Args:
        work: a function of a module, or a part of one, which other processes import.
        items: what it is given.
        jobs: processes.
        advice: end of the message when one of them was ended from outside.

    Raises:
        VlaeError: one was.
    """
    # Imported here, for --help and single files take as long without them as these imports do.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    from vlae_codec import memory, parallel

    count, limit = min(jobs, len(items)), memory.allowed()
    shares = parallel.threads(1), None if limit is None else limit // count
    pool = ProcessPoolExecutor(count, get_context("spawn"), begin, shares)
    whole = False
    try:
        with signals_held():  # processes start here
            futures = [pool.submit(_until_signal, work, item) for item in items]
        yield from (future.result() for future in futures)
        whole = True
    except BrokenProcessPool as error:
        raise VlaeError(f"a process was ended from outside{advice}") from error
    finally:
        if not whole:
            for process in active_children():
                process.terminate()
        pool.shutdown(cancel_futures=True)


def begin(threads: int = 1, limit: int | None = None) -> None:
    """Prepare a process: an interrupt is the first process's business, which ends it.

    Args:
        threads: that it may compute in.
        limit: of the memory that it may hold, bytes.
    """
    from vlae_codec import memory, parallel

    quieten_pillow()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    release_signals()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # so that what is half-written is taken away
    parallel.use_threads(threads)
    memory.limit(limit)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _until_signal(work: Callable[[Item], Made], item: Item) -> Made:
    """Work in a process of its own, which ends at a signal: the pool would catch it and go on with the next item."""
    try:
        return work(item)
    except SystemExit:
        os._exit(1)


def _end_with_parent() -> None:
    """End this process when the first one is gone, however it ended: no process is left to take the results."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
