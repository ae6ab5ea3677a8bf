from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlae_codec.coding.ans import Stack
from vlae_codec.coding.interval import IntervalDecoder, encode_interval
from vlae_codec.coding.precision import PRECISION
from vlae_codec.errors import FormatError

TOP = 1 << PRECISION
seeds = st.integers(0, 2**32)


def filled(size: int, seed: int = 0) -> Stack:
    return Stack(np.random.default_rng(seed).integers(1, 256, size, np.uint8).tobytes())


@given(seeds, st.integers(0, 300), st.integers(0, 50))
def test_popping_and_pushing_back_changes_nothing(seed: int, count: int, size: int) -> None:
    """Even where the stack runs empty: then zeros are popped, and are taken back."""
    rng, stack = np.random.default_rng(seed), filled(size, seed)
    before = stack.to_bytes()
    ones, sizes = rng.integers(1, TOP, count), rng.integers(1, TOP, count)
    pixels = stack.pop_pixels(ones)
    numbers = {bits: stack.pop_numbers(count, bits) for bits in (3, 8, 12, 20, 24)}
    below = stack.pop_below(sizes)
    assert (below < sizes).all() and (below >= 0).all()
    assert all((value >= 0).all() and (value < 1 << bits).all() for bits, value in numbers.items())
    stack.push_below(below, sizes)
    for bits, value in reversed(numbers.items()):
        stack.push_numbers(value, bits)
    stack.push_pixels(pixels, ones)
    assert stack.to_bytes() == before


@given(seeds, st.integers(0, 300))
def test_pushing_and_popping_through_bytes(seed: int, count: int) -> None:
    rng, stack = np.random.default_rng(seed), filled(10)
    before = stack.to_bytes()
    ones, sizes = rng.integers(1, TOP, count), rng.integers(1, TOP, count)
    pixels, below, numbers = rng.integers(0, 2, count), rng.integers(0, sizes), rng.integers(0, TOP, count)
    stack.push_pixels(pixels, ones)
    stack.push_below(below, sizes)
    stack.push_numbers(numbers, 24)
    stack = Stack(stack.to_bytes())
    np.testing.assert_array_equal(stack.pop_numbers(count, 24), numbers)
    np.testing.assert_array_equal(stack.pop_below(sizes), below)
    np.testing.assert_array_equal(stack.pop_pixels(ones), pixels)
    assert stack.to_bytes() == before


def test_symbols_cost_what_their_probabilities_say() -> None:
    rng, stack = np.random.default_rng(0), filled(100)
    ones = rng.integers(1, TOP, 10_000)
    pixels = (rng.integers(0, TOP, 10_000) < ones).astype(np.int64)
    start = stack.bits
    stack.push_pixels(pixels, ones)
    ideal = -np.log2(np.where(pixels == 1, ones, TOP - ones) / TOP).sum()
    assert stack.bits - start == pytest.approx(ideal, abs=0.5)
    start = stack.bits
    stack.push_numbers(rng.integers(0, 1 << 20, 1000), 20)
    assert stack.bits - start == pytest.approx(20_000, abs=0.01)


def test_bytes_of_the_format() -> None:
    """Little-endian words, whatever the machine; a change that breaks this needs a new version."""
    stack = Stack(b"\x01\x02\x03\x04\x05")
    stack.push_numbers(np.array([1, 2, 3]), 8)
    stack.push_pixels(np.array([1, 0, 1, 1]), np.array([1, TOP - 1, TOP // 2, 12345]))
    stack.push_below(np.array([0, 99, 0]), np.array([1, 100, 2**24 - 1]))
    assert stack.to_bytes().hex() == "01020102000000c3fefffffd5053fe433f660a"


def test_an_empty_stack_is_no_bytes() -> None:
    assert Stack().to_bytes() == b""
    assert Stack().bits == 0


def test_a_word_of_zeros_at_the_end_is_refused() -> None:
    with pytest.raises(FormatError, match="zeros"):
        Stack(b"\x01\x02\x03\x04\0\0\0\0")


@given(seeds, st.integers(0, 800), st.integers(1, 24))
def test_interval(seed: int, count: int, skew: int) -> None:
    rng = np.random.default_rng(seed)
    ones = rng.integers(1, 1 << skew, count)
    symbols = (rng.integers(0, TOP, count) < ones).astype(np.int64)
    data = encode_interval(symbols.tolist(), ones.tolist())
    ideal = -np.log2(np.where(symbols == 1, ones, TOP - ones) / TOP).sum()
    assert 8 * len(data) < ideal + 8 + 1e-6
    decoder = IntervalDecoder(data, count)
    half = count // 2
    parts = [*decoder.pop(ones[:half].tolist()), *decoder.pop(ones[half:].tolist())]
    assert parts == symbols.tolist()


@given(seeds, st.integers(0, 300), st.integers(0, 7))
def test_interval_leaves_bits(seed: int, count: int, spare: int) -> None:
    rng = np.random.default_rng(seed)
    ones, symbols = rng.integers(1, TOP, count).tolist(), rng.integers(0, 2, count).tolist()
    data, least = encode_interval(symbols, ones, spare), len(encode_interval(symbols, ones))
    assert not data or data[-1] % (1 << spare) == 0
    assert least <= len(data) <= least + 1
    assert list(IntervalDecoder(data, count).pop(ones)) == symbols


@given(st.binary(max_size=200))
def test_interval_takes_any_bytes(data: bytes) -> None:
    assert len(list(IntervalDecoder(data, 50).pop([TOP // 3] * 50))) == 50


@pytest.mark.parametrize("symbol", [0, 1])
@pytest.mark.parametrize("one", [1, TOP - 1])
def test_interval_at_the_ends(symbol: int, one: int) -> None:
    data = encode_interval([symbol] * 20, [one] * 20)
    assert list(IntervalDecoder(data, 20).pop([one] * 20)) == [symbol] * 20


@pytest.mark.parametrize("spare", [1, 3, 7])
@pytest.mark.parametrize("one", [1, TOP - 1])
def test_interval_leaves_bits_at_the_ends(one: int, spare: int) -> None:
    for symbols in ([0], [1], [0, 1], [1, 0]):
        data = encode_interval(symbols, [one] * len(symbols), spare)
        assert not data or data[-1] % (1 << spare) == 0
        assert list(IntervalDecoder(data, len(symbols)).pop([one] * len(symbols))) == symbols
