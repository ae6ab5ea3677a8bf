"""URLs of file systems that fsspec opens: s3, http, memory and many more."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from ..errors import VlaeError

if TYPE_CHECKING:
    import fsspec


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


def read_url(url: str, limit: int) -> bytes:
    """Return the bytes of a URL.

    Raises:
        VlaeError: there are more than `limit`, or as `file_system`.
        OSError: missing or unreadable.
    """
    files, path = file_system(url)
    if (size := files.size(path)) is not None and size > limit:
        raise VlaeError(f"{url}: {size} bytes, and {limit} is the most that is read")
    return bytes(files.cat_file(path))


def read_head(url: str, size: int) -> bytes:
    """Return the first bytes of a URL.

    Raises:
        VlaeError: as `file_system`.
        OSError: missing or unreadable.
    """
    files, path = file_system(url)
    return bytes(files.cat_file(path, start=0, end=size))
