"""The root of a collection's index: what contradicts itself under good checksums is refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from vlae_codec.container import collection
from vlae_codec.container.collection import FOOTER_SIZE, ROW, parse_footer, parse_root, write_part
from vlae_codec.container.header import write_container
from vlae_codec.errors import FormatError

FINGERPRINT = bytes(range(7, 39))
COLUMNS = "record", "picture", "offset"


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A part of ten pictures in four pages, of 3, 3, 3 and 1 records."""
    monkeypatch.setattr(collection, "PAGE", 3)
    return write_part([(f"{number}.png", write_container(0, FINGERPRINT, bytes([number]))) for number in range(10)])


def root_of(part: bytes, column: str = "", values: list[int] | None = None) -> collection.Root:
    """Return the root of a part, with other values in a column and the checksum of these."""
    footer = parse_footer(part[-FOOTER_SIZE:])
    data = bytearray(part[footer.root_offset : footer.root_offset + footer.root])
    if values:
        rows = np.frombuffer(data, ROW, footer.pages)
        rows[column] = values
    return parse_root(bytes(data), footer._replace(root_crc=zlib.crc32(data)))


def test_pages_follow_one_another(part: bytes) -> None:
    rows = root_of(part).rows
    assert rows["record"].tolist() == rows["picture"].tolist() == [0, 3, 6, 9]
    assert (np.diff(rows["offset"].astype(int)) > 0).all()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("by", [1, 2, 1000])
def test_a_page_that_begins_before_the_one_before_it_is_refused(part: bytes, column: str, by: int) -> None:
    values = root_of(part).rows[column].astype(int)
    for page in range(1, 4):
        behind = values.copy()
        behind[page - 1 : page + 1] = values[page] + by, values[page]  # the one before begins behind it
        with pytest.raises(FormatError, match="contradicts"):
            root_of(part, column, behind.tolist())


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("by", [1, 2, 1000])
def test_pages_that_begin_late_or_end_behind_the_last_record_are_refused(part: bytes, column: str, by: int) -> None:
    rows = root_of(part).rows[column].astype(int)
    end = {"record": 10, "picture": 10, "offset": int(root_of(part).offsets[0]) - collection.END.size}[column]
    for values in ([rows[0] + by, *rows[1:]], [*rows[:3], end + by]):
        with pytest.raises(FormatError, match="contradicts"):
            root_of(part, column, [int(value) for value in values])
