"""Whole files by a local path or a URL, as workers of a job name them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .files import write_whole
from .urls import file_system, is_url


def exists(path: str) -> bool:
    """Return whether there is a file or folder.

    Raises:
        VlaeError: as `file_system`.
    """
    if not is_url(path):
        return os.path.exists(path)
    files, inner = file_system(path)
    return bool(files.exists(inner))


def size_of(path: str) -> int:
    """Return how many bytes a file has.

    Raises:
        OSError: missing.
    """
    if not is_url(path):
        return os.path.getsize(path)
    files, inner = file_system(path)
    return int(files.size(inner))


def read_all(path: str) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: missing or unreadable.
    """
    if not is_url(path):
        return Path(path).read_bytes()
    files, inner = file_system(path)
    return bytes(files.cat_file(inner))


def write_all(path: str, data: bytes) -> None:
    """Write a file, on a local disk whole or not at all, and replace what is there.

    Raises:
        VlaeError, OSError: it cannot be written.
    """
    if not is_url(path):
        write_whole(Path(path), data)
        return
    files, inner = file_system(path)
    files.pipe_file(inner, data)


def make_folder(path: str) -> None:
    """Make a folder and those above it, unless they are there.

    Raises:
        OSError: it cannot be made.
    """
    if not is_url(path):
        os.makedirs(path, exist_ok=True)
        return
    files, inner = file_system(path)
    files.makedirs(inner, exist_ok=True)


def remove_folder(path: str) -> None:
    """Remove a folder with all that is in it.

    Raises:
        OSError: it cannot be removed.
    """
    if not is_url(path):
        shutil.rmtree(path)
        return
    files, inner = file_system(path)
    files.rm(inner, recursive=True)
