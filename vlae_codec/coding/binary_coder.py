"""Where decisions of 0 and 1 go to and come from, first in, first out: a range coder or an exact interval.

Few decisions are written as one exact number, which wastes nothing; many by a range coder, whose words cost some bits.
Their number, which the reader has beforehand, decides which kind it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .interval import IntervalDecoder, encode_interval
from .range_coder import RangeReader, RangeWriter

Integers = NDArray[np.int64]

FEW = 4096
"""Decisions that are written as one number, at most."""


class Writer:
    """Takes decisions; `expected` is how many there will be."""

    def __init__(self, expected: int) -> None:
        self._range = RangeWriter() if expected > FEW else None
        self._symbols: list[int] = []
        self._ones: list[int] = []
        self.spent = 0.0
        """-log2 of the decisions' probabilities."""

    def push(self, symbols: Integers, ones: Integers) -> None:
        """Take decisions (n,) of 0 and 1 where P(1) = ones / 2^24."""
        self.spent += float(-np.log2(np.where(symbols == 1, ones, (1 << 24) - ones) / 2.0**24).sum())
        if self._range is not None:
            self._range.push(symbols, ones)
        else:
            self._symbols.extend(symbols.tolist())
            self._ones.extend(ones.tolist())

    def to_bytes(self) -> bytes:
        """All that was pushed."""
        return encode_interval(self._symbols, self._ones) if self._range is None else self._range.to_bytes()


class Reader:
    """Gives the decisions back in the order in which they were pushed."""

    def __init__(self, data: bytes, expected: int) -> None:
        self._few = IntervalDecoder(data, expected) if expected <= FEW else None
        self._many = RangeReader(data) if expected > FEW else None

    def pop(self, ones: Integers) -> Integers:
        """Decisions (n,)."""
        if self._few is not None:
            return np.array(list(self._few.pop(ones.tolist())), np.int64)
        assert self._many
        return self._many.pop(ones)
