"""Discretised mixtures of logistic distributions in exact integer arithmetic (design D5), and symbols from them.

A mixture (Salimans et al., PixelCNN++, arXiv 1701.05517) has K components of a weight, a mean and an inverse scale. Its
cumulative distribution at an edge is

    F(e) = sum_k exp[logit_k - max] * logistic[(e - mean_k) * exp[log_inverse_k] / 2^shift]

where exp[] and logistic[] are the committed integer tables, so that F is an integer below 2^53, exact in float64 and
equal on every device. A symbol 0 ... 255 is named by eight decisions, each of which halves its range. A decision's
probability is a ratio of two differences of F: one division and one product, which IEEE 754 rounds alike everywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..exact.arrays import Array, namespace
from ..exact.kernels import on_device_of, zeros
from ..exact.tables import EXP_MAX, EXP_MIN, LOGISTIC_RANGE, SIGMOID_FRACTION, load_tables

LEVELS = 8
SYMBOLS = 1 << LEVELS
TOP = 1 << SIGMOID_FRACTION

Decide = Callable[[Array], Array]
"""Gives decisions of 0 and 1 from P(1) in units of 2^-24, arrays of one shape."""


@functools.cache
def _numpy_tables() -> tuple[Any, Any]:
    tables = load_tables()
    # So that the index of exp is the logarithm itself, also below 0.
    return np.roll(tables.exp, EXP_MIN).astype(np.float64), tables.logistic.astype(np.float64)


_on_device: dict[str, tuple[Array, Array]] = {}


def _tables(like: Array) -> tuple[Array, Array]:
    if isinstance(like, np.ndarray):
        return _numpy_tables()
    key = str(like.device)
    if key not in _on_device:
        exp, logistic = _numpy_tables()
        _on_device[key] = on_device_of(exp, like), on_device_of(logistic, like)
    return _on_device[key]


@dataclass(frozen=True)
class Mixture:
    """Mixtures for some positions, arrays (K, ...) of float64 that hold integers.

    Attributes:
        weights: of the components, units of 2^-14 of the largest.
        means: in units of the edges.
        inverses: inverse scales, units of 2^-14.
        shift: product of edge and inverse scale to 1/1024, the step of the logistic table.
    """

    weights: Array
    means: Array
    inverses: Array
    shift: int

    @classmethod
    def of(cls, outputs: Array, shift: int, scale: int = 1) -> Mixture:
        """Return the mixtures of a head's outputs (3 K, ...), means being `scale` times the output."""
        xp = namespace(outputs)
        exp, _ = _tables(outputs)
        size = outputs.shape[0] // 3
        logits, means, logs = outputs[:size], outputs[size : 2 * size], outputs[2 * size :]
        most = logits[0]
        for component in range(1, size):
            most = xp.maximum(most, logits[component])
        weights = exp[xp.astype((logits - most).clip(EXP_MIN, 0), xp.int64)]
        return cls(weights, scale * means, exp[xp.astype(logs.clip(EXP_MIN, EXP_MAX), xp.int64)], shift)

    @property
    def total(self) -> Array:
        """F beyond all edges."""
        return self.weights.sum(0) * float(TOP)

    def cumulative(self, edges: Array) -> Array:
        """F at one edge of each position."""
        xp = namespace(edges)
        _, logistic = _tables(edges)
        steps = xp.floor((edges - self.means) * self.inverses * 2.0**-self.shift)
        index = xp.astype(steps.clip(-LOGISTIC_RANGE, LOGISTIC_RANGE), xp.int64) + LOGISTIC_RANGE
        return (self.weights * logistic[index]).sum(0)

    def main_mean(self) -> Array:
        """Return the mean of the component with the largest weight, of equal ones the first."""
        xp = namespace(self.means)
        best, mean = self.weights[0], self.means[0]
        for component in range(1, self.means.shape[0]):
            heavier = self.weights[component] > best
            best = xp.where(heavier, self.weights[component], best)
            mean = xp.where(heavier, self.means[component], mean)
        return mean

    def mean(self) -> Array:
        """Return the mixtures' means, rounded down."""
        xp = namespace(self.means)
        return xp.floor((self.weights * self.means).sum(0) / self.weights.sum(0))

    def descend(self, edge: Callable[[Array], Array], decide: Decide) -> Array:
        """Return the symbols 0 ... 255 that eight decisions choose.

        Args:
            edge: gives the lower edge of each position's symbol; called for symbols 1 ... 255 alone.
            decide: makes the decisions, from P(the upper half).
        """
        xp = namespace(self.means)
        symbol = zeros(tuple(self.means.shape[1:]), self.means)
        low, high = symbol, self.total
        for level in range(LEVELS):
            half = float(1 << (LEVELS - 1 - level))
            middle = self.cumulative(edge(symbol + half))
            share = (high - middle + 1.0) / (high - low + 2.0)
            upper = decide(xp.floor(share * TOP).clip(1, TOP - 1))
            symbol = symbol + half * upper
            low = xp.where(upper > 0, middle, low)
            high = xp.where(upper > 0, high, middle)
        return symbol


def digits(symbols: Array) -> list[Array]:
    """Return the eight decisions of symbols 0 ... 255, the first one first."""
    xp = namespace(symbols)
    whole = xp.astype(symbols, xp.int64)
    return [whole >> (LEVELS - 1 - level) & 1 for level in range(LEVELS)]
