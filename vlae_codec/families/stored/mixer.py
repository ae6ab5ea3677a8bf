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
def logits(bits: int) -> NDArray[np.int16]:
    """Return the logits, 1/1024, of probabilities 0, 1, ... in units of 2^-bits, where 0 has that of 1."""
    steps = np.searchsorted(load_tables().logistic, np.arange(1 << bits) << PRECISION - bits)
    found = (steps - LOGISTIC_RANGE).astype(np.int16)
    found[0] = found[1]
    return found


@functools.cache
def logits_of_cells() -> Floats:
    """Return the logit, 1/1024, by the 12 highest bits of a cell, which say by how much it differs from 1/2."""
    return np.roll(logits(12), 1 << 11).astype(np.float64)


@functools.cache
def probabilities() -> Integers:
    """Return P(1), in units of 2^-24, of the logits from -LOGIT_MOST to LOGIT_MOST."""
    return load_tables().logistic[LOGISTIC_RANGE - LOGIT_MOST : LOGISTIC_RANGE + LOGIT_MOST + 1]


class Classes:
    """Which of a question's sets of weights decisions use.

    Args:
        numbers: those of the sets, (n,).
        count: sets that there are.
        inputs: weights of a set.

    Attributes:
        slots: where each decision's weights are in all of a question's, (inputs, n).
        roots: of how many decisions use a set, whole, (count,).
    """

    def __init__(self, numbers: NDArray[np.integer], count: int = CLASSES, inputs: int = len(START)) -> None:
        self.slots = np.arange(0, inputs * count, count)[:, None] + numbers
        self.roots = np.maximum(np.floor(np.sqrt(np.bincount(numbers, minlength=count))), 1)


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
        further: NDArray[np.int16] | None = None,
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
        self._found = self._cells.take(self._at)
        self._inputs = np.empty((len(self._mixed), contexts.shape[1]))
        highest = self._found >> COUNT_BITS + CELL_BITS - 12 & (1 << 12) - 1
        logits_of_cells().take(highest, mode="clip", out=self._inputs[:CONTEXTS])
        self._inputs[CONTEXTS] = BIAS
        if further is not None:
            self._inputs[CONTEXTS + 1 :] = further
        if classes is None:
            sums = self._mixed[:, 0] @ self._inputs
        else:
            products = self._mixed.take(classes.slots)
            products *= self._inputs
            sums = np.add.reduce(products, 0)
        found: Integers = probabilities().take((sums.astype(np.int64) >> 16) + LOGIT_MOST, mode="clip")
        self._ones = found
        return found

    def learn(self, decided: NDArray[np.bool_]) -> None:
        """Move cells and weights along by the decisions (n,) that `ones` was called for.

        All move from where they were before; of decisions that share a cell the last one counts.
        """
        errors = ((decided.astype(np.int64) << PRECISION) - self._ones >> ERROR_SHIFT).astype(np.float64)
        if self._classes is None:
            moved = self._mixed[:, 0]
            moved += np.floor(self._inputs @ errors * RATE / math.isqrt(len(errors)))
        else:
            moved = self._mixed
            self._inputs *= errors
            sums = np.bincount(self._classes.slots.ravel(), self._inputs.ravel(), moved.size).reshape(moved.shape)
            moved += np.floor(sums * RATE / self._classes.roots)
        np.maximum(np.minimum(moved, WEIGHT_MOST, out=moved), -WEIGHT_MOST, out=moved)
        found, counts = self._found, self._found & (1 << COUNT_BITS) - 1
        moves = RATES.take(counts)
        moves *= GOALS.take(decided) - (found >> COUNT_BITS)
        moves >>= 16
        found += (moves << COUNT_BITS).astype(np.int32)
        found += counts < MOST_COUNTED
        self._cells[self._at] = found


_STARTS = np.arange(CONTEXTS)[:, None] << HASH_BITS
