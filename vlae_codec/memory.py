"""How much memory a process may take at its peak: the limit, what it holds already, and refusals.

Work that takes memory by the size of a picture says so before it begins (`require`), with all that it will hold at
once; where there is no limit nothing is checked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from .errors import VlaeError

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
BEFORE = 100 << 20
"""Bytes that a process is taken to hold where the system does not say: the interpreter, its libraries and a model."""
_limit: ContextVar[int | None] = ContextVar("memory limit", default=None)


def parse_bytes(text: str) -> int:
    """Return the bytes of a text such as 800M or 1.5G; K, M, G and T are powers of 1024.

    Raises:
        VlaeError: it is no such text, or is nothing.
    """
    found = SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    if not size:
        raise VlaeError(f"{text!r} is no amount of memory: write it like 800M or 1.5G")
    return size


@contextmanager
def limited(size: int | None) -> Iterator[None]:
    """Let the process hold at most so many bytes, those that it holds already among them; None changes nothing."""
    token = _limit.set(allowed() if size is None else size)
    try:
        yield
    finally:
        _limit.reset(token)


def limit(size: int | None) -> None:
    """Let the process hold at most so many bytes from now on."""
    _limit.set(size)


def allowed() -> int | None:
    """Return the limit, if there is one."""
    return _limit.get()


def require(beside: float, work: str) -> None:
    """Refuse work that takes more memory than the limit leaves.

    Args:
        beside: bytes that it takes at the most beside what the process holds now.
        work: its name, for people.

    Raises:
        VlaeError: it does not fit; names the least that is needed.
    """
    most = allowed()
    if most is not None and (least := held() + beside) > most:
        needed = -(-int(least) >> 20)
        raise VlaeError(f"{work} takes {needed}M of memory at the least, and {most >> 20}M are allowed")


def fits(beside: float) -> bool:
    """Return whether work that takes so many bytes beside what the process holds keeps within the limit."""
    most = allowed()
    return most is None or held() + beside <= most


def held() -> int:
    """Return the bytes of memory that this process holds."""
    if sys.platform != "linux":
        return BEFORE
    import resource

    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
