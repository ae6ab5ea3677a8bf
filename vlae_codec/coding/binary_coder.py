"""Where decisions of 0 and 1 go to and come from, first in, first out: a range coder or an exact interval.

Few decisions are written as one exact number, which wastes nothing; many by a range coder, whose words cost some bits.
Their number, which the reader has beforehand, decides which kind it is.
"""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from .ans import bernoulli
from .interval import IntervalDecoder, encode_interval
from .precision import PRECISION

Integers = NDArray[np.int64]

FEW = 4096
"""Decisions that are written as one number, at most."""


class Writer:
    """Takes decisions; `expected` is how many there will be."""

    def __init__(self, expected: int) -> None:
        self._coder: Any = constriction.stream.queue.RangeEncoder() if expected > FEW else None
        self._symbols: list[int] = []
        self._ones: list[int] = []
        self.spent = 0.0
        """-log2 of the decisions' probabilities."""

    def push(self, symbols: Integers, ones: Integers) -> None:
        """Take decisions (n,) of 0 and 1 where P(1) = ones / 2^24."""
        self.spent += float(-np.log2(np.where(symbols == 1, ones, (1 << PRECISION) - ones) / 2.0**PRECISION).sum())
        if self._coder is not None:
            self._coder.encode(symbols.astype(np.int32), bernoulli(), ones / 2.0**PRECISION)
        else:
            self._symbols.extend(symbols.tolist())
            self._ones.extend(ones.tolist())

    def to_bytes(self) -> bytes:
        """All that was pushed, in the range coder as little-endian words."""
        if self._coder is None:
            return encode_interval(self._symbols, self._ones)
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype("<u4").tobytes()


class Reader:
    """Gives the decisions back in the order in which they were pushed.

    Raises:
        FormatError: the bytes of many are not whole words; or, from `pop`, no encoder wrote them.
    """

    def __init__(self, data: bytes, expected: int) -> None:
        self._few = IntervalDecoder(data, expected) if expected <= FEW else None
        if self._few is None:
            if len(data) % 4:
                raise FormatError(f"{len(data)} bytes of coded bits are not whole words of 4: damaged")
            self._coder: Any = constriction.stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))

    def pop(self, ones: Integers) -> Integers:
        """Decisions (n,)."""
        if self._few is not None:
            return np.array(list(self._few.pop(ones.tolist())), np.int64)
        try:
            return np.asarray(self._coder.decode(bernoulli(), ones / 2.0**PRECISION), np.int64)
        except AssertionError as error:
            raise FormatError("its coded bits cannot be decoded: damaged") from error
