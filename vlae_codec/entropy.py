"""Entropy coders: a stack for archives, and an exact interval for the few bits of one picture.

`Stack` is constriction's ANS coder (the only place where that library is met): what is pushed last is popped first,
and popping from what others pushed draws symbols at random, which is what bits-back coding lives on. Every probability
is an integer of 2^-24:

    uniform   of 2^n values: exact; of other sizes: within 2^-24 of each value
    Bernoulli P(1) = f / 2^24 goes to constriction as a float64 that holds it exactly. It makes an integer of it by one
              multiplication, which IEEE 754 rounds alike everywhere, and one cut; no transcendental function is met.

`RangeWriter` and `RangeReader` are constriction's range coder, a queue: right for what the receiver must read in order.

`encode_interval` and `decode_interval` are arithmetic coding in Python's own integers, of any length: nothing is
rounded, no word is filled up, and the shortest byte string in the final interval is taken, so 95.2 bits take 12 bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from .errors import FormatError
from .tables import SIGMOID_FRACTION

PRECISION = 24
HALF = 12
"""A number of 24 bits goes onto the stack in two halves: constriction's uniform models stop short of 2^24."""

Integers = NDArray[np.int64]

assert PRECISION == SIGMOID_FRACTION
_MODELS: Any = constriction.stream.model


class Stack:
    """A stack of symbols that fills one number of bits.

    Args:
        data: from `to_bytes`; empty by default.
    """

    def __init__(self, data: bytes = b"") -> None:
        words = np.frombuffer(data + bytes(-len(data) % 4), "<u4").astype(np.uint32)
        if len(words) and not words[-1]:
            raise FormatError("its coded bits end in a word of zeros, which no encoder writes")
        self._coder: Any = constriction.stream.stack.AnsCoder(words) if len(words) else _empty()

    def to_bytes(self) -> bytes:
        """All that is on the stack, as little-endian words without the zeros at the end."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype("<u4").tobytes().rstrip(b"\0")

    @property
    def bits(self) -> float:
        """How many bits are on the stack, with fractions."""
        words, state = self._coder.pos()
        return 32 * int(words) + (math.log2(state) if state else 0.0)

    def push_pixels(self, pixels: NDArray[Any], ones: Integers) -> None:
        """Push pixels of 0 and 1, (n,), where P(1) = ones / 2^24; the first will be the first to be popped."""
        self._coder.encode_reverse(pixels.astype(np.int32), _bernoulli(), ones / 2.0**PRECISION)

    def pop_pixels(self, ones: Integers) -> Integers:
        """Pop pixels of 0 and 1, (n,), where P(1) = ones / 2^24."""
        return np.asarray(self._coder.decode(_bernoulli(), ones / 2.0**PRECISION), np.int64)

    def push_numbers(self, numbers: Integers, bits: int) -> None:
        """Push numbers below 2^bits, (n,), bits <= 24; the first will be the first to be popped."""
        if bits > HALF:
            self.push_numbers(numbers >> HALF, bits - HALF)
            numbers, bits = numbers & ((1 << HALF) - 1), HALF
        self._coder.encode_reverse(numbers.astype(np.int32), _MODELS.Uniform(1 << bits))

    def pop_numbers(self, count: int, bits: int) -> Integers:
        """Pop numbers below 2^bits, (count,)."""
        low = np.asarray(self._coder.decode(_MODELS.Uniform(1 << min(bits, HALF)), count), np.int64)
        if bits <= HALF:
            return low
        high = self.pop_numbers(count, bits - HALF)
        return np.asarray(high << HALF | low)

    def push_below(self, numbers: Integers, sizes: Integers) -> None:
        """Push numbers (n,), each below its own size, 1 <= size < 2^24; a number below 1 takes no space."""
        real = sizes > 1
        numbers, sizes = numbers[real].astype(np.int32), sizes[real].astype(np.int32)
        self._coder.encode_reverse(numbers, _MODELS.Uniform(), sizes)

    def pop_below(self, sizes: Integers) -> Integers:
        """Pop numbers (n,), each below its own size."""
        numbers, real = np.zeros(len(sizes), np.int64), sizes > 1
        numbers[real] = self._coder.decode(_MODELS.Uniform(), sizes[real].astype(np.int32))
        return numbers


class RangeWriter:
    """A queue of symbols: what is pushed first is popped first."""

    def __init__(self) -> None:
        self._coder: Any = constriction.stream.queue.RangeEncoder()

    def push(self, symbols: Integers, ones: Integers) -> None:
        """Append symbols of 0 and 1, (n,), where P(1) = ones / 2^24."""
        self._coder.encode(symbols.astype(np.int32), _bernoulli(), ones / 2.0**PRECISION)

    def to_bytes(self) -> bytes:
        """All that was pushed, as little-endian words."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype("<u4").tobytes()


class RangeReader:
    """Gives the symbols back that a `RangeWriter` wrote.

    Raises:
        FormatError: the bytes are not whole words; or, from `pop`, no encoder wrote them.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) % 4:
            raise FormatError(f"{len(data)} bytes of coded bits are not whole words of 4: damaged")
        self._coder: Any = constriction.stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))

    def pop(self, ones: Integers) -> Integers:
        """The next symbols, (n,), where P(1) = ones / 2^24."""
        try:
            return np.asarray(self._coder.decode(_bernoulli(), ones / 2.0**PRECISION), np.int64)
        except AssertionError as error:
            raise FormatError("its coded bits cannot be decoded: damaged") from error


def _empty() -> Any:
    return constriction.stream.stack.AnsCoder()


def _bernoulli() -> Any:
    return _MODELS.Bernoulli(perfect=False)  # the other kind is a hundred times slower


def encode_interval(symbols: Sequence[int], ones: Sequence[int]) -> bytes:
    """The shortest bytes for symbols of 0 and 1 where P(1) = ones / 2^24, 0 < ones < 2^24.

    The bytes stand for a number in [0, 1), and zeros behind them change nothing: the reader must know where they end.
    """
    low, width = 0, 1
    for symbol, one in zip(symbols, ones, strict=True):
        low, one_width = low << PRECISION, width * one
        width = one_width if symbol else (width << PRECISION) - one_width
        low += 0 if symbol else one_width
    total = PRECISION * len(symbols)
    for size in range(max(0, (total - width.bit_length()) // 8), total // 8 + 1):
        unit = total - 8 * size
        value = -(-low >> unit)
        if value << unit < low + width:
            return value.to_bytes(size, "big").rstrip(b"\0")
    raise AssertionError("an interval of whole units holds a multiple of them")


class IntervalDecoder:
    """Gives the symbols back that `encode_interval` wrote into `data`, of which there are `count`."""

    def __init__(self, data: bytes, count: int) -> None:
        self._unit = PRECISION * count
        excess = 8 * len(data) - self._unit
        value = int.from_bytes(data, "big")
        self._rest = value >> excess if excess > 0 else value << -excess
        self._width = 1

    def pop(self, ones: Sequence[int]) -> Iterator[int]:
        """The next symbols, where P(1) = ones / 2^24."""
        for one in ones:
            self._unit -= PRECISION
            one_width = self._width * one
            split = one_width << self._unit
            symbol = int(self._rest < split)
            if not symbol:
                self._rest -= split
            self._width = one_width if symbol else (self._width << PRECISION) - one_width
            yield symbol
