"""The page on collections is enough to read them: a second reader agrees with the package."""

from __future__ import annotations

from pathlib import Path

from independent_collection_reader import read_by_index, read_forward, read_parts

from vlae_codec.collections import Collection, join
from vlae_codec.container.archive import LOSSY, write_archive
from vlae_codec.container.collection import write_part
from vlae_codec.container.header import write_container


def fake_file(number: int) -> bytes:
    if number % 50 == 7:
        return write_archive(LOSSY, bytes(32), 3, 3, [b"abc"])
    return write_container(number % 5, bytes([number % 3]) * 32, number.to_bytes(2, "big") * (1 + number % 20))


def test_it_agrees(tmp_path: Path) -> None:
    files = [(f"folder {n}/ü{n}.png" if n % 4 else "", fake_file(n)) for n in range(3000)]
    several = write_part(files[:1100]) + write_part([]) + write_part([("", one) for _, one in files[1100:]])
    (tmp_path / "several.vlz").write_bytes(several)
    join([several], tmp_path / "one.vlz")
    for path in tmp_path.iterdir():
        collection, parts = Collection(path), read_parts(path.read_bytes())
        assert len(parts) == len(collection.parts)
        forward = [record for part in parts for record in read_forward(part)]
        found = [record for part in parts for record in read_by_index(part)[0]]
        assert forward == [record[:2] for record in found]
        assert [name for name, _ in forward] == list(collection.names())
        assert sum(count for _, _, count in found) == len(collection) == 3000 + 2 * 60
        numbers, first = [], 0
        for _, _, count in found:
            numbers.append(first)
            first += count
        assert [collection.file(number)[:2] for number in numbers] == forward
        assert {model.hex() for part in parts for model in read_by_index(part)[1]} == set(collection.models())


def test_bytes_of_the_format() -> None:
    """Written out by hand: a change that breaks this needs a new version."""
    file = write_container(0, bytes(range(7, 39)), b"abc")
    part = write_part([("n", file)])
    records = "d65a1f000000" + "0b01" + b"n".hex() + file.hex() + "00"
    assert part.hex().startswith(records)
    assert part[21:29] == len(part[29:]).to_bytes(8, "little")
    assert part[-44:-36] == len(part).to_bytes(8, "little")
    assert part[-47:-44] == bytes([7, 8, 9]) and part.endswith(b"ZvlZ")
