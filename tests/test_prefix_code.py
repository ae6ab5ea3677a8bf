from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlae_codec.coding.prefix_code import MAX_EXPONENT, BitReader, BitWriter, IndexCode, fit_lengths
from vlae_codec.errors import FormatError

FLAT = [5] * 23 + [6] * 18
"""23 / 32 + 18 / 64 = 1: as even as 41 exponents can be."""
numbers = st.integers(0, MAX_EXPONENT).flatmap(lambda bits: st.integers(0, 2**bits - 1))
"""0 ... 2^40 - 1, every magnitude as likely."""
exponents = st.lists(st.integers(0, MAX_EXPONENT), max_size=200)


def packed(lengths: list[int], values: list[int]) -> tuple[bytes, int]:
    code, writer = IndexCode(lengths), BitWriter()
    for value in values:
        code.write(writer, value)
    return writer.to_bytes(), writer.length


@given(st.lists(numbers, min_size=1, max_size=4), exponents)
def test_numbers_come_back(values: list[int], observed: list[int]) -> None:
    for lengths in (FLAT, fit_lengths(observed)):
        code, reader = IndexCode(lengths), BitReader(packed(lengths, values)[0])
        assert [code.read(reader) for _ in values] == values


@pytest.mark.parametrize("exponent", range(MAX_EXPONENT + 1))
def test_edges_of_every_exponent(exponent: int) -> None:
    for value in {max(0, 2**exponent - 2), 2**exponent - 1}:
        data, length = packed(FLAT, [value])
        assert IndexCode(FLAT).read(BitReader(data)) == value
        magnitude = (value + 1).bit_length() - 1
        assert length == FLAT[magnitude] + magnitude


@given(exponents)
def test_fitted_lengths_are_a_complete_prefix_code(observed: list[int]) -> None:
    lengths = fit_lengths(observed)
    assert len(lengths) == MAX_EXPONENT + 1
    assert sum(Fraction(1, 2**length) for length in lengths) == 1
    words = [format(code, f"0{length}b") for code, length in IndexCode(lengths).codes.values()]
    ordered = sorted(words)
    assert not any(later.startswith(earlier) for earlier, later in zip(ordered, ordered[1:], strict=False))


def test_fitted_lengths_favour_what_was_observed() -> None:
    observed = [12] * 50 + [13] * 30 + [14] * 15 + [20] * 5
    lengths = fit_lengths(observed)
    assert lengths[12] <= lengths[13] <= lengths[14] <= lengths[20] < lengths[3]
    spent = sum(lengths[exponent] for exponent in observed) / len(observed)
    assert spent < 1.8 + 0.2  # entropy 1.65 bits; Huffman and the unseen exponents take some more


@pytest.mark.parametrize("lengths", [FLAT[:-1], [*FLAT, 6], [5] * 41, [6] * 41, [], [0, *FLAT[1:]]])
def test_lengths_that_are_no_prefix_code(lengths: list[int]) -> None:
    with pytest.raises(FormatError, match="prefix code"):
        IndexCode(lengths)


@given(st.lists(st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, 2**n - 1), st.just(n)))))
def test_reader_mirrors_writer(fields: list[tuple[int, int]]) -> None:
    writer = BitWriter()
    for value, bits in fields:
        writer.write(value, bits)
    data = writer.to_bytes()
    assert writer.length == sum(bits for _, bits in fields)
    assert len(data) == max(1, (writer.length + 7) // 8)
    text = "".join(format(value, f"0{bits}b") if bits else "" for value, bits in fields)
    assert f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" == text.ljust(8 * len(data), "0")
    reader = BitReader(data)
    assert [reader.read(bits) for _, bits in fields] == [value for value, _ in fields]


@given(st.binary(max_size=12))
def test_any_bytes_read_or_are_refused(data: bytes) -> None:
    code, reader = IndexCode(FLAT), BitReader(data)
    try:
        value = code.read(reader)
    except FormatError:
        return
    assert data.startswith(packed(FLAT, [value])[0][:-1])


@given(numbers)
def test_a_cut_code_is_refused(value: int) -> None:
    data, _ = packed(FLAT, [value])
    with pytest.raises(FormatError, match="ends in the middle"):
        IndexCode(FLAT).read(BitReader(data[:-1]))


def test_reading_past_the_end() -> None:
    with pytest.raises(FormatError):
        BitReader(b"").read(1)
    with pytest.raises(FormatError):
        BitReader(b"ab").read(17)
