"""A second reader of collections, from section 14 of docs/format.md alone; it shares no code with the package."""

from __future__ import annotations

import struct
import zlib


def read_number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[place] & 127) << shift
        shift, place = shift + 7, place + 1
        if data[place - 1] < 128:
            return value, place


def read_parts(data: bytes) -> list[bytes]:
    parts = list[bytes]()
    while data:
        assert data.endswith(b"ZvlZ")
        (length,) = struct.unpack("<Q", data[-44:-36])
        parts.insert(0, data[-length:])
        data = data[:-length]
    return parts


def read_forward(part: bytes) -> list[tuple[str, bytes]]:
    """The records, from the front."""
    assert part[:6] == bytes.fromhex("d65a1f000000")
    place, found = 6, []
    while part[place]:
        size, place = read_number(part, place)
        length, place = read_number(part, place)
        found.append((part[place : place + length].decode(), part[place + length : place + length + size]))
        place += length + size
    assert int.from_bytes(part[place + 1 : place + 9], "little") == len(part) - place - 9
    return found


def read_by_index(part: bytes) -> tuple[list[tuple[str, bytes, int]], set[bytes]]:
    """Name, file and pictures of each record, and the models, by the index."""
    length, records, pictures, pages, models, root_crc, own = struct.unpack("<QQQIIII", part[-44:-4])
    assert length == len(part) and zlib.crc32(part[-44:-8]) == own
    root = part[-44 - 40 * pages - 3 * models : -44]
    assert zlib.crc32(root) == root_crc
    rows = [struct.unpack_from("<QQQIIII", root, 40 * number) for number in range(pages)]
    place = len(part) - 44 - len(root) - sum(row[3] + row[4] for row in rows)
    found, seen = list[tuple[str, bytes, int]](), 0
    for before, pictures_before, offset, first, second, crc, names_crc in rows:
        assert (before, pictures_before) == (len(found), seen)
        stream, names = part[place : place + first], part[place + first : place + first + second]
        place += first + second
        assert (zlib.crc32(stream), zlib.crc32(names) if second else 0) == (crc, names_crc)
        numbers = zlib.decompress(stream)
        count = len(numbers) // 8
        values = struct.unpack(f"<{2 * count}I", numbers)
        texts = zlib.decompress(names).split(b"\0") if second else [b""] * count
        for size, held, text in zip(values[:count], values[count:], texts, strict=True):
            record = part[offset : offset + size]
            _, start = read_number(record, 0)
            _, start = read_number(record, start)
            found.append((text.decode(), record[start + len(text) :], held))
            offset, seen = offset + size, seen + held
    assert (len(found), seen) == (records, pictures)
    return found, {root[40 * pages + 3 * number :][:3] for number in range(models)}
