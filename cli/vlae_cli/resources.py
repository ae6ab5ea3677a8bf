"""What a command may take of a machine: memory and threads, by options that mean the same everywhere."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .common import parsed

R = TypeVar("R")

OPTIONS = (
    click.option(
        "--max-memory",
        callback=parsed("parse_bytes", "memory"),
        metavar="SIZE",
        help="The most memory at the peak, such as 800M or 2G, shared by --jobs; pictures that take more are refused.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Threads of a process that compute on the CPU; the results are the same."
        " [default: one for each core, and 1 in each of several --jobs]",
    ),
)


def resource_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command --max-memory and --threads, which hold while it runs."""

    @functools.wraps(command)
    def bounded(*args: Any, max_memory: int | None, threads: int | None, **rest: Any) -> R:
        if threads is not None and rest.get("device") == "cuda":
            raise click.UsageError("--threads is for the CPU, and --device cuda computes on the GPU")
        if max_memory is None and threads is None:
            return command(*args, **rest)
        from vlae_codec import memory, parallel

        with memory.limited(max_memory), parallel.limited(threads):
            memory.require(0, "the program itself")
            return command(*args, **rest)

    wrapped: Callable[..., R] = bounded
    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped
