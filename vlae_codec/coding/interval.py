"""Arithmetic coding in Python's own integers, of any length: an exact interval for the few bits of one picture.

Nothing is rounded, no word is filled up, and the shortest byte string in the final interval is taken, so 95.2 bits take
12 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .precision import PRECISION


def encode_interval(symbols: Sequence[int], ones: Sequence[int], spare: int = 0) -> bytes:
    """Return the shortest bytes for symbols of 0 and 1 where P(1) = ones / 2^24, 0 < ones < 2^24.

    The bytes stand for a number in [0, 1), and zeros behind them change nothing: their end comes from elsewhere.

    Args:
        symbols: what is coded.
        ones: for each of them.
        spare: last bits of the bytes that are 0.
    """
    low, width = 0, 1
    for symbol, one in zip(symbols, ones, strict=True):
        low, one_width = low << PRECISION, width * one
        width = one_width if symbol else (width << PRECISION) - one_width
        low += 0 if symbol else one_width
    filled = -(PRECISION * len(symbols) + spare) % 8
    low, width, total = low << filled, width << filled, PRECISION * len(symbols) + filled
    for size in range(max(0, (total - width.bit_length()) // 8), (total + spare) // 8 + 1):
        unit = total + spare - 8 * size
        value = -(-low >> unit)
        if value << unit < low + width:
            data = (value << spare).to_bytes(size, "big").rstrip(b"\0")
            return data + b"\0" if data and data[-1] % (1 << spare) else data
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
        """Yield the next symbols, where P(1) = ones / 2^24."""
        for one in ones:
            self._unit -= PRECISION
            one_width = self._width * one
            split = one_width << self._unit
            symbol = int(self._rest < split)
            if not symbol:
                self._rest -= split
            self._width = one_width if symbol else (self._width << PRECISION) - one_width
            yield symbol
