"""What collections are made of: folders of pictures, tars as WebDataset writes them, and columns of Parquet files.

A job is planned as batches that know where their pictures lie, by paths or URLs, and travel; workers read them.
"""

from __future__ import annotations

import tarfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeAlias

from ..errors import VlaeError
from ..io.files import opened, read_up_to
from ..io.images import MAX_BYTES
from ..io.targets import walk
from ..io.urls import find_files, is_url, name_of
from .parts import PartDone, PartTask, Portable, keep_part

TAR, PARQUET = ".tar", ".parquet"
Problems: TypeAlias = "list[tuple[Path, str]]"


class Batch(Protocol):
    """Pictures of one part, by where they lie."""

    def __len__(self) -> int: ...

    def read(self) -> tuple[Sequence[str], Sequence[Portable]]:
        """Return names and pictures.

        Raises:
            VlaeError, OSError: their file cannot be read.
        """


@dataclass(frozen=True)
class Files:
    """Files of one picture each.

    Attributes:
        names: of the pictures.
        paths: of their files.
    """

    names: tuple[str, ...]
    paths: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def read(self) -> tuple[Sequence[str], Sequence[Portable]]:
        """Return names and bytes; for a file that cannot be read its path, by which coding it fails with the reason."""
        return self.names, list(map(_content, self.paths))


@dataclass(frozen=True)
class Members:
    """Members of an uncompressed tar.

    Attributes:
        path: of the tar.
        members: name, offset and size of each.
    """

    path: str
    members: tuple[tuple[str, int, int], ...]

    def __len__(self) -> int:
        return len(self.members)

    def read(self) -> tuple[Sequence[str], Sequence[Portable]]:
        """Return names and bytes."""
        found = list[Portable]()
        with opened(self.path) as file:
            for _, offset, size in self.members:
                file.seek(offset)
                found.append(file.read(size))
        return [name for name, _, _ in self.members], found


@dataclass(frozen=True)
class Rows:
    """Rows of a row group of a Parquet file.

    Attributes:
        path: of the file.
        column: of the pictures: bytes, or Hugging Face's bytes and path.
        names: column of their names; without it they have the file's name and their numbers.
        group: the row group.
        start, stop: its rows.
        first: number of the row group's first row in the file.
    """

    path: str
    column: str
    names: str | None
    group: int
    start: int
    stop: int
    first: int

    def __len__(self) -> int:
        return self.stop - self.start

    def read(self) -> tuple[Sequence[str], Sequence[Portable]]:
        """Return names and bytes."""
        from pyarrow.parquet import ParquetFile

        columns = list(filter(None, (self.column, self.names)))
        with opened(self.path) as source, ParquetFile(source) as file:
            rows = file.read_row_group(self.group, columns).slice(self.start, len(self)).to_pylist()
        pictures = [row[self.column] for row in rows]
        if self.names:
            return [str(row[self.names]) for row in rows], [_bytes(one) for one in pictures]
        numbers = range(self.first + self.start, self.first + self.stop)
        return [f"{Path(self.path).stem}/{number:08d}" for number in numbers], [_bytes(one) for one in pictures]


@dataclass(frozen=True)
class Plan:
    """How inputs are cut into batches.

    Attributes:
        kinds: suffixes of pictures, in small letters.
        part: pictures of a batch at most.
        column: of pictures in Parquet files.
        names: column of their names.
    """

    kinds: Collection[str]
    part: int
    column: str = "image"
    names: str | None = None

    def batches(self, inputs: Sequence[Path | str], problems: Problems) -> list[Batch]:
        """Return all pictures of the inputs; what cannot be read is a problem.

        Args:
            inputs: pictures, folders of pictures, tars and Parquet files, by paths or URLs.
            problems: what is wrong, with its path.

        Raises:
            VlaeError: there are no pictures, a tar is compressed, or a Parquet file has no such column.
            OSError: a tar or Parquet file cannot be read.
        """
        found, plain = list[Batch](), list[tuple[str, str]]()
        for path in inputs:
            kind = name_of(path).suffix.lower()
            if kind in (TAR, PARQUET):
                found += self._of_files(plain)
                found += self._of_tar(path) if kind == TAR else self._of_table(path)
                plain = []
            else:
                plain += self._plain(path, problems)
        found += self._of_files(plain)
        if not found:
            raise VlaeError(f"no pictures of a known kind in {', '.join(map(str, inputs))}")
        return found

    def _plain(self, where: Path | str, problems: Problems) -> list[tuple[str, str]]:
        """Return names and places of the pictures in a folder, or of one picture."""
        if isinstance(where, str):
            below = None if name_of(where).suffix.lower() in self.kinds else find_files(where)
            if below is None:
                return [(name_of(where).name, where)]
            return [(name, url) for name, url in below if PurePosixPath(name).suffix.lower() in self.kinds]
        if not where.is_dir():
            return [(where.name, _place(where))]
        found = (file for file in walk(where, problems) if file.suffix.lower() in self.kinds)
        return [(file.relative_to(where).as_posix(), _place(file)) for file in found]

    def _of_files(self, plain: Sequence[tuple[str, str]]) -> Iterator[Batch]:
        for start in range(0, len(plain), self.part):
            names, paths = zip(*plain[start : start + self.part], strict=True)
            yield Files(names, paths)

    def _of_tar(self, path: Path | str) -> Iterator[Batch]:
        with opened(path) as file:
            try:
                with tarfile.open(fileobj=file, mode="r:") as tar:
                    found = [
                        (PurePosixPath(one.name).as_posix(), one.offset_data, one.size)
                        for one in tar
                        if one.isfile() and PurePosixPath(one.name).suffix.lower() in self.kinds
                    ]
            except tarfile.TarError as error:
                raise VlaeError(f"{path}: no uncompressed tar, or damaged ({error})") from error
        for start in range(0, len(found), self.part):
            yield Members(_place(path), tuple(found[start : start + self.part]))

    def _of_table(self, path: Path | str) -> Iterator[Batch]:
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import read_metadata

        with opened(path) as file:
            try:
                about = read_metadata(file)
            except ArrowInvalid as error:
                raise VlaeError(f"{path}: no Parquet file, or damaged") from error
        there = about.schema.to_arrow_schema().names
        for name in filter(None, (self.column, self.names)):
            if name not in there:
                raise VlaeError(f"{path} has no column {name}: it has {', '.join(there)}")
        first = 0
        for group in range(about.num_row_groups):
            rows = about.row_group(group).num_rows
            for start in range(0, rows, self.part):
                stop = min(rows, start + self.part)
                yield Rows(_place(path), self.column, self.names, group, start, stop, first)
            first += rows


def keep_batch(task: PartTask, batch: Batch) -> PartDone:
    """Read a batch and write its part, unless it is there; a function for workers.

    Raises:
        ModelError, VlaeError, OSError: as `keep_part` and `Batch.read`.
    """
    names, pictures = batch.read()
    return keep_part(task, pictures, names)


def _place(where: Path | str) -> str:
    """Return where workers find a file, which may stand in other folders."""
    return where if isinstance(where, str) else str(where.absolute())


def _content(path: str) -> Portable:
    try:
        return read_up_to(path if is_url(path) else Path(path), MAX_BYTES)
    except (ValueError, OSError):
        return path


def _bytes(value: object) -> Portable:
    """Return the bytes of a cell, of Hugging Face's pictures the bytes in them; None if there are none."""
    if isinstance(value, dict):
        value = value.get("bytes")
    return value if isinstance(value, bytes) else None
