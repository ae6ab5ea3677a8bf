"""URLs of file systems that fsspec opens: s3, http, memory and many more."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import urlsplit

from ..errors import VlaeError

if TYPE_CHECKING:
    import fsspec

NOT_FOUND = 404
"""Answer of a server of HTTP that has no such file."""


def is_url(where: object) -> TypeGuard[str]:
    """Return whether a path is a URL."""
    return isinstance(where, str) and "://" in where


def file_system(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of a URL, and the path in it.

    Raises:
        VlaeError: fsspec, or what it needs for this kind of URL, is not installed.
    """
    try:
        from fsspec.core import url_to_fs

        found: tuple[fsspec.AbstractFileSystem, str] = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise VlaeError(f"{url} cannot be opened ({error}): pip install 'vlae-codec[collections]'") from error
    return found


def name_of(where: Path | str) -> PurePosixPath | Path:
    """Return the path of a URL without what is before and behind it, or a path as it is."""
    return PurePosixPath(urlsplit(where).path) if isinstance(where, str) else where


def find_files(url: str) -> list[tuple[str, str]] | None:
    """Return the URLs of all files in and below a folder, with their names in it; None of what is no folder.

    Raises:
        VlaeError, OSError: as `file_system` and `reported`.
    """
    files, path = file_system(url)
    with reported(url):
        if not files.isdir(path):
            return None
        start = len(path.rstrip("/")) + 1
        return [(one[start:], files.unstrip_protocol(one)) for one in sorted(files.find(path))]


@contextlib.contextmanager
def reported(url: str) -> Iterator[None]:
    """Raise the errors of any file system as one that says what is wrong with a URL.

    Raises:
        FileNotFoundError: there is no such file.
        VlaeError: it cannot be reached.
    """
    try:
        yield
    except VlaeError:
        raise
    except Exception as error:  # libraries of file systems have classes of their own
        reason: BaseException = error
        while isinstance(reason, FileNotFoundError) and reason.__cause__ is not None:
            reason = reason.__cause__  # that of http takes a server that does not answer for a missing file
        if isinstance(reason, FileNotFoundError | KeyError) or getattr(reason, "status", 0) == NOT_FOUND:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), url) from error
        text = " ".join(str(reason).split()) or type(reason).__name__
        raise VlaeError(f"{url} cannot be reached: {text}") from error
