"""Lossy codes back to back, any of which can be read alone.

    | k | k kinds | a kind's number for each code, packed | the codes' bits one after the other |

A kind is a byte: a mode and a length in bytes as in a lossless file, or the length in bits of a tree-search code that
is no whole bytes long. With 4 kinds a code takes 2 bits on top of its own, with one kind none at all. The offset of a
code is the sum of the lengths before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError

MAX_BYTES = 32
PARTIAL = 5 << 5
"""Kinds from here on are tree-search codes of 1 ... `MAX_PARTIAL` bits."""
MAX_PARTIAL = 64


def pack_codes(modes: Sequence[int], payloads: Sequence[bytes], lengths: Sequence[int]) -> bytes:
    """Return the chunk of some codes, each of 1 to 32 bytes, of which so many bits count."""
    assert all(1 <= len(payload) <= MAX_BYTES for payload in payloads)
    kinds = [_kind(mode, bits) for mode, bits in zip(modes, lengths, strict=True)]
    table, numbers = np.unique(np.array(kinds, np.uint8), return_inverse=True)
    width = _width(len(table))
    bits = numbers.reshape(-1, 1) >> np.arange(width)[::-1] & 1
    codes = [np.unpackbits(np.frombuffer(one, np.uint8))[:n] for one, n in zip(payloads, lengths, strict=True)]
    packed = np.packbits(bits.astype(np.uint8)).tobytes() + np.packbits(np.concatenate(codes)).tobytes()
    return bytes([len(table)]) + table.tobytes() + packed


class Codes:
    """The codes in a chunk, by number.

    Args:
        data: from `pack_codes`.
        count: how many codes there are.

    Raises:
        FormatError: it is no chunk of so many codes.
    """

    def __init__(self, data: bytes, count: int) -> None:
        kinds = data[0] if data else 0
        table = np.frombuffer(data[1 : 1 + kinds], np.uint8)
        if not kinds or len(table) < kinds or table.max() >= PARTIAL + MAX_PARTIAL:
            raise FormatError("its table of kinds is damaged")
        width, start = _width(kinds), 1 + kinds
        end = start + (count * width + 7) // 8
        if 8 * (len(data) - end) < count:  # before memory for `count` codes is taken
            raise FormatError(f"{len(data)} bytes are too few for {count} codes")
        bits = np.unpackbits(np.frombuffer(data[start:end], np.uint8))
        numbers = bits[: count * width].reshape(count, width).astype(np.int64) @ (1 << np.arange(width)[::-1])
        if count and numbers.max() >= kinds:
            raise FormatError("a code is of a kind that its table does not have")
        self._modes, self._lengths = (column[numbers] for column in np.array([_parts(int(one)) for one in table]).T)
        self._ends: NDArray[np.int64] = 8 * end + np.cumsum(self._lengths)
        self._data, last = data, -(-int(self._ends[-1]) // 8) if count else end
        if len(data) != last:
            raise FormatError(f"{len(data)} bytes, and its codes end at {last}")

    def __getitem__(self, number: int) -> tuple[int, bytes, int]:
        """Return mode, payload, with zeros behind it up to a whole byte, and bits."""
        bits, end = int(self._lengths[number]), int(self._ends[number])
        window = int.from_bytes(self._data[(end - bits) // 8 : -(-end // 8)], "big") >> -end % 8
        payload = (window & ((1 << bits) - 1)) << -bits % 8
        return int(self._modes[number]), payload.to_bytes(-(-bits // 8), "big"), bits


def _kind(mode: int, bits: int) -> int:
    return mode << 5 | bits // 8 - 1 if bits % 8 == 0 else PARTIAL + bits - 1


def _parts(kind: int) -> tuple[int, int]:
    """Return mode and bits of a kind."""
    return (0, kind - PARTIAL + 1) if kind >= PARTIAL else (kind >> 5, 8 * ((kind & 31) + 1))


def _width(kinds: int) -> int:
    return (kinds - 1).bit_length()
