from __future__ import annotations

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlae_codec.container import header
from vlae_codec.container.header import (
    AROUND,
    MAX_FILE,
    MAX_PAYLOAD,
    MODES,
    Container,
    check,
    parse,
    write_container,
)
from vlae_codec.errors import FormatError

FINGERPRINT = bytes(range(7, 39))
modes = st.sampled_from(sorted(MODES))
payloads = st.binary(min_size=1, max_size=MAX_PAYLOAD)
fingerprints = st.binary(min_size=32, max_size=32)


def read(data: bytes, fingerprint: bytes = FINGERPRINT) -> Container:
    parts = parse(data)
    check(data, fingerprint)
    return parts


@given(modes, fingerprints, payloads)
def test_read_undoes_write(mode: int, fingerprint: bytes, payload: bytes) -> None:
    data = write_container(mode, fingerprint, payload)
    assert len(data) == len(payload) + AROUND <= MAX_FILE
    parts = read(data, fingerprint)
    assert (parts.mode, parts.prefix, parts.payload) == (mode, fingerprint[:3], payload)


def test_bytes_of_the_format() -> None:
    """Written out by hand: a change that breaks this needs a new version."""
    data = write_container(2, FINGERPRINT, b"abc")
    body = b"\xd6Z\x12\x07\x08\x09abc"
    assert data == body + binascii.crc_hqx(FINGERPRINT + body, 0xFFFF).to_bytes(2, "little")


def test_checksum_is_ccitt_false() -> None:
    assert header.checksum(b"1234", b"56789") == 0x29B1  # the check value of the CRC catalogue


def test_eight_bytes_around_the_payload() -> None:
    assert AROUND == 8


@given(st.binary(max_size=100))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    try:
        parse(data)
    except FormatError as error:
        assert "\n" not in str(error)


@given(modes, payloads, st.data())
def test_cut_anywhere(mode: int, payload: bytes, data: st.DataObject) -> None:
    whole = write_container(mode, FINGERPRINT, payload)
    with pytest.raises(FormatError):
        parse(whole[: data.draw(st.integers(0, AROUND))])


@pytest.mark.parametrize("bit", range(8 * 11))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(write_container(0, FINGERPRINT, b"abc"))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FormatError):
        read(bytes(data))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n....", "89 50"),
        (b"\xd6Z", "cut short"),
        (b"\xd6Z\x20" + bytes(9), "version 2"),
        (b"\xd6Z\x16" + bytes(9), "an archive"),
        (b"\xd6Z\x17" + bytes(9), "a picture of any size"),
        (b"\xd6Z\x1e" + bytes(9), "a file of unknown mode 14"),
        (b"\xd6Z\x10" + bytes(MAX_FILE), "too long"),
    ],
)
def test_errors_say_what_was_found(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        parse(data)


def test_a_model_that_only_begins_alike_is_noticed() -> None:
    data = write_container(0, FINGERPRINT, b"abc")
    with pytest.raises(FormatError, match="checksum"):
        check(data, FINGERPRINT[:3] + bytes(29))


@pytest.mark.parametrize("length", [0, MAX_PAYLOAD + 1])
def test_payload_that_does_not_fit(length: int) -> None:
    with pytest.raises(FormatError, match=f"{length} bytes"):
        write_container(0, FINGERPRINT, bytes(length))


def test_sections_cover_the_file() -> None:
    data = write_container(0, FINGERPRINT, b"abcde")
    rows = header.sections(parse(data))
    assert [row["name"] for row in rows] == ["header", "payload", "checksum"]
    assert [row["offset"] for row in rows] == [0, 6, 11]
    assert sum(int(row["bytes"]) for row in rows) == len(data)
