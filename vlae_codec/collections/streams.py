"""Collections from a pipe: records in order, without the index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from ..container.collection import END, HEAD, MAX_NAME, MAX_RECORD, unpack_record
from ..container.varint import LONGEST, read_number
from ..errors import FormatError

PIECE = 1 << 20


def read_stream(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield name and .vlz file of each record of a collection, as they come.

    Args:
        file: open for reading; it need not seek.

    Raises:
        FormatError: no collection, damaged, or cut short; what came before is good.
    """
    for record, _ in scan(file):
        if record is not None:
            yield unpack_record(record)


def scan(file: IO[bytes]) -> Iterator[tuple[bytes | None, int]]:
    """Yield each record and where it ends, and for each whole part None and where it ends.

    Raises:
        FormatError: no collection, damaged, or cut short.
    """
    offset, head = 0, file.read(len(HEAD))
    while head:
        if head != HEAD:
            raise FormatError(f"no collection from byte {offset} on, or cut short")
        offset += len(head)
        while True:
            size, start = _number(file)
            if size == 0:
                break
            length, middle = _number(file)
            if size > MAX_RECORD or length > MAX_NAME:
                raise FormatError(f"a record of {size} bytes from byte {offset} on: damaged")
            record = start + middle + _exactly(file, size + length)
            offset += len(record)
            yield record, offset
        after = int.from_bytes(_exactly(file, END.size - 1), "little")
        for begun in range(0, after, PIECE):
            _exactly(file, min(PIECE, after - begun))
        offset += END.size + after
        yield None, offset
        head = file.read(len(HEAD))


def _number(file: IO[bytes]) -> tuple[int, bytes]:
    found = b""
    while len(found) < LONGEST and (not found or found[-1] >= 0x80):
        found += _exactly(file, 1)
    return read_number(found, 0)[0], found


def _exactly(file: IO[bytes], size: int) -> bytes:
    pieces = []
    while size:
        piece = file.read(size)
        if not piece:
            raise FormatError(f"cut short: {size} bytes are missing")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
