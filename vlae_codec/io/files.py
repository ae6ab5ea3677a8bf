"""Reading within limits, writing whole or not at all. `-` is a stream."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import VlaeError
from .urls import file_system, is_url, reported

STREAM = Path("-")
BLOCK = 1 << 16
"""Bytes that are fetched at once beyond those that are wanted."""


def read_up_to(path: Path | str, limit: int) -> bytes:
    """Read the bytes of a file or URL, but no more than limit + 1, by which a caller notices what is too long.

    Raises:
        VlaeError: a folder, a closed stream, or a URL that cannot be reached.
        OSError: missing or unreadable.
    """
    with opened(path) as file:
        return file.read(limit + 1)


def read_by_head(path: Path | str, size: int, limit_of: Callable[[bytes], int]) -> bytes:
    """As `read_up_to`, with a limit that the first `size` bytes of the file decide.

    Raises:
        VlaeError: a folder, a closed stream, or a URL that cannot be reached.
        OSError: missing or unreadable.
    """
    with opened(path) as file:
        return read_stream(file, size, limit_of)


@contextlib.contextmanager
def opened(where: Path | str) -> Iterator[IO[bytes]]:
    """Open a file or URL, or take the standard input, which stays open.

    Of large files of URLs no more is fetched than is read, where the server allows that.
    """
    if is_url(where):
        system, inner = file_system(where)
        with reported(where), system.open(inner, "rb", block_size=BLOCK) as file:
            yield file
        return
    path = Path(where)
    if path == STREAM:
        if sys.stdin is None:
            raise VlaeError("the standard input is closed")
        yield sys.stdin.buffer
        return
    if path.is_dir():
        raise VlaeError("a folder, not a file: name the files in it")
    with path.open("rb") as file:
        yield file


def read_stream(file: IO[bytes], size: int, limit_of: Callable[[bytes], int]) -> bytes:
    """Read the rest of an open file, but no more than a limit (and one byte) that its first `size` bytes decide."""
    head = file.read(size)
    return head + file.read(max(0, limit_of(head) + 1 - len(head)))


@dataclass(frozen=True)
class Origin:
    """What an output is made of: it is no more open to others than that, and may keep its time.

    Attributes:
        sources: files or folders; streams among them are passed over.
        keep_time: give the output the time of the newest one.
    """

    sources: tuple[Path, ...] = ()
    keep_time: bool = False

    def mode(self) -> int:
        """Return the mode of a new output, to which the umask is still to be applied; its owner may write it."""
        mode = 0o666
        for found in self._found():
            mode &= found.st_mode | stat.S_IRUSR | stat.S_IWUSR
        return mode

    def time(self) -> int | None:
        """Return the time that the output should keep, nanoseconds, or None."""
        return max((found.st_mtime_ns for found in self._found()), default=None) if self.keep_time else None

    def _found(self) -> Iterator[os.stat_result]:
        for path in self.sources:
            if path != STREAM:
                with contextlib.suppress(OSError):
                    yield path.stat()


NOWHERE = Origin()
"""Of an output that is made of no file."""


def write_whole(target: Path, data: bytes, origin: Origin = NOWHERE) -> None:
    """Write a file whole or not at all: beside it under another name, then renamed.

    Where a file is replaced its mode stays, and so does a symbolic link, whose target is replaced.

    Raises:
        VlaeError: it cannot be written; nothing is left behind.
    """
    if target == STREAM:
        _write_stream(data)
        return
    if is_stream(target):
        with disk_errors(target), target.open("wb") as file:
            file.write(data)
        return
    place = Path(os.path.realpath(target)) if target.is_symlink() else target
    with disk_errors(target), replaced(place) as beside:
        old, time = _mode_of(place), origin.time()
        mode = origin.mode() if old is None else old & origin.mode()
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
        if old is not None:
            beside.chmod(old)
        if time is not None:
            os.utime(beside, ns=(time, time))


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Yield a path beside a file, which what is written there replaces at the end; an error leaves nothing of it."""
    beside = target.with_name(f".vlae-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield beside
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def disk_errors(target: Path | str) -> Iterator[None]:
    """Raise errors of the disk as one that names what was to be written.

    Raises:
        VlaeError: it cannot be.
    """
    try:
        yield
    except OSError as error:
        raise VlaeError(f"{target} cannot be written: {error.strerror}") from error


def is_stream(path: Path) -> bool:
    """Return whether a path is that of a device such as /dev/null, or of a pipe: written to, and never replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _mode_of(path: Path) -> int | None:
    """Return the permissions of a file, or None if it is not there."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _write_stream(data: bytes) -> None:
    if sys.stdout is None:
        raise VlaeError("the standard output is closed, and the result should go there")
    with disk_errors("the standard output"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
