"""Collections on disk: appended to, joined and mended; one writer at a time, and nothing lost if it is stopped."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from ..container.collection import HEAD, IndexBuilder, summary, unpack_record
from ..errors import FormatError, VlaeError
from ..io.files import disk_errors, replaced
from ..io.urls import file_system, is_url
from .index import PartIndex, read_parts
from .sources import Local, Source, Stream, Where, open_source, read_exactly
from .streams import PIECE, scan


def append(path: str | os.PathLike[str], part: Where) -> int:
    """Add a collection to the end of another; what is there stays as it is, whatever happens.

    Args:
        path: the collection; made if it is not there.
        part: what is added, such as the bytes of `encode_part`.

    Returns:
        How many pictures it has now.

    Raises:
        FormatError: one of them is no whole collection.
        VlaeError: another writer is at work, or the disk is full; the collection is as it was.
    """
    target, source = Path(path), open_source(part)
    added = sum(one.footer.pictures for one in _parts(source))
    with _locked(target), disk_errors(target):
        end, before = 0, 0
        if target.exists():
            old = Local(target)
            end, before = old.size, sum(one.footer.pictures for one in _parts(old))
            old.close()
        with target.open("r+b" if target.exists() else "xb") as file:
            try:
                file.seek(end)
                _copy(source, 0, source.size, file)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(end)
                raise
    return before + added


def join(parts: Iterable[Where], out: str | os.PathLike[str], *, force: bool = False) -> int:
    """Write one collection with one index of several, and of single .vlz files; the sources stay as they are.

    Args:
        parts: collections or .vlz files, in order; files given by their paths keep their names.
        out: the new collection, a path or a URL; written whole or not at all.
        force: replace what is there.

    Returns:
        How many pictures it has.

    Raises:
        FormatError: one of them is damaged.
        VlaeError: it exists, a source is missing, another writer is at work, or the disk is full.
    """
    index = IndexBuilder()
    with _written(out, force) as file:
        file.write(HEAD)
        for one in parts:
            try:
                source = open_source(one)
                if source.read(0, len(HEAD)) == HEAD:
                    for part in _parts(source):
                        _copy(source, part.start + len(HEAD), part.records_end - len(HEAD), file)
                        index.add_part(part.footer, part.root, part.pages())
                else:
                    name = Path(one).name if isinstance(one, str | os.PathLike) else ""
                    file.write(index.add_file(name, read_exactly(source, 0, source.size)))
            except FormatError as error:
                raise FormatError(f"{_title(one)}: {error}") from error
            except FileNotFoundError as error:
                raise VlaeError(f"{_title(one)}: no such file") from error
        for piece in index.finish():
            file.write(piece)
    return index.pictures


def recover(path: str | os.PathLike[str]) -> int:
    """Mend a collection whose last part was never finished, or an index of which is damaged: whole records stay.

    Args:
        path: the collection, on a local disk. What is cut off is kept beside it, in a file of its name and `.lost`.

    Returns:
        How many bytes were cut off; 0 if there was nothing to mend, or an index alone.

    Raises:
        FormatError: it does not begin as a collection.
        VlaeError: another writer is at work, or the disk is full.
    """
    target = Path(path)
    with _locked(target), disk_errors(target), target.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        whole, index, sound = _scan_whole(file, Stream(file))
        more = index.end > len(HEAD)
        end = whole + index.end if more else whole
        if not whole and not more:
            raise FormatError("nothing in it is whole: it is no collection, or was stopped before its first record")
        if end < size:
            file.seek(end)
            target.with_name(f"{target.name}.lost").write_bytes(file.read())
        if not sound:
            _rebuild(file, target)
        elif end < size or more:
            file.seek(end)
            file.writelines(index.finish() if more else ())
            file.truncate()
            os.fsync(file.fileno())
        return size - end


def _rebuild(file: IO[bytes], target: Path) -> None:
    """Write all whole records of an open collection anew, under one index."""
    index = IndexBuilder()
    file.seek(0)
    with _beside(target) as out:
        out.write(HEAD)
        with contextlib.suppress(FormatError):
            for record, _ in scan(file):
                if record is not None:
                    out.write(index.add_file(*unpack_record(record)))
        out.writelines(index.finish())


def _title(where: Where) -> str:
    return str(where) if isinstance(where, str | os.PathLike) else "a part"


def _scan_whole(file: IO[bytes], source: Source) -> tuple[int, IndexBuilder, bool]:
    """Where the last whole part ends, the index of what comes behind it, and whether all indices before are sound."""
    whole, index, sound = 0, IndexBuilder(), True
    file.seek(0)
    with contextlib.suppress(FormatError):
        for record, end in scan(file):
            if record is None:
                sound = _is_sound(source, end) and sound
                file.seek(end)
                whole, index = end, IndexBuilder()
                continue
            name, data = unpack_record(record)
            pictures, model = summary(data)
            index.add(len(record), pictures, name, model)
    return whole, index, sound


def _is_sound(source: Source, end: int) -> bool:
    try:
        part = PartIndex(source, end)
        for _ in zip(part.names(), part.records(), strict=True):
            pass
    except FormatError:
        return False
    return True


def _parts(source: Source) -> list[PartIndex]:
    """Return the parts of a collection, all indices verified."""
    if source.read(0, len(HEAD)) != HEAD:
        raise FormatError("no collection")
    parts = read_parts(source)
    for part in parts:
        assert part.root
    return parts


def _copy(source: Source, start: int, size: int, file: IO[bytes]) -> None:
    for begun in range(0, size, PIECE):
        file.write(read_exactly(source, start + begun, min(PIECE, size - begun)))


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold a lock file beside the collection while it is written; refuse if another writer holds it."""
    lock = target.with_name(target.name + ".lock")
    with disk_errors(target):
        try:
            handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError as error:
            owner = lock.read_text(errors="replace")[:20] if lock.exists() else "that is gone by now"
            raise VlaeError(
                f"{target}: another writer (process {owner}) is at work; if it is not, delete {lock.name}"
            ) from error
    try:
        os.write(handle, str(os.getpid()).encode())
        os.close(handle)
        yield
    finally:
        lock.unlink(missing_ok=True)


@contextlib.contextmanager
def _written(out: str | os.PathLike[str], force: bool) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name once all of it is written."""
    if is_url(out):
        files, path = file_system(out)
        if not force and files.exists(path):
            raise VlaeError(f"{out} exists: give another name, or force")
        with files.transaction, files.open(path, "wb") as file:
            yield file
        return
    target = Path(out)
    if target.exists() and not force:
        raise VlaeError(f"{target} exists: give another name, or force")
    with _locked(target), disk_errors(target), _beside(target) as local:
        yield local


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[IO[bytes]]:
    """Open a file beside another one, which it replaces at the end."""
    with replaced(target) as path, path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
