"""The range coder of constriction, a queue: right for what the receiver must read in order."""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from .ans import bernoulli
from .precision import PRECISION, Integers


class RangeWriter:
    """A queue of symbols: what is pushed first is popped first."""

    def __init__(self) -> None:
        self._coder: Any = constriction.stream.queue.RangeEncoder()

    def push(self, symbols: Integers, ones: Integers) -> None:
        """Append symbols of 0 and 1, (n,), where P(1) = ones / 2^24."""
        self._coder.encode(symbols.astype(np.int32), bernoulli(), ones / 2.0**PRECISION)

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
        """Return the next symbols, (n,), where P(1) = ones / 2^24."""
        try:
            return np.asarray(self._coder.decode(bernoulli(), ones / 2.0**PRECISION), np.int64)
        except AssertionError as error:
            raise FormatError("its coded bits cannot be decoded: damaged") from error
