"""The bytes of collections: any number of whole `.vlz` files with an index behind them.

A collection is one part behind the other, so that appending and joining leave alone what is there. A part:

    head       6 bytes: magic D6 5A, version 1 and mode 15, three zero bytes
    records    number: bytes of the file; number: bytes of the name; the name, UTF-8; the .vlz file
    end        a zero byte; 8 bytes: how many bytes of the part follow
    pages      for up to 1024 records: zlib of their lengths, then of how many pictures each holds (4 bytes each);
               zlib of the names with a zero byte between, if one is not empty
    root       40 bytes a page (`ROW`); 3 bytes for each model: the first bytes of its fingerprint
    footer     44 bytes (`FOOTER`): lengths and counts, CRC-32 of the root and of the footer, "ZvlZ"

Numbers without a size are LEB128, all others little-endian. Offsets count from the start of the part. By the lengths in
front a pipe is read, and a part that was never finished; by the index any picture is found in three reads.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from .archive import check_name, parse_archive
from .envelope import unwrap
from .header import ARCHIVE, COLLECTION, STORED, parse_head, start_of
from .varint import read_number, write_number

HEAD = start_of(COLLECTION, bytes(3))
END = struct.Struct("<xQ")
FOOTER = struct.Struct("<QQQIII")
"""Bytes of the part, records, pictures, pages, models, CRC-32 of the root; its own CRC-32 and `LAST` follow."""
LAST = b"ZvlZ"
FOOTER_SIZE = FOOTER.size + 8
ROW = np.dtype(
    [
        ("record", "<u8"), ("picture", "<u8"), ("offset", "<u8"),
        ("page", "<u4"), ("names", "<u4"), ("page_crc", "<u4"), ("names_crc", "<u4"),
    ]
)  # fmt: skip
"""Of a page: numbers of its first record and picture, the record's offset; bytes and CRC-32 of both streams."""
PREFIX = 3
PAGE = 1024
"""Records of a page at most."""
SPOOL, PIECE = 1 << 26, 1 << 20
"""Bytes of pages that an index under construction holds in memory, and that are read at once from those on disk."""
MAX_NAME = 1024
"""Bytes of a record's name."""
MAX_RECORD = 1 << 30
"""Bytes of a file in a collection."""

Rows = NDArray[np.void]
Counts = NDArray[np.int64]


class Footer(NamedTuple):
    """What a part says at its end; see `FOOTER`."""

    length: int
    records: int
    pictures: int
    pages: int
    models: int
    root_crc: int

    @property
    def root(self) -> int:
        """Bytes of the root."""
        return self.pages * ROW.itemsize + self.models * PREFIX

    @property
    def root_offset(self) -> int:
        """Where the root begins in the part."""
        return self.length - FOOTER_SIZE - self.root


class Root(NamedTuple):
    """The root of a part's index.

    Attributes:
        rows: one `ROW` for each page.
        offsets: offset of each page in the part, and of the root.
        models: first bytes of the fingerprints of all models.
    """

    rows: Rows
    offsets: Counts
    models: tuple[bytes, ...]


def pack_record(data: bytes, name: str = "") -> bytes:
    """Return the bytes of a record.

    Args:
        data: a whole .vlz file.
        name: relative, with "/" between folders; may be empty.

    Raises:
        FormatError: the file is empty or too large, or the name is unfit.
    """
    if not 0 < len(data) <= MAX_RECORD:
        raise FormatError(f"a file of {len(data)} bytes, and a collection takes files of 1 to {MAX_RECORD}")
    check_path(name)
    text = name.encode()
    return write_number(len(data)) + write_number(len(text)) + text + data


def unpack_record(record: bytes) -> tuple[str, bytes]:
    """Return name and file of a record; undoes `pack_record`.

    Raises:
        FormatError: it is damaged.
    """
    length, offset = read_number(record, 0)
    size, offset = read_number(record, offset)
    if length != len(record) - offset - size or size > MAX_NAME:
        raise FormatError("a record and the index differ in its length: damaged")
    return _name(record[offset : offset + size]), record[offset + size :]


def check_path(name: str) -> None:
    """Refuse a name that would lead out of a folder.

    Raises:
        FormatError: it is absolute, too long, or has a part that is no plain name.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise FormatError(f"{name!r} is no UTF-8: rename it") from error
    if size > MAX_NAME:
        raise FormatError(f"a name of {size} bytes, and {MAX_NAME} is the most: {name[:40]}...")
    for part in name.split("/") if name else ():
        check_name(part)


def _name(text: bytes) -> str:
    try:
        name = text.decode()
    except UnicodeDecodeError as error:
        raise FormatError(f"a name is damaged ({error})") from error
    check_path(name)
    return name


def summary(data: bytes) -> tuple[int, bytes]:
    """Return how many pictures a .vlz file holds, and the first bytes of its model's fingerprint, if it needs one.

    Raises:
        FormatError: it is no .vlz file.
    """
    mode, prefix = parse_head(unwrap(data)[0])
    return (parse_archive(data).count if mode == ARCHIVE else 1), b"" if mode == STORED else prefix


class IndexBuilder:
    """The index of a part that is being written: 40 bytes a page in memory, packed pages beyond `SPOOL` on disk."""

    def __init__(self) -> None:
        self.offset, self.records, self.pictures = len(HEAD), 0, 0
        self._models: dict[bytes, None] = {}
        self._rows = bytearray()
        self._pages: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(SPOOL)  # noqa: SIM115  # `finish` closes it
        self._open: list[tuple[int, int, str]] = []

    def add_file(self, name: str, data: bytes) -> bytes:
        """Add a whole .vlz file; return its record, which is to be written next.

        Raises:
            FormatError: it is none, or the name is unfit.
        """
        record = pack_record(data, name)
        pictures, model = summary(data)
        self.add(len(record), pictures, name, model)
        return record

    def add(self, size: int, pictures: int, name: str, model: bytes) -> None:
        """Add a record of so many bytes and pictures that was written next."""
        self._open.append((size, pictures, name))
        if model:
            self._models[model] = None
        if len(self._open) == PAGE:
            self._close_page()

    def add_part(self, footer: Footer, root: Root, pages: bytes) -> None:
        """Add the records of another part, which were written next, by the bytes of its pages."""
        self._close_page()
        self._models |= dict.fromkeys(root.models)
        rows = root.rows.copy()
        shifts = {"record": self.records, "picture": self.pictures, "offset": self.offset - len(HEAD)}
        for name, shift in shifts.items():
            rows[name] += np.uint64(shift)
        self._rows += rows.tobytes()
        self._pages.write(pages)
        self.records, self.pictures = self.records + footer.records, self.pictures + footer.pictures
        self.offset += int(root.offsets[0]) - END.size - len(HEAD)

    @property
    def end(self) -> int:
        """Where the next record begins."""
        return self.offset + sum(size for size, _, _ in self._open)

    def _close_page(self) -> None:
        if not self._open:
            return
        sizes, counts, names = zip(*self._open, strict=True)
        page = zlib.compress(np.array([sizes, counts], "<u4").tobytes(), 9)
        text = zlib.compress("\0".join(names).encode(), 9) if any(names) else b""
        sums = zlib.crc32(page), zlib.crc32(text)
        row = self.records, self.pictures, self.offset, len(page), len(text), *sums
        self._rows += np.array([row], ROW).tobytes()
        self._pages.write(page + text)
        self.records, self.pictures = self.records + len(sizes), self.pictures + sum(counts)
        self.offset += sum(sizes)
        self._open = []

    def finish(self) -> Iterator[bytes]:
        """Yield all that comes behind the records, once, in pieces of which the last two are root and footer."""
        self._close_page()
        root = bytes(self._rows) + b"".join(self._models)
        after = self._pages.tell() + len(root) + FOOTER_SIZE
        length = self.offset + END.size + after
        counts = length, self.records, self.pictures, len(self._rows) // ROW.itemsize, len(self._models)
        footer = FOOTER.pack(*counts, zlib.crc32(root))
        yield END.pack(after)
        with self._pages as pages:
            pages.seek(0)
            yield from iter(lambda: pages.read(PIECE), b"")
        yield root
        yield footer + zlib.crc32(footer).to_bytes(4, "little") + LAST


def write_part(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a part of these names and .vlz files.

    Raises:
        FormatError: a file is no .vlz file, or a name is unfit.
    """
    index = IndexBuilder()
    return b"".join([HEAD, *(index.add_file(name, data) for name, data in files), *index.finish()])


def parse_footer(data: bytes) -> Footer:
    """Return what the last bytes of a part say, verified.

    Raises:
        FormatError: they are no footer: the part was never finished, or is cut short or damaged.
    """
    if len(data) != FOOTER_SIZE or not data.endswith(LAST):
        raise FormatError("no index at its end: cut short, or its writer was stopped")
    packed, own = data[: FOOTER.size], int.from_bytes(data[FOOTER.size : -4], "little")
    footer = Footer(*FOOTER.unpack(packed))
    least = len(HEAD) + END.size + footer.root + FOOTER_SIZE
    if zlib.crc32(packed) != own or footer.length < least or max(footer) >= 1 << 62:
        raise FormatError("the footer of its index is damaged: its checksum is wrong")
    return footer


def parse_root(data: bytes, footer: Footer) -> Root:
    """Return the root of a part's index, verified.

    Raises:
        FormatError: it is damaged.
    """
    if zlib.crc32(data) != footer.root_crc or len(data) != footer.root:
        raise FormatError("the root of its index is damaged: its checksum is wrong")
    rows = np.frombuffer(data, ROW, footer.pages)
    tail = data[footer.pages * ROW.itemsize :]
    sizes = rows["page"].astype(np.int64) + rows["names"]
    offsets = footer.root_offset - int(sizes.sum()) + np.concatenate([[0], np.cumsum(sizes)])
    firsts = [rows[name].astype(np.int64) for name in ("record", "picture", "offset")]
    ends = footer.records, footer.pictures, int(offsets[0]) - END.size
    for first, start, end in zip(firsts, (0, 0, len(HEAD)), ends, strict=True):
        steps = np.diff(np.concatenate([[start], first, [end]]))
        if (steps < 0).any() or steps[0] != 0:
            raise FormatError("the root of its index contradicts itself: damaged")
    counts = np.diff(np.concatenate([firsts[0], [footer.records]]))
    if footer.pages and not 1 <= counts.min() <= counts.max() <= PAGE:
        raise FormatError(f"the root of its index has pages of other than 1 to {PAGE} records: damaged")
    models = tuple(tail[offset : offset + PREFIX] for offset in range(0, len(tail), PREFIX))
    return Root(rows, offsets, models)


def parse_page(data: bytes, row: np.void) -> tuple[Counts, Counts]:
    """Return lengths of a page's records in bytes, and how many pictures each holds.

    Raises:
        FormatError: it is damaged.
    """
    unpacked = _unpacked(data[: int(row["page"])], int(row["page_crc"]), 8 * PAGE)
    numbers = np.frombuffer(unpacked, "<u4") if len(unpacked) % 8 == 0 else np.zeros(0, "<u4")
    if not len(numbers):
        raise FormatError("a page of its index is damaged")
    sizes, counts = numbers.reshape(2, -1).astype(np.int64)
    return sizes, counts


def parse_names(data: bytes, row: np.void, records: int) -> list[str]:
    """Return the names of a page's records.

    Raises:
        FormatError: they are damaged.
    """
    if not int(row["names"]):
        return [""] * records
    packed = data[int(row["page"]) :]
    names = _unpacked(packed, int(row["names_crc"]), (MAX_NAME + 1) * PAGE).split(b"\0")
    if len(names) != records:
        raise FormatError(f"{len(names)} names for {records} records: damaged")
    return [_name(name) for name in names]


def _unpacked(data: bytes, crc: int, most: int) -> bytes:
    if zlib.crc32(data) != crc:
        raise FormatError("a page of its index is damaged: its checksum is wrong")
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error as error:
        raise FormatError(f"a page of its index is damaged ({error})") from error
