"""The ANS stack of constriction, for archives.

What is pushed last is popped first, and popping from what others pushed draws symbols at random, which is what
bits-back coding lives on. Every probability is an integer of 2^-24:

    uniform   of 2^n values: exact; of other sizes: within 2^-24 of each value
    Bernoulli P(1) = f / 2^24 goes to constriction as a float64 that holds it exactly. It makes an integer of it by one
              multiplication, which IEEE 754 rounds alike everywhere, and one cut; no transcendental function is met.
"""

from __future__ import annotations

import math
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from .precision import PRECISION, Integers

HALF = 12
"""A number of 24 bits goes onto the stack in two halves: constriction's uniform models stop short of 2^24."""

MODELS: Any = constriction.stream.model


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
        self._coder.encode_reverse(pixels.astype(np.int32), bernoulli(), ones / 2.0**PRECISION)

    def pop_pixels(self, ones: Integers) -> Integers:
        """Pop pixels of 0 and 1, (n,), where P(1) = ones / 2^24."""
        return np.asarray(self._coder.decode(bernoulli(), ones / 2.0**PRECISION), np.int64)

    def push_numbers(self, numbers: Integers, bits: int) -> None:
        """Push numbers below 2^bits, (n,), bits <= 24; the first will be the first to be popped."""
        if bits > HALF:
            self.push_numbers(numbers >> HALF, bits - HALF)
            numbers, bits = numbers & ((1 << HALF) - 1), HALF
        self._coder.encode_reverse(numbers.astype(np.int32), MODELS.Uniform(1 << bits))

    def pop_numbers(self, count: int, bits: int) -> Integers:
        """Pop numbers below 2^bits, (count,)."""
        low = np.asarray(self._coder.decode(MODELS.Uniform(1 << min(bits, HALF)), count), np.int64)
        if bits <= HALF:
            return low
        high = self.pop_numbers(count, bits - HALF)
        return np.asarray(high << HALF | low)

    def push_below(self, numbers: Integers, sizes: Integers) -> None:
        """Push numbers (n,), each below its own size, 1 <= size < 2^24; a number below 1 takes no space."""
        real = sizes > 1
        numbers, sizes = numbers[real].astype(np.int32), sizes[real].astype(np.int32)
        self._coder.encode_reverse(numbers, MODELS.Uniform(), sizes)

    def pop_below(self, sizes: Integers) -> Integers:
        """Pop numbers (n,), each below its own size."""
        numbers, real = np.zeros(len(sizes), np.int64), sizes > 1
        numbers[real] = self._coder.decode(MODELS.Uniform(), sizes[real].astype(np.int32))
        return numbers


def _empty() -> Any:
    return constriction.stream.stack.AnsCoder()


def bernoulli() -> Any:
    """Return constriction's model of symbols of 0 and 1, to be given P(1) as a float64."""
    return MODELS.Bernoulli(perfect=False)  # the other kind is a hundred times slower
