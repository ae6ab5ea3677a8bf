"""An open collection: any picture by its number, many at once, and all of them in order."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from ..container import header
from ..container.collection import HEAD, summary, unpack_record
from ..container.envelope import unwrap
from ..errors import FormatError, VlaeError
from ..families.known import family_of_file
from ..io.images import PillowImage, Pixels, to_pillow
from .decode import Decoder, Item
from .index import Location, PartIndex, read_parts
from .sources import Local, Where, open_source, read_exactly

BATCH = 256
"""Pictures that are decoded together when all are read in order."""


class Collection:
    """The pictures of a collection, or of any other .vlz file, by their numbers; it travels to other processes.

    Args:
        where: the bytes; a path; a URL that fsspec opens; or an open file that can seek.
        seed: of the texture in lossy files.
        device: "cpu", "torch" or "cuda".
        max_pixels: of one file of it with all its pictures; by default as for `vlae_codec.decompress`.

    Raises:
        FormatError: no .vlz file, damaged at its end, or cut short.
        VlaeError: a folder, an open file that cannot seek, or a URL without fsspec being installed.
        OSError: missing or unreadable.
    """

    def __init__(self, where: Where, *, seed: int = 0, device: str = "cpu", max_pixels: int | None = None) -> None:
        self.where, self._source = where, open_source(where)
        self._options = {"seed": seed, "device": device, "max_pixels": max_pixels}
        self._decoder = Decoder(seed, device, max_pixels)
        self._last: tuple[int, bytes] | None = None
        head = self._source.read(0, header.HEADER.size)
        self.parts: list[PartIndex] = []
        if head == HEAD[: len(head)] and head:
            self.parts = read_parts(self._source)
        else:
            if self._source.size > header.limit(head):
                header.parse_head(head)
                raise FormatError(f"{self._source.size} bytes, more than a file of one picture has")
            whole = read_exactly(self._source, 0, self._source.size)
            self._single, _ = summary(whole)
            content, _ = unwrap(whole)
            if header.parse_head(content)[0] != header.ARCHIVE:
                family_of_file(content)  # raises what unknown modes deserve
        counts = [part.footer.pictures for part in self.parts] if self.parts else [self._single]
        self._firsts = list(accumulate(counts, initial=0))

    def __len__(self) -> int:
        return self._firsts[-1]

    @property
    def files(self) -> int:
        """How many .vlz files it holds; archives have several pictures each."""
        return sum(part.footer.records for part in self.parts) if self.parts else 1

    def models(self) -> list[str]:
        """Return the beginnings of the fingerprints of all models needed, 6 hexadecimal digits each.

        Raises:
            FormatError: the index is damaged.
        """
        if not self.parts:
            return list(filter(None, [summary(self.file(0)[1])[1].hex()]))
        return sorted({model.hex() for part in self.parts for model in part.root.models})

    def __getitem__(self, number: int) -> PillowImage:
        """Return the picture of a number; negative ones count from the end.

        Raises:
            IndexError: there is none of this number.
            FormatError: it is damaged.
            ModelError: its model is not installed.
        """
        return to_pillow(self.decode([number])[0])

    def __iter__(self) -> Iterator[PillowImage]:
        return (to_pillow(pixels) for _, pixels in self.numbered())

    def decode(self, numbers: Sequence[int]) -> list[Pixels]:
        """Return pictures, uint8 (H, W), (H, W, 3) or with alpha; bilevel ones, bool (H, W), are decoded together.

        Args:
            numbers: which ones, in any order.

        Raises:
            IndexError, FormatError, ModelError: as for one picture.
        """
        found = [self._location(number) for number in numbers]
        return self._decoder.decode([(self._read(one), one.number, one.start) for one in found])

    def numbered(self, start: int = 0, step: int = 1) -> Iterator[tuple[int, Pixels]]:
        """Yield numbers and pictures of every `step`-th file from `start` on, in order; as `decode` returns them.

        Raises:
            FormatError, ModelError: as for one picture.
        """
        waiting: list[tuple[int, Item]] = []
        first = 0
        for number, (location, count) in enumerate(self._records()):
            if number % step == start:
                data = self._read(location)
                for index in range(count):
                    waiting.append((first + index, (data, index, location.start)))
                    if len(waiting) == BATCH:
                        yield from self._drawn(waiting)
                        waiting = []
            first += count
        yield from self._drawn(waiting)

    def _drawn(self, items: Sequence[tuple[int, Item]]) -> Iterator[tuple[int, Pixels]]:
        pictures = self._decoder.decode([item for _, item in items])
        return zip([number for number, _ in items], pictures, strict=True)

    def file(self, number: int) -> tuple[str, bytes, int]:
        """Return name and bytes of the .vlz file that holds a picture, and the picture's number in it.

        Raises:
            IndexError, FormatError: as for one picture.
        """
        location = self._location(number)
        record = read_exactly(self._source, location.start, location.size)
        name, data = unpack_record(record) if self.parts else ("", record)
        return name, data, location.number

    def name(self, number: int) -> str:
        """Return the name of a picture's file, empty if it was given none.

        Raises:
            IndexError, FormatError: as for one picture.
        """
        return self.file(number)[0]

    def names(self) -> Iterator[str]:
        """Yield the names of all files, in order.

        Raises:
            FormatError: they are damaged.
        """
        for part in self.parts:
            yield from part.names()

    def listing(self) -> Iterator[tuple[int, int, int, str]]:
        """Yield of each file the number of its first picture, how many it has, its bytes, and its name.

        Raises:
            FormatError: the index is damaged.
        """
        first, names = 0, self.names() if self.parts else iter([""])
        for (location, count), name in zip(self._records(), names, strict=True):
            yield first, count, location.size, name
            first += count

    def find(self, name: str) -> int:
        """Return the number of the first picture of the first file of this name.

        Raises:
            VlaeError: there is none.
            FormatError: the index is damaged.
        """
        first = 0
        for part in self.parts:
            for found, (_, count) in zip(part.names(), part.records(), strict=True):
                if found == name:
                    return first
                first += count
        raise VlaeError(f"no file of the collection is called {name}")

    def close(self) -> None:
        """Close the file, if it was opened by its path."""
        if isinstance(self._source, Local):
            self._source.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        where = os.path.abspath(self._source.path) if isinstance(self._source, Local) else self.where
        return _reopen, (where, self._options)

    def _records(self) -> Iterator[tuple[Location, int]]:
        if not self.parts:
            yield Location(0, self._source.size, 0), self._single
        for part in self.parts:
            yield from part.records()

    def _location(self, number: int) -> Location:
        wanted = range(len(self))[number]
        if not self.parts:
            return Location(0, self._source.size, wanted)
        part = bisect_right(self._firsts, wanted) - 1
        return self.parts[part].location(wanted - self._firsts[part])

    def _read(self, location: Location) -> bytes:
        last = self._last  # an archive is read many times over
        if last is None or last[0] != location.start:
            record = read_exactly(self._source, location.start, location.size)
            last = self._last = (location.start, unpack_record(record)[1] if self.parts else record)
        return last[1]


def _reopen(where: Where, options: dict[str, Any]) -> Collection:
    return Collection(where, **options)
