"""The network that makes one probability of a pixel's neighbourhood and counts, and goes on learning in its last layer.

All numbers are integers. Products of the first two layers stay below 2^24 and are exact in float32, those of the last
one below 2^53 in float64; so the results are the same with any BLAS and in any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...coding.precision import PRECISION, Integers
from ...exact.tables import LOGISTIC_RANGE, load_tables
from .contexts import MOST, Bits, Words
from .model import ACTIVE_MOST, ONE, WINDOW_COLUMNS, WINDOW_ROWS, PageModel

LOGIT_SHIFT = 16
"""Fraction bits of the last layer's weights beyond those of logits (1/1024)."""
ERROR_SHIFT = PRECISION - 12
STEADY = 128
"""Pixels of a line that change the last layer by a share each; those of a longer line have the shares of so many."""
RATE_SHIFT = 17
"""The last layer's gradient times 2^RATE_SHIFT is divided by the inputs' energy and the pixels."""
HEAD_MOST = 1 << 26

Columns = NDArray[np.floating[Any]]


class Mixer:
    """Probabilities of ink for the pixels of lines, in order.

    Args:
        model: whose last layer is where this one's learning starts.
    """

    def __init__(self, model: PageModel) -> None:
        self._model = model
        self._head = model.head.astype(np.float64)
        self._logs = model.logs.astype(np.float32)
        self._inputs = np.empty((0, 0))
        self._ones = np.empty(0, np.int64)
        self._bits = np.arange(WINDOW_COLUMNS, dtype=np.uint32)[:, None]

    def ones(self, near: Words, counts: Words) -> Integers:
        """Return P(ink) in units of 2^-24 of the pixels of a line, (N,).

        Args:
            near: their neighbourhoods, (ROWS, N).
            counts: how often paper, then ink, followed each context, (2 T, N).
        """
        model, pixels = self._model, near.shape[1]
        window = WINDOW_ROWS * WINDOW_COLUMNS
        features = np.empty((window + len(counts), pixels), np.float32)
        features[:window].reshape(WINDOW_ROWS, WINDOW_COLUMNS, pixels)[:] = near[:WINDOW_ROWS, None] >> self._bits & 1
        self._logs.take(np.minimum(counts, MOST), out=features[window:])
        self._inputs = np.empty((len(self._head), pixels))
        top = len(model.hidden.bias)
        self._inputs[:top] = model.hidden(model.enter(features))
        self._inputs[top:-1] = features[window:]
        self._inputs[-1] = ONE
        logits = np.floor(self._head @ self._inputs * 2.0**-LOGIT_SHIFT + 0.5)
        np.clip(logits, -LOGISTIC_RANGE, LOGISTIC_RANGE, out=logits)
        self._ones = load_tables().logistic.take(logits.astype(np.int64) + LOGISTIC_RANGE)
        return self._ones

    def learn(self, pixels: Bits) -> None:
        """Move the last layer along the gradient of the code length of the line that `ones` was called for."""
        errors = (pixels.astype(np.int64) << PRECISION) - self._ones >> ERROR_SHIFT
        gradient = (self._inputs @ errors.astype(np.float64)).astype(np.int64)
        energy = int(np.square(self._inputs).sum()) // len(pixels)
        self._head += (gradient << RATE_SHIFT) // (energy * max(STEADY, len(pixels)))
        np.clip(self._head, -HEAD_MOST, HEAD_MOST, out=self._head)


assert ACTIVE_MOST * HEAD_MOST * (1 << 10) < 1 << 52
