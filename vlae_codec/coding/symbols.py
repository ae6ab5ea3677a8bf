"""Integers of normal distributions in a range coder: the symbols of rounded latents.

A symbol k has the frequency n_k / 2^24 of the table of its scale, `scales.npz` (benchmarks/make_scales.py). Of a batch,
symbols of one scale are coded together: scales in rising order, and within a scale in the order of the batch. A symbol
beyond the table is coded as an escape; all escapes of the batch follow it, each as its sign, the number of bits of its
excess in unary, and these bits but for the first, at 1/2 each.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib import resources
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from .precision import PRECISION, Integers

Symbols = NDArray[np.int16]
Scales = NDArray[np.uint8]
Counts = NDArray[np.int64]
SCALES = 64
AT_ONCE = 1 << 18
"""Symbols that are sorted or coded at once, which bounds the memory."""
MOST = 4095
"""Largest magnitude of a symbol."""
LONGEST = 12
"""Bits of the largest excess."""


class SymbolWriter:
    """A queue of symbols: what is pushed first is popped first. Its `ideal` is what all of it should take, in bits."""

    def __init__(self) -> None:
        self._coder: Any = constriction.stream.queue.RangeEncoder()
        self.ideal = 0.0

    def push(self, symbols: Symbols, scales: Scales) -> None:
        """Append a batch of symbols (n,), -MOST ... MOST, each of the scale of its index 0 ... 63."""
        counts, grouped = np.bincount(scales, minlength=SCALES), np.empty(len(symbols), np.int16)
        for part, order, positions in _grouped(scales, counts):
            grouped[positions] = symbols[part][order]
        escapes: list[int] = []
        for index, start, end in _runs(counts):
            run, limit = grouped[start:end].astype(np.int32), limits()[index]
            inside = np.abs(run) <= limit
            codes = np.where(inside, run + limit, 2 * limit + 1)
            self._coder.encode(codes.astype(np.int32), models()[index])
            self.ideal += float(costs()[index][codes].sum())
            escapes += [int(value) - (limit if value > 0 else -limit) for value in run[~inside]]
        for excess in escapes:
            length = abs(excess).bit_length()
            bits = (
                [excess < 0]
                + [True] * (length - 1)
                + [False]
                + [bool(abs(excess) >> position & 1) for position in reversed(range(length - 1))]
            )
            self._coder.encode(np.array(bits, np.int32), _coin())
            self.ideal += len(bits)

    def to_bytes(self) -> bytes:
        """Return all that was pushed, as little-endian words without the zeros at the end."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype("<u4").tobytes().rstrip(b"\0")


class SymbolReader:
    """Gives the symbols back that a `SymbolWriter` wrote.

    Args:
        data: from `SymbolWriter.to_bytes`.
    """

    def __init__(self, data: bytes) -> None:
        words = np.frombuffer(data + bytes(-len(data) % 4), "<u4").astype(np.uint32)
        self._coder: Any = constriction.stream.queue.RangeDecoder(words)

    def pop(self, scales: Scales) -> Symbols:
        """Return the next batch of symbols, (n,).

        Args:
            scales: the index of each one's scale, (n,).

        Raises:
            FormatError: no encoder wrote them.
        """
        counts, grouped = np.bincount(scales, minlength=SCALES), np.empty(len(scales), np.int16)
        escaped: list[tuple[int, int]] = []
        try:
            for index, start, end in _runs(counts):
                codes, limit = np.asarray(self._coder.decode(models()[index], end - start), np.int32), limits()[index]
                grouped[start:end] = codes - limit
                escaped += [(start + int(position), limit) for position in np.flatnonzero(codes > 2 * limit)]
            for position, limit in escaped:
                grouped[position] = self._pop_escape(limit)
        except AssertionError as error:  # constriction's word for bits that no encoder writes
            raise FormatError("its coded bits cannot be decoded: damaged") from error
        out = np.empty_like(grouped)
        for part, order, positions in _grouped(scales, counts):
            out[part][order] = grouped[positions]
        return out

    def _pop_escape(self, limit: int) -> int:
        negative, length, excess = self._bit(), 1, 1
        while self._bit():
            length += 1
            if length > LONGEST:
                raise FormatError("an escape in its coded bits does not end: damaged")
        for _ in range(length - 1):
            excess = 2 * excess + self._bit()
        value = limit + excess
        if value > MOST:
            raise FormatError("a symbol in its coded bits is out of range: damaged")
        return -value if negative else value

    def _bit(self) -> int:
        return int(self._coder.decode(_coin(), 1)[0])


def _grouped(scales: Scales, counts: Counts) -> Iterator[tuple[slice, Counts, Counts]]:
    """Yield parts of a batch, the order of each in which scales rise, and the positions of its symbols in all."""
    following = np.cumsum(counts) - counts
    for start in range(0, len(scales), AT_ONCE):
        part = scales[start : start + AT_ONCE]
        order = np.argsort(part, kind="stable")  # numpy sorts bytes by counting, twenty times as fast
        own = np.bincount(part, minlength=SCALES)
        positions = np.arange(len(part)) + np.repeat(following - np.cumsum(own) + own, own)
        yield slice(start, start + len(part)), order, positions
        following += own


def _runs(counts: Counts) -> Iterator[tuple[int, int, int]]:
    """Yield scale, start and end of the runs of symbols that are coded at once, in order."""
    start = 0
    for index in np.flatnonzero(counts).tolist():
        end = start + int(counts[index])
        for position in range(start, end, AT_ONCE):
            yield index, position, min(end, position + AT_ONCE)
        start = end


@functools.cache
def frequencies() -> list[Integers]:
    """Return the frequencies of the symbols -limit ... limit and of the escape, in 2^-24, for each scale."""
    with (resources.files(__package__) / "scales.npz").open("rb") as file, np.load(file) as arrays:
        parts = np.split(arrays["frequencies"].astype(np.int64), np.cumsum(arrays["lengths"])[:-1])
    assert len(parts) == SCALES and all(int(part.sum()) == 1 << PRECISION for part in parts)
    return parts


@functools.cache
def limits() -> list[int]:
    """Return the largest symbol of each scale that is no escape."""
    return [len(part) // 2 - 1 for part in frequencies()]


@functools.cache
def costs() -> list[NDArray[np.float64]]:
    """Return the bits of the symbols of each scale, the escape last."""
    return [PRECISION - np.log2(part) for part in frequencies()]


@functools.cache
def models() -> list[Any]:
    """Return constriction's models of the scales.

    It gives each of N symbols one unit of 2^-24 and shares the other 2^24 - N by the weights that it gets: weights of
    n_k - 1, which sum to just that, are taken as they are, and no rounding is met.
    """
    categorical = constriction.stream.model.Categorical
    return [categorical((part - 1).astype(np.float64), perfect=False) for part in frequencies()]


@functools.cache
def _coin() -> Any:
    return constriction.stream.model.Uniform(2)
