"""Packing candidate numbers into bits: a learned code for the exponent, raw bits for the mantissa.

A number k >= 0 is written as k + 1 = 1mmm in binary: its exponent (how many m) by a canonical Huffman
code whose lengths were fitted to training images, then the mantissa bits m as they are. That costs about 3 bits
over log2 k, less than any universal code of the integers.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from ..errors import FormatError

MAX_EXPONENT = 40


class BitWriter:
    """Collects bits, most significant first."""

    def __init__(self) -> None:
        self._value = 0
        self.length = 0

    def write(self, value: int, bits: int) -> None:
        """Append the low `bits` bits of value."""
        self._value = self._value << bits | value
        self.length += bits

    def to_bytes(self) -> bytes:
        """All bits, zeros behind them up to a whole byte; at least one byte."""
        size = max(1, -(-self.length // 8))
        return (self._value << (8 * size - self.length)).to_bytes(size, "big")


class BitReader:
    """Gives the bits of a byte string back, most significant first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = 8 * len(data)

    def read(self, bits: int) -> int:
        """Return the next `bits` bits as a number.

        Raises:
            FormatError: there are not so many left.
        """
        if bits > self.left:
            raise FormatError("the payload ends in the middle of a code")
        self.left -= bits
        return self._value >> self.left & ((1 << bits) - 1)


class IndexCode:
    """The code of candidate numbers.

    Args:
        lengths: Huffman code length in bits for every exponent 0 ... MAX_EXPONENT.

    Raises:
        FormatError: the lengths make no complete prefix code.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        if len(lengths) != MAX_EXPONENT + 1 or sum(2.0**-n for n in lengths) != 1:
            raise FormatError("the model's index code is no prefix code")
        self.codes: dict[int, tuple[int, int]] = {}
        code, before = 0, 0
        for length, exponent in sorted((n, e) for e, n in enumerate(lengths)):
            code <<= length - before
            self.codes[exponent] = (code, length)
            code, before = code + 1, length
        self._exponents = {entry: exponent for exponent, entry in self.codes.items()}

    def write(self, writer: BitWriter, number: int) -> None:
        """Append number, 0 <= number < 2^MAX_EXPONENT."""
        exponent = (number + 1).bit_length() - 1
        writer.write(*self.codes[exponent])
        writer.write((number + 1) - (1 << exponent), exponent)

    def read(self, reader: BitReader) -> int:
        """Return the next number.

        Raises:
            FormatError: the bits end too early.
        """
        code, length = 0, 0
        while (code, length) not in self._exponents:
            code, length = code << 1 | reader.read(1), length + 1
        exponent = self._exponents[code, length]
        return (1 << exponent) + reader.read(exponent) - 1


def fit_lengths(exponents: Sequence[int]) -> list[int]:
    """Huffman code lengths for observed exponents; every exponent gets one, however rare."""
    counts = [64 * exponents.count(e) + 1 for e in range(MAX_EXPONENT + 1)]
    heap = [(count, [exponent]) for exponent, count in enumerate(counts)]
    heapq.heapify(heap)
    lengths = [0] * len(counts)
    while len(heap) > 1:
        (first, left), (second, right) = heapq.heappop(heap), heapq.heappop(heap)
        for exponent in left + right:
            lengths[exponent] += 1
        heapq.heappush(heap, (first + second, left + right))
    return lengths
