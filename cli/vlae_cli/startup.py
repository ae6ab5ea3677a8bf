"""What every command does before its work: standard streams that can be written to, and signals that end it cleanly."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a command, as an interrupt does; Windows has one of them."""


@contextmanager
def prepared() -> Iterator[None]:
    """Prepare streams and signals; the signals' handlers are put back afterwards."""
    occupy_descriptors()
    escape_output()
    before = {}
    if threading.current_thread() is threading.main_thread():
        # An ignored signal stays ignored: nohup relies on it.
        taken = [number for number in ENDING if signal.getsignal(number) == signal.SIG_DFL]
        before = {number: signal.signal(number, _end) for number in taken}
    try:
        with warnings.catch_warnings():
            quieten_pillow()
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


HELD = (signal.SIGINT, *ENDING)
"""Signals that wait until other processes have started."""


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold signals back while processes start: one that is cut off before it has its task prints a traceback.

    Handlers that wait, because any thread may take a signal and the main one then runs its handler; and the mask,
    which processes inherit, because an interrupt from a terminal goes to all of them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: arrived.append(number)) for number in HELD}
    masked = hasattr(signal, "pthread_sigmask")  # not on Windows
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, HELD) if masked else set()
    try:
        yield
    finally:
        if masked:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in arrived:
        signal.raise_signal(number)


def release_signals() -> None:
    """Let signals through in a process that started while they were held."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)


def quieten_pillow() -> None:
    """Keep Pillow's warnings to itself: what they are about is refused, or said in a notice."""
    warnings.filterwarnings("ignore", module="PIL")


def occupy_descriptors() -> None:
    """Open the null device where a standard stream is closed, or the next file would take its descriptor.

    Python's own stream stays None then, so that a result which should go there can be refused.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)


def escape_output() -> None:
    r"""Let the output write what its encoding lacks as \x.. or \u....: file names can hold anything."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
            stream.reconfigure(errors="backslashreplace")


def _end(number: int, frame: FrameType | None) -> None:
    """End as after an interrupt: everything on the way out takes away what it has begun."""
    sys.exit(128 + number)
