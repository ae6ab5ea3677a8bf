"""Lossy codes back to back, any of which can be read alone.

    | k | k kinds | a kind's number for each code, packed | the codes' bytes one after the other |

A kind is a mode and a length, in a byte as in a lossless file; with 4 kinds a code takes 2 bits on top of its bytes,
with one kind none at all. The offset of a code is the sum of the lengths before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...container.header import MODES
from ...errors import FormatError

MAX_BYTES = 32


def pack_codes(modes: Sequence[int], payloads: Sequence[bytes]) -> bytes:
    """Return the chunk of some codes, each of 1 to 32 bytes."""
    assert all(1 <= len(payload) <= MAX_BYTES for payload in payloads)
    kinds = [mode << 5 | len(payload) - 1 for mode, payload in zip(modes, payloads, strict=True)]
    table, numbers = np.unique(np.array(kinds, np.uint8), return_inverse=True)
    width = _width(len(table))
    bits = numbers.reshape(-1, 1) >> np.arange(width)[::-1] & 1
    return bytes([len(table)]) + table.tobytes() + np.packbits(bits.astype(np.uint8)).tobytes() + b"".join(payloads)


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
        if not kinds or len(table) < kinds or not set((table >> 5).tolist()) <= set(MODES):
            raise FormatError("its table of kinds is damaged")
        width, start = _width(kinds), 1 + kinds
        end = start + (count * width + 7) // 8
        if len(data) < end + count:  # before memory for `count` codes is taken
            raise FormatError(f"{len(data)} bytes are too few for {count} codes")
        bits = np.unpackbits(np.frombuffer(data[start:end], np.uint8))
        numbers = bits[: count * width].reshape(count, width).astype(np.int64) @ (1 << np.arange(width)[::-1])
        if count and numbers.max() >= kinds:
            raise FormatError("a code is of a kind that its table does not have")
        self._data, self._kinds = data, table[numbers].astype(np.int64)
        self._ends: NDArray[np.int64] = end + np.cumsum((self._kinds & 31) + 1)
        if len(data) != (int(self._ends[-1]) if count else end):
            raise FormatError(f"{len(data)} bytes, and its codes end at {int(self._ends[-1]) if count else end}")

    def __getitem__(self, number: int) -> tuple[int, bytes]:
        """Mode and payload."""
        kind, end = int(self._kinds[number]), int(self._ends[number])
        return kind >> 5, self._data[end - (kind & 31) - 1 : end]


def _width(kinds: int) -> int:
    return (kinds - 1).bit_length()
