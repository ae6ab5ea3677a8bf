"""Adaptive probabilities of decisions: cells of hashed contexts, mixed in the logistic domain by weights that learn.

After Mahoney, "Adaptive weighing of context models for lossless data compression" (2005). All numbers are integers.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from ...coding.precision import PRECISION, Integers
from ...exact.tables import LOGISTIC_RANGE, load_tables
from .contexts import CONTEXTS, HASH_BITS, Floats, Uint32

MOST_COUNTED = 127
"""Decisions that a cell counts at the most; the more, the slower its probability moves."""
RATES = 655360 // (10 * np.arange(MOST_COUNTED + 1) + 12)
"""Share of 2^16 by which the probability of a cell moves, by what it has counted."""
GROWTH = (np.arange(MOST_COUNTED + 1) < MOST_COUNTED).astype(np.int64)
"""By how much a count grows, by what it is."""
COUNT_BITS, CELL_BITS = 10, 22
"""Bits of a cell's count, the lowest ones, and of its probability less 1/2 above them, so that a fresh cell is 0."""
GOALS = np.array([-(1 << CELL_BITS - 1), (1 << CELL_BITS - 1) - 1])
"""Probabilities less 1/2 to which decisions of 0 and of 1 move a cell."""
CLASSES = 8
"""Sets of weights of a question."""
BIAS = 512
"""The input behind those of the cells, a half in logits."""
START = np.array([18000] * CONTEXTS + [0])
"""Weights at first, in units of 2^-16: of cells, and of the bias."""
RATE = 2.0**-12
"""Of the weights' learning."""
WEIGHT_MOST = 1 << 26
"""Bound of weights, which keeps sums exact whatever a damaged file makes of them; those of pictures are far below."""
LOGIT_MOST = 10240
"""Bound of logits, 1/1024: ten."""
ERROR_SHIFT = PRECISION - 12


@functools.cache
def logits(bits: int) -> Floats:
    """Return the logits, 1/1024, of probabilities 0, 1, ... in units of 2^-bits, where 0 has that of 1."""
    steps = np.searchsorted(load_tables().logistic, np.arange(1 << bits) << PRECISION - bits)
    found = (steps - LOGISTIC_RANGE).astype(np.float64)
    found[0] = found[1]
    return found


@functools.cache
def logits_of_cells() -> Floats:
    """Return the logit, 1/1024, by the 12 highest bits of a cell, which say by how much it differs from 1/2."""
    return np.roll(logits(12), 1 << 11)


class Classes:
    """Which of a question's sets of weights decisions use.

    Args:
        numbers: those of the sets, (n,).
        count: sets that there are.
    """

    def __init__(self, numbers: NDArray[np.integer], count: int = CLASSES) -> None:
        self.numbers = numbers
        self.members = np.equal(numbers[:, None], np.arange(count)).astype(np.float64)
        self.roots = np.maximum(np.floor(np.sqrt(np.add.reduce(self.members, 0))), 1)


class Mixer:
    """Probabilities of decisions in the order in which they are taken.

    Args:
        questions: kinds of decisions, each with weights of its own.
        classes: sets of weights of a question.
        start: weights at first, those of further inputs behind those of `START`.
    """

    def __init__(self, questions: int, classes: int = CLASSES, start: NDArray[np.int64] = START) -> None:
        self._cells = np.zeros(CONTEXTS << HASH_BITS, np.int32)
        self._weights = np.tile(start.astype(np.float64)[:, None], (questions, 1, classes))

    def ones(
        self,
        question: int,
        contexts: Uint32,
        classes: Classes | None = None,
        further: Floats | None = None,
    ) -> Integers:
        """Return P(1), in units of 2^-24, of decisions (n,) of one question.

        Args:
            contexts: their hashes, (CONTEXTS, n).
            classes: of the decisions; None for the first one alone.
            further: inputs beside those of the cells, whole logits in 1/1024, (m, n).
        """
        self._classes, self._mixed = classes, self._weights[question]
        self._at = (contexts >> np.uint32(32 - HASH_BITS)).astype(np.intp)
        self._at += _STARTS
        self._found = self._cells.take(self._at).astype(np.int64)
        self._inputs = np.empty((len(self._mixed), contexts.shape[1]))
        self._inputs[:CONTEXTS] = logits_of_cells().take(self._found >> COUNT_BITS + CELL_BITS - 12)
        self._inputs[CONTEXTS] = BIAS
        if further is not None:
            self._inputs[CONTEXTS + 1 :] = further
        if classes is None:
            sums = self._mixed[:, 0] @ self._inputs
        else:
            sums = np.add.reduce(self._mixed.take(classes.numbers, axis=1) * self._inputs, 0)
        logits = np.minimum(np.maximum(np.floor(sums * 2.0**-16), -LOGIT_MOST), LOGIT_MOST)
        found: Integers = load_tables().logistic.take(logits.astype(np.int64) + LOGISTIC_RANGE)
        self._ones = found
        return found

    def learn(self, decided: NDArray[np.bool_]) -> None:
        """Move cells and weights along by the decisions (n,) that `ones` was called for.

        All move from where they were before; of decisions that share a cell the last one counts.
        """
        errors = (decided.astype(np.int64) << PRECISION) - self._ones >> ERROR_SHIFT
        if self._classes is None:
            moved = self._mixed[:, 0]
            moved += np.floor(self._inputs @ errors.astype(np.float64) * RATE / math.isqrt(len(errors)))
        else:
            moved = self._mixed
            moved += np.floor((self._inputs * errors) @ self._classes.members * RATE / self._classes.roots)
        np.maximum(np.minimum(moved, WEIGHT_MOST, out=moved), -WEIGHT_MOST, out=moved)
        counts, found = self._found & (1 << COUNT_BITS) - 1, self._found
        moves = (GOALS.take(decided) - (found >> COUNT_BITS)) * RATES.take(counts) >> 16
        found += moves << COUNT_BITS
        found += GROWTH.take(counts)
        self._cells[self._at] = found


_STARTS = np.arange(CONTEXTS)[:, None] << HASH_BITS
