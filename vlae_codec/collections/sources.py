"""Where the bytes of a collection are read from: memory, local files, URLs that fsspec opens, and open files."""

from __future__ import annotations

import io
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol, TypeAlias

from ..errors import FormatError, VlaeError
from ..io.urls import file_system, is_url, reported

Where: TypeAlias = "bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]"
"""The bytes themselves; a path; a URL such as s3://bucket/set.vlz; or an open file that can seek."""


class Source(Protocol):
    """Bytes that can be read from any offset on."""

    size: int

    def read(self, start: int, size: int) -> bytes:
        """Return so many bytes from an offset on, fewer at the end."""


class Stream:
    """An open file that can seek, or bytes in memory as one; threads take turns."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self._lock = file, threading.Lock()
        self.size = file.seek(0, os.SEEK_END)

    def read(self, start: int, size: int) -> bytes:
        """Return so many bytes from an offset on, fewer at the end."""
        with self._lock:
            self.file.seek(start)
            return self.file.read(size)


class Local:
    """A file by its path; each process opens it for itself."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if self.path.is_dir():
            raise VlaeError(f"{self.path}: a folder, not a collection")
        self._stream, self._process = Stream(self.path.open("rb")), os.getpid()
        self.size = self._stream.size

    def read(self, start: int, size: int) -> bytes:
        """Return so many bytes from an offset on, fewer at the end."""
        if self._process != os.getpid():  # a forked worker shares the position of the file it was handed
            self._stream, self._process = Stream(self.path.open("rb")), os.getpid()
        return self._stream.read(start, size)

    def close(self) -> None:
        """Close the file."""
        self._stream.file.close()


class Remote:
    """A file of a file system of fsspec, read by ranges."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files, self.path = file_system(url)
        with reported(url):
            self.size = int(self.files.size(self.path) or 0)

    def read(self, start: int, size: int) -> bytes:
        """Return so many bytes from an offset on, fewer at the end."""
        end = min(self.size, start + size)
        if start >= end:
            return b""
        with reported(self.url):
            data = bytes(self.files.cat_file(self.path, start=start, end=end))
        if len(data) > end - start:
            raise VlaeError(f"{self.url}: the server does not send parts of a file: download it first")
        return data


def open_source(where: Where) -> Source:
    """Return the source of a collection.

    Raises:
        VlaeError: a folder, an open file that cannot seek, or a URL without fsspec being installed.
        OSError: missing or unreadable.
    """
    if isinstance(where, bytes | bytearray | memoryview):
        return Stream(io.BytesIO(where))
    if is_url(where):
        return Remote(where)
    if isinstance(where, str | os.PathLike):
        return Local(where)
    with suppress(AttributeError, OSError, ValueError):
        if where.seekable():
            return Stream(where)
    raise VlaeError("the file cannot seek: read it with vlae_codec.collections.read_stream")


def read_exactly(source: Source, start: int, size: int) -> bytes:
    """Return so many bytes from an offset on.

    Raises:
        FormatError: the file ends before.
    """
    data = source.read(start, size) if start >= 0 else b""
    if len(data) != size:
        raise FormatError(f"cut short: {size - len(data)} of {size} bytes from {start} on are missing")
    return data
