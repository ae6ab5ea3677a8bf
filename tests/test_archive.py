from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import some_images

from vlae_codec.container.archive import (
    BITS_BACK,
    LOSSY,
    archive_sections,
    check_header,
    check_name,
    parse_archive,
    read_chunk,
    read_names,
    write_archive,
)
from vlae_codec.container.header import MODES
from vlae_codec.errors import FormatError
from vlae_codec.families import registry
from vlae_codec.families.bilevel.archive import Reader, compress_archive, parse_index
from vlae_codec.families.bilevel.lossy_chunk import Codes, pack_codes
from vlae_codec.families.request import Rate
from vlae_codec.latents.posterior import posterior_of
from vlae_codec.latents.tree_search import search_tree
from vlae_codec.model.networks import IntegerModel

FINGERPRINT = bytes(range(7, 39))
NAMES = ["a.png", "b.png", "ü 3.gif", "d", "e"]
CHUNKS = [b"first", b"", b"third"]
FILE = write_archive(BITS_BACK, FINGERPRINT, 5, 2, CHUNKS, NAMES)
HEADER = parse_archive(FILE).header


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=9), st.integers(1, 5), st.data())
def test_round_trip(chunks: list[bytes], size: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(size * (len(chunks) - 1) + 1, size * len(chunks)))
    names = data.draw(st.sampled_from([None, [f"name {i}" for i in range(count)]]))
    kind = data.draw(st.sampled_from([LOSSY, BITS_BACK]))
    file = write_archive(kind, FINGERPRINT, count, size, chunks, names)
    archive = parse_archive(file)
    check_header(file, archive, FINGERPRINT)
    assert (archive.kind, archive.count, archive.chunk, archive.size) == (kind, count, size, len(file))
    assert [read_chunk(file, archive, number) for number in range(len(chunks))] == chunks
    assert read_names(file, archive) == names
    assert sum(int(part["bytes"]) for part in archive_sections(archive)) == len(file)
    assert sorted(i for number in range(len(chunks)) for i in archive.images(number)) == list(range(count))


def test_bytes_of_the_format() -> None:
    """Written out by hand: a change that breaks this needs a new version."""
    file = write_archive(LOSSY, FINGERPRINT, 300, 200, [b"ab", b"c"])
    assert file.hex() == "d65a16070809" + "00" + "ac02" + "c801" + "02" + "01" + file[13:17].hex() + (
        "6162" + file[19:23].hex() + "63" + file[24:].hex()
    )
    assert len(file) == 28


@pytest.mark.parametrize("place", range(HEADER))
@pytest.mark.parametrize("flip", [0x01, 0x10, 0x80, 0xFF])
def test_every_flipped_byte_of_the_header_is_noticed(place: int, flip: int) -> None:
    data = FILE[:place] + bytes([FILE[place] ^ flip]) + FILE[place + 1 :]
    with pytest.raises(FormatError):
        check_header(data, parse_archive(data), FINGERPRINT)


def test_a_model_that_only_begins_alike_is_noticed() -> None:
    with pytest.raises(FormatError, match="header"):
        check_header(FILE, parse_archive(FILE), FINGERPRINT[:3] + bytes(29))


@pytest.mark.parametrize("place", range(HEADER, len(FILE)))
def test_every_flipped_byte_behind_it_spoils_one_part(place: int) -> None:
    data = FILE[:place] + bytes([FILE[place] ^ 4]) + FILE[place + 1 :]
    archive = parse_archive(data)
    check_header(data, archive, FINGERPRINT)
    errors = []
    for part in (0, 1, 2, None):
        try:
            read_names(data, archive) if part is None else read_chunk(data, archive, part)
        except FormatError as error:
            errors.append(str(error))
    assert len(errors) == 1
    assert "chunk" in errors[0] or "names" in errors[0]


@pytest.mark.parametrize("length", range(len(FILE)))
def test_cut_anywhere(length: int) -> None:
    data = FILE[:length]
    if length < HEADER:
        with pytest.raises(FormatError):
            parse_archive(data)
        return
    archive = parse_archive(data)
    with pytest.raises(FormatError, match=r"chunk 2 of 3 \(pictures 4 to 4\) is cut short: \d of its 9 bytes"):
        read_chunk(data, archive, 2)


def test_chunks_that_changed_places_are_noticed() -> None:
    file = write_archive(LOSSY, FINGERPRINT, 2, 1, [b"abc", b"def"])
    archive = parse_archive(file)
    swapped = file[: archive.header] + file[archive.header + 7 :] + file[archive.header : archive.header + 7]
    with pytest.raises(FormatError, match="chunk 0 of 2"):
        read_chunk(swapped, archive, 0)


def test_something_behind_the_archive_is_noticed() -> None:
    with pytest.raises(FormatError, match="behind"):
        check_header(FILE + b"x", parse_archive(FILE + b"x"), FINGERPRINT)


@settings(max_examples=300)
@given(st.binary(max_size=100))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    try:
        archive = parse_archive(b"\xd6Z\x16abc" + data)
        assert archive.count <= len(data) * archive.chunk
    except FormatError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "/etc/passwd", "a\0b", "C:x", "a\nb", "x" * 256])
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(FormatError, match="cannot be the name"):
        check_name(name)
    file = write_archive(LOSSY, FINGERPRINT, 1, 1, [b"a"], [name])
    with pytest.raises(FormatError, match="name"):
        read_names(file, parse_archive(file))


@pytest.mark.parametrize("count", [1, 2, 30])
def test_the_longest_names_come_back(count: int) -> None:
    names = [254 * "\N{GRINNING FACE}" + chr(0x1F601 + number) for number in range(count)]
    file = write_archive(LOSSY, FINGERPRINT, count, count, [b"a"], names)
    assert read_names(file, parse_archive(file)) == names


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3", [3]),
        ("-1", [9]),
        ("2:5", [2, 3, 4]),
        ("::4", [0, 4, 8]),
        ("-2:", [8, 9]),
        ("8:99", [8, 9]),
        (":2", [0, 1]),
    ],
)
def test_index(text: str, numbers: list[int]) -> None:
    assert list(parse_index(text, 10)) == numbers


@pytest.mark.parametrize("text", ["", "10", "-11", "a", "5:2", "1:2:3:4", "::0", "1.5"])
def test_index_that_names_nothing(text: str) -> None:
    with pytest.raises(FormatError, match="0 to 9"):
        parse_index(text, 10)


whole = st.tuples(st.sampled_from(sorted(MODES)), st.binary(min_size=1, max_size=32))
partial = st.integers(1, 56).flatmap(lambda bits: st.tuples(st.just(bits), st.integers(0, (1 << bits) - 1)))
codes = st.one_of(
    whole.map(lambda one: (*one, 8 * len(one[1]))),
    partial.map(lambda one: (0, (one[1] << -one[0] % 8).to_bytes(-(-one[0] // 8), "big"), one[0])),
)


@given(st.lists(codes, min_size=1, max_size=60))
def test_lossy_chunk(written: list[tuple[int, bytes, int]]) -> None:
    data = pack_codes(*map(list, zip(*written, strict=True)))
    found = Codes(data, len(written))
    assert [found[number] for number in range(len(written))] == written


def test_a_lossy_chunk_adds_at_most_half_a_byte() -> None:
    rng = np.random.default_rng(0)
    payloads = [bytes(int(n)) for n in rng.integers(2, 6, 1000)]
    lengths = [8 * len(payload) for payload in payloads]
    assert len(pack_codes([0] * 1000, payloads, lengths)) - sum(map(len, payloads)) <= 260
    assert len(pack_codes([0] * 1000, [b"abc"] * 1000, [24] * 1000)) == 3002
    assert len(pack_codes([0] * 1000, [b"ab"] * 1000, [12] * 1000)) == 1502


@pytest.mark.parametrize("bits", [1, 12, 20, 28, 55])
def test_an_archive_spends_bits_to_the_bit(bits: int) -> None:
    info, pixels = registry.find_model("mnist"), some_images(9)
    model, made = registry.load(info, IntegerModel), compress_archive(info, pixels, Rate(bits=bits, effort=1))
    assert made.payload_bits == 9 * bits
    posterior = posterior_of(model, pixels)
    expected = model.draw(np.stack([search_tree(model, posterior.of(i), bits, 8)[1][0] for i in range(9)]), 5)
    found = [one for _, one in Reader(made.data).pictures(range(9), seed=5)]
    np.testing.assert_array_equal(np.stack(found), expected)


@given(st.binary(max_size=50), st.integers(1, 20))
def test_any_lossy_chunk_is_read_or_refused(data: bytes, count: int) -> None:
    try:
        found = Codes(data, count)
        assert all(1 <= len(found[number][1]) <= 32 for number in range(count))
    except FormatError as error:
        assert "\n" not in str(error)
