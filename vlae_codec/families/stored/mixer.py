"""Adaptive probabilities of decisions: cells of hashed contexts, mixed in the logistic domain by weights that learn.

After Mahoney, "Adaptive weighing of context models for lossless data compression" (2005). All numbers are integers.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from ...coding.precision import PRECISION, Integers
from ...exact.tables import LOGISTIC_RANGE, load_tables
from .contexts import CONTEXTS, HASH_BITS, Uint32

MOST_COUNTED = 127
"""Decisions that a cell counts at the most; the more, the slower its probability moves."""
RATES = 655360 // (10 * np.arange(MOST_COUNTED + 1) + 12)
"""Share of 2^16 by which the probability of a cell moves, by what it has counted."""
COUNT_BITS, CELL_BITS = 10, 22
"""Bits of a cell's count, the lowest ones, and of its probability above them."""
FRESH = np.uint32(1 << 31)
"""A cell that has counted nothing, of probability 1/2. Cells are kept as differences from it: memory starts as 0."""
GOAL = (1 << CELL_BITS) - 1
"""Probability to which a decision of 1 moves a cell."""
CLASSES = 8
"""Sets of weights of a question."""
BIAS = 512
"""The last input, a half in logits."""
START = 18000
"""Each weight at first, in units of 2^-16."""
RATE, RATE_SHIFT = 4, 14
"""Of the weights' learning."""
LOGIT_MOST = 10240
"""Bound of logits, 1/1024: ten."""
ERROR_SHIFT = PRECISION - 12


@functools.cache
def logits_of_cells() -> Integers:
    """Return the logit, 1/1024, for each of the 2^12 values of a cell's highest bits."""
    logistic = load_tables().logistic
    found = np.searchsorted(logistic, np.arange(1 << 12) << PRECISION - 12) - LOGISTIC_RANGE
    found[0] = found[1]
    return found


class Mixer:
    """Probabilities of decisions in the order in which they are taken.

    Args:
        questions: kinds of decisions, each with weights of its own.
    """

    def __init__(self, questions: int) -> None:
        self._cells = np.zeros(CONTEXTS << HASH_BITS, np.uint32)
        self._ones: Integers = np.zeros(0, np.int64)
        self._weights = np.full((questions, CONTEXTS + 1, CLASSES), START, np.float64)
        self._weights[:, -1] = 0

    def ones(self, question: int, contexts: Uint32, kinds: NDArray[np.uint8]) -> Integers:
        """Return P(1), in units of 2^-24, of decisions (n,) of one question.

        Args:
            contexts: their hashes, (CONTEXTS, n).
            kinds: which of the sets of weights each uses.
        """
        self._question, self._kinds = question, kinds
        self._at = (contexts >> np.uint32(32 - HASH_BITS)) + _STARTS
        self._found = self._cells.take(self._at) ^ FRESH
        self._inputs = np.empty((CONTEXTS + 1, len(kinds)))
        self._inputs[:-1] = logits_of_cells().take(self._found >> np.uint32(CELL_BITS + COUNT_BITS - 12))
        self._inputs[-1] = BIAS
        sums = np.add.reduce(self._weights[question].take(kinds, axis=1) * self._inputs, 0)
        logits = np.minimum(np.maximum(np.floor(sums * 2.0**-16), -LOGIT_MOST), LOGIT_MOST)
        self._ones = load_tables().logistic.take(logits.astype(np.int64) + LOGISTIC_RANGE)
        return self._ones

    def learn(self, decided: NDArray[np.bool_]) -> None:
        """Move cells and weights along by the decisions (n,) that `ones` was called for.

        All move from where they were before; of decisions that share a cell the last one counts.
        """
        errors = (decided.astype(np.int64) << PRECISION) - self._ones >> ERROR_SHIFT
        members = np.equal(self._kinds[:, None], _KINDS).astype(np.float64)
        roots = np.maximum(np.floor(np.sqrt(np.add.reduce(members, 0))), 1)
        steps = (self._inputs * errors) @ members * (RATE * 2.0**-RATE_SHIFT)
        self._weights[self._question] += np.floor(steps / roots)
        counts = self._found & np.uint32((1 << COUNT_BITS) - 1)
        shares = (self._found >> np.uint32(COUNT_BITS)).astype(np.int64)
        shares += (decided * GOAL - shares) * RATES.take(counts) >> 16
        moved = shares.astype(np.uint32) << np.uint32(COUNT_BITS) | np.minimum(counts + np.uint32(1), MOST_COUNTED)
        self._cells[self._at] = moved ^ FRESH


_KINDS = np.arange(CLASSES, dtype=np.uint8)
_STARTS = np.arange(CONTEXTS, dtype=np.uint32)[:, None] << np.uint32(HASH_BITS)
