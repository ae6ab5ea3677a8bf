"""What is known around a pixel of a picture in few colours, and the hashed contexts that are made of it.

Pixel (r, x) is coded at step t = x + SLANT r, so that the pixels of a step lie on a line, one in each row, and know the
rows above up to SLANT - 1 columns further to the right. All hashes are sums of features times factors, below 2^53 and
so exact in float64 in any order, of which the lowest 32 bits are mixed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SLANT = 3
"""Steps by which a row runs behind the row above it."""
BESIDE, ABOVE = 16, 8
"""Columns beside the picture and rows above it of colour 0, which neighbourhoods reach into."""
NEAR = (
    (0, -1), (1, 0), (1, -1), (1, 1), (0, -2), (2, 0), (2, 1), (1, 2), (2, -1), (1, -2), (0, -3), (2, 3), (3, 0),
    (0, -4), (4, 0), (3, 3), (2, -3),
)  # fmt: skip
"""Rows up and columns to the right of the neighbours whose colours are features."""
PAIRS = ((0, 1), (1, 2), (1, 3), (0, 2), (4, 0), (5, 1), (7, 3), (6, 3), (0, 3), (9, 2), (8, 2))
"""Neighbours, by their numbers, of which it is a feature whether they have one colour."""
FAR = (
    (5, 0), (4, 3), (0, -8), (2, 3), (1, -8), (3, -5), (2, 4), (6, 6), (3, 6), (4, -3), (0, -5),
    (7, 0), (6, 12), (0, -12), (4, -8), (6, -6), (3, 8), (6, 16), (1, -14), (7, 7), (7, -10), (2, -11), (5, 5),
)  # fmt: skip
"""Pixels of which it is a feature whether they have the colour of the one above."""
COLOURS, EQUAL = len(NEAR), len(NEAR) + len(PAIRS)
FEATURES = EQUAL + len(FAR)
"""Features of a line: colours of `NEAR`, then those of `PAIRS` and `FAR`."""
RELATED = 6
"""Neighbours, the first ones, that are compared with a candidate."""
CANDIDATE, NODE, NUMBER, TRUST = FEATURES + RELATED, FEATURES + RELATED, FEATURES + RELATED + 1, FEATURES + RELATED + 2
"""Features of a question: `RELATED`, the candidate or the node of the tree, the number of the candidate, the trust."""
EVERYTHING = TRUST + 1
HASH_BITS = 20
"""Logarithm of the cells of each context."""

Uint32 = NDArray[np.uint32]
Floats = NDArray[np.float64]

_LARGE, _MIDDLE, _SMALL = (tuple(range(count)) for count in (13, 9, 6))
_PAIRS, _FEW = tuple(range(COLOURS, EQUAL)), tuple(range(COLOURS, COLOURS + 7))
_NEARER, _FARTHER = tuple(range(EQUAL, EQUAL + 11)), tuple(range(EQUAL + 11, FEATURES))
_RELATED = tuple(range(FEATURES, CANDIDATE))
LOOKED_UP = (tuple(range(COLOURS)), _MIDDLE)
"""Features of the contexts whose last colours are candidates."""
OF_CANDIDATE = (
    (*_PAIRS, *_RELATED, NUMBER, TRUST),
    (0, 1, 3, CANDIDATE, NUMBER),
    (*_LARGE, CANDIDATE, NUMBER),
    (*_SMALL, CANDIDATE, NUMBER),
    (*_RELATED, CANDIDATE, NUMBER, TRUST),
    (*_FEW, *_NEARER, *_RELATED, NUMBER),
    (*_FARTHER, *_RELATED, NUMBER),
    (0, *range(13, COLOURS), CANDIDATE, NUMBER),
)
"""Features of the contexts of the question whether a pixel has a candidate's colour."""
OF_NODE = ((NODE,), (0, NODE), (1, NODE), (0, 1, NODE), (3, NODE), (0, 2, NODE), (*_SMALL, NODE), (1, 3, NODE))
"""Features of the contexts of a bit of a colour's number."""
CONTEXTS = len(OF_CANDIDATE)


def hashed(sums: NDArray[np.integer] | Floats) -> Uint32:
    """Return hashes of 32 bits of sums of whole numbers."""
    return scrambled(sums.astype(np.int64).astype(np.uint32))


def scrambled(found: Uint32) -> Uint32:
    """Return hashes of sums whose lowest 32 bits these are, in their place."""
    found ^= found >> np.uint32(15)
    found *= np.uint32(0x2C1B3C6D)
    found ^= found >> np.uint32(13)
    return found


def _factors() -> Floats:
    """Return the factors of features in `OF_CANDIDATE`, `OF_NODE` and `LOOKED_UP`, 0 where one has no part."""
    found = np.zeros((2 * CONTEXTS + len(LOOKED_UP), EVERYTHING))
    for row, features in enumerate((*OF_CANDIDATE, *OF_NODE, *LOOKED_UP)):
        numbers = np.array(features) + (EVERYTHING * row + 1)
        found[row, list(features)] = hashed(numbers * 0x9E3779B1 & 0xFFFFFFFF) | np.uint32(1)
    return found


FACTORS = _factors()


class Line:
    """The pixels of a line, (N,), and the sums of their features.

    Args:
        places: the picture with its borders, flat.
        stride: pixels of a row of it.
        at: where the line's pixels are in it.
    """

    def __init__(self, places: NDArray[np.uint16], stride: int, at: NDArray[np.int64]) -> None:
        offsets = [column - row * stride for row, column in (*NEAR, *FAR)]
        around = places.take(np.array(offsets)[:, None] + at)
        self.near = around[:COLOURS]
        features = np.empty((FEATURES, len(at)))
        features[:COLOURS] = self.near
        features[COLOURS:EQUAL] = around[_FIRSTS] == around[_SECONDS]
        features[EQUAL:] = around[COLOURS:] == around[1]
        sums = FACTORS[:, :FEATURES] @ features
        self._of_candidate, self._of_node = sums[:CONTEXTS], sums[CONTEXTS : 2 * CONTEXTS]
        self.looked_up = hashed(sums[2 * CONTEXTS :]) >> np.uint32(32 - HASH_BITS)

    def of_candidate(
        self, those: NDArray[np.int64], candidate: NDArray[np.uint16], number: int, trust: NDArray[np.uint8]
    ) -> Uint32:
        """Return the contexts of whether pixels have their candidate's colour, (CONTEXTS, n).

        Args:
            those: numbers of pixels in the line, (n,).
            candidate: their candidates.
            number: of the candidates.
            trust: classes of trust in the candidates.
        """
        features = np.empty((EVERYTHING - FEATURES, len(those)))
        features[:RELATED] = self.near[:RELATED, those] == candidate
        features[RELATED], features[RELATED + 1], features[RELATED + 2] = candidate, number, trust
        return hashed(self._of_candidate[:, those] + FACTORS[:CONTEXTS, FEATURES:] @ features)

    def of_node(self, those: NDArray[np.int64], node: NDArray[np.int64]) -> Uint32:
        """Return the contexts of the bits at nodes of the tree of colours, (CONTEXTS, n)."""
        return hashed(self._of_node[:, those] + FACTORS[CONTEXTS : 2 * CONTEXTS, NODE, None] * node)


_FIRSTS, _SECONDS = (np.array(side) for side in zip(*PAIRS, strict=True))
