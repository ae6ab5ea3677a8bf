"""Pictures of few colours, pixel by pixel: is it a candidate's colour, the next one's, or which of all?

Candidates are the colours that followed the same neighbourhoods last, large ones first, then the neighbours' own.
After Fenwick, "Symbol ranking text compression" (1996), and Ausbeck, "The piecewise-constant image model" (2000).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...coding.wavefront import Wavefront
from ..result import Progress
from .contexts import ABOVE, BESIDE, HASH_BITS, LOOKED_UP, SLANT, Line
from .decisions import Decide
from .mixer import Classes, Mixer

Numbers = NDArray[np.uint16]
LOOKED, NEIGHBOURS = len(LOOKED_UP), 2
CANDIDATES = LOOKED + NEIGHBOURS
"""First the looked-up ones, then the pixel to the left and the one above."""
MOST_COLOURS = 1 << 8
"""Colours of a picture: of more, samples are predicted."""
TRUST_BY_RUN = np.array([0, 1, 2, 3, *[4] * 4, *[5] * 8, *[6] * 48, *[7] * 192], np.uint8)
"""Class of trust by how often in a row a candidate was right; 0 if there is none."""


def bordered(height: int, width: int) -> Numbers:
    """Return a picture of colour 0 with rows above it and columns to its right that neighbourhoods reach into."""
    return np.zeros((ABOVE + height, width + BESIDE), np.uint16)


def walk(picture: Numbers, colours: int, decide: Decide, progress: Progress | None = None) -> None:
    """Go through the pixels of a picture, line by line of the wavefront, from the top down on each.

    Args:
        picture: numbers of colours, from `bordered`; a pixel is read, and written, after `decide` was called for it.
        colours: how many there are, at least 1.
        decide: codes decisions.
        progress: Callback with rows.
    """
    height, stride = picture.shape[0] - ABOVE, picture.shape[1]
    width, places = stride - BESIDE, picture.reshape(-1)
    coder = _Coder((colours - 1).bit_length(), decide)
    for time, first, end in Wavefront(height, width, SLANT).lines(progress):
        at = np.arange(first, end) * (stride - SLANT) + (ABOVE * stride + time)
        if len(at):
            places[at] = coder.code(Line(places, stride, at), places.take(at))


class _Coder:
    """Candidates and probabilities, which adapt from line to line.

    Args:
        bits: of a colour's number.
        decide: codes decisions.
    """

    def __init__(self, bits: int, decide: Decide) -> None:
        self._bits, self._decide = bits, decide
        self._mixer = Mixer(CANDIDATES + bits)
        self._last = np.zeros(LOOKED << HASH_BITS, np.uint16)
        self._runs = np.zeros(LOOKED << HASH_BITS, np.uint8)

    def code(self, line: Line, known: Numbers) -> Numbers:
        """Return the colours of a line's pixels, (N,); `known` are these if the picture is known."""
        keys = line.looked_up + _STARTS
        candidates = np.concatenate([self._last.take(keys), line.near[:NEIGHBOURS]])
        trust = np.ones(candidates.shape, np.uint8)
        TRUST_BY_RUN.take(self._runs.take(keys), out=trust[:LOOKED])
        colours, left = np.zeros_like(known), np.arange(len(known))
        for number in range(CANDIDATES):
            found, kinds = candidates[number, left], trust[number, left]
            fresh = (kinds > 0) & ~((candidates[:number, left] == found) & (trust[:number, left] > 0)).any(0)
            if not fresh.any():
                continue
            those, found, kinds = left[fresh], found[fresh], kinds[fresh]
            contexts = line.of_candidate(those, found, number, kinds)
            ones = self._mixer.ones(number, contexts, Classes(kinds) if number < LOOKED else None)
            hit = self._decide(known[those] == found, ones)
            self._mixer.learn(hit)
            colours[those[hit]] = found[hit]
            fresh[fresh] = hit
            left = left[~fresh]
            if not len(left):
                break
        if len(left):
            colours[left] = self._number(line, left, known[left])
        self._remember(keys, colours)
        return colours

    def _number(self, line: Line, those: NDArray[np.int64], known: Numbers) -> NDArray[np.int64]:
        """Return the colours of pixels that have no candidate's, bit by bit from the highest on."""
        node = np.ones(len(those), np.int64)
        for level in range(self._bits):
            ones = self._mixer.ones(CANDIDATES + level, line.of_node(those, node))
            bits = self._decide((known >> (self._bits - 1 - level) & 1).astype(bool), ones)
            self._mixer.learn(bits)
            node = 2 * node + bits
        return node - (1 << self._bits)

    def _remember(self, keys: NDArray[np.int64], colours: Numbers) -> None:
        """Store the colours of a line as candidates; of equal neighbourhoods the last one's stays."""
        runs = self._runs.take(keys)
        right = (self._last.take(keys) == colours) & (runs > 0)
        self._runs[keys] = np.where(right, np.minimum(runs, 254) + 1, 1)
        self._last[keys] = colours


_STARTS = np.arange(LOOKED, dtype=np.int64)[:, None] << HASH_BITS
