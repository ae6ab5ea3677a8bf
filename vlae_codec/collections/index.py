"""The index of a collection: which bytes of which part hold a picture."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from ..container.collection import (
    END,
    FOOTER_SIZE,
    HEAD,
    Counts,
    Footer,
    Root,
    parse_footer,
    parse_names,
    parse_page,
    parse_root,
)
from ..errors import FormatError
from .sources import Source, read_exactly

TAIL = 1 << 16
"""Bytes that are read at once from the end: the root of some million records."""
PAGES = 64
"""Pages that are kept."""


class Location(NamedTuple):
    """Where a picture is: bytes of its record, from an offset on, and its number among the record's pictures."""

    start: int
    size: int
    number: int


class Page(NamedTuple):
    """A page of the index: first byte of each record and of what follows, and the pictures before each."""

    starts: Counts
    firsts: Counts


class PartIndex:
    """The index of one part, verified as far as it is read.

    Args:
        source: the collection.
        end: where the part ends.

    Raises:
        FormatError: no part ends there, or it is damaged.
    """

    def __init__(self, source: Source, end: int) -> None:
        self.source, self.end = source, end
        self.footer: Footer = parse_footer(source.read(max(0, end - FOOTER_SIZE), min(end, FOOTER_SIZE)))
        self.start = end - self.footer.length
        if self.start < 0:
            raise FormatError(f"its last part has {self.footer.length} bytes and {end} are there: its beginning is cut")
        self._page = lru_cache(PAGES)(self._read_page)

    @cached_property
    def root(self) -> Root:
        """The root, read at its first use.

        Raises:
            FormatError: it is damaged.
        """
        data = read_exactly(self.source, self.start + self.footer.root_offset, self.footer.root)
        if read_exactly(self.source, self.start, len(HEAD)) != HEAD:
            raise FormatError("a part does not begin where its index says: damaged")
        return parse_root(data, self.footer)

    @property
    def records_end(self) -> int:
        """Where the records end in the part."""
        return int(self.root.offsets[0]) - END.size

    def location(self, number: int) -> Location:
        """Return where the picture of this number in the part is.

        Raises:
            FormatError: the index is damaged.
        """
        page = self._page(int(np.searchsorted(self.root.rows["picture"], number, side="right")) - 1)
        record = int(np.searchsorted(page.firsts, number, side="right")) - 1
        start, end = page.starts[record : record + 2].tolist()
        return Location(self.start + start, end - start, number - int(page.firsts[record]))

    def records(self) -> Iterator[tuple[Location, int]]:
        """Yield the location of each record's first picture, and how many pictures it has.

        Raises:
            FormatError: the index is damaged.
        """
        for number in range(self.footer.pages):
            page = self._page(number)
            for start, end, count in zip(page.starts[:-1], page.starts[1:], np.diff(page.firsts), strict=True):
                yield Location(self.start + int(start), int(end - start), 0), int(count)

    def names(self) -> Iterator[str]:
        """Yield the names of the records.

        Raises:
            FormatError: they are damaged.
        """
        for number, row in enumerate(self.root.rows):
            yield from parse_names(self._bytes(number), row, self._length(number))

    def pages(self) -> bytes:
        """Return the bytes of all pages."""
        first, last = int(self.root.offsets[0]), int(self.root.offsets[-1])
        return read_exactly(self.source, self.start + first, last - first)

    def _bytes(self, number: int) -> bytes:
        first, last = self.root.offsets[number : number + 2].tolist()
        return read_exactly(self.source, self.start + first, last - first)

    def _length(self, number: int) -> int:
        ends = [*self.root.rows["record"][number : number + 2].tolist(), self.footer.records]
        return int(ends[1] - ends[0])

    def _read_page(self, number: int) -> Page:
        row = self.root.rows[number]
        sizes, counts = parse_page(self._bytes(number), row)
        starts = int(row["offset"]) + np.concatenate([[0], np.cumsum(sizes)])
        firsts = int(row["picture"]) + np.concatenate([[0], np.cumsum(counts)])
        ends = self.footer.pictures, self.records_end
        if number + 1 < self.footer.pages:
            after = self.root.rows[number + 1]
            ends = int(after["picture"]), int(after["offset"])
        if len(sizes) != self._length(number) or (int(firsts[-1]), int(starts[-1])) != ends:
            raise FormatError("a page of its index contradicts the root: damaged")
        return Page(starts, firsts)


def read_parts(source: Source) -> list[PartIndex]:
    """Return the parts of a collection, the first one first.

    Raises:
        FormatError: the end of a part is damaged or was never written.
    """
    start = max(0, source.size - TAIL)
    tail = Tail(source, start, source.read(start, TAIL))
    parts, end = list[PartIndex](), source.size
    while end > 0 or not parts:
        parts.append(PartIndex(tail, end))
        end = parts[-1].start
    return parts[::-1]


class Tail:
    """A source whose last bytes were read already."""

    def __init__(self, source: Source, start: int, data: bytes) -> None:
        self.source, self.size, self._start, self._data = source, source.size, start, data

    def read(self, start: int, size: int) -> bytes:
        """Return so many bytes from an offset on, fewer at the end."""
        if start < self._start:
            return self.source.read(start, size)
        return self._data[start - self._start : start - self._start + size]
