"""Linear predictions of samples, by least squares over what was coded: of each sample's surroundings, and of all.

After Meyer and Tischer, "Glicbawls - Grey Level Image Compression by Adaptive Weighted Least Squares" (2001). Each
operation on float64 is one of IEEE 754 on elements, in the order written, or one on whole numbers below 2^53, so that
every machine has the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from .planes import Floats, Line, Part

RIDGE = 8.0
"""Added to the diagonal, which draws coefficients to 0; also the least pivot, whatever rounding leaves of it."""
WIDER, WEIGHT_BITS, WEIGHT_MOST, FADING = 4, 16, 2.0**31, 511 / 512
"""Of the regression over all samples: factor of `RIDGE`, fraction bits of coefficients and their bound, which keeps
sums of whole numbers exact, and what a step leaves of the moments."""
TINY, FLUSHED = 2.0**-32, 64
"""Moments below which are set to 0, and steps from one time to the next: numbers near 0 take processors long."""


class Triangle:
    """Moments of K features, (M, N): columns of symmetric matrices from the diagonal down.

    Behind the diagonal of each column comes its right side, then its rows from the lowest up to the one below the
    diagonal: what is left to eliminate is contiguous, and so is what coefficients are found from.

    Attributes:
        rows, columns: of the moments, (M,); the right side is row K.
    """

    def __init__(self, count: int) -> None:
        places = [(row, column) for column in range(count) for row in (column, *range(count, column, -1))]
        self.rows, self.columns = np.array(places).T
        self._shares, self._plain = count - self.rows, count - self.columns
        ends = np.cumsum(np.arange(count + 1, 1, -1)).tolist()
        self._pivots = list(zip([0, *ends], ends, strict=False))

    def products(self, factors: Floats) -> Floats:
        """Return the moments of features and, behind them, of a target, (K + 1, N)."""
        found: Floats = factors.take(self.rows, axis=0)
        found *= factors.take(self.columns, axis=0)
        return found

    def solve(self, moments: Floats, ridge: float) -> Floats:
        """Return coefficients, (K, N), by elimination.

        Args:
            moments: are overwritten.
            ridge: added to the diagonal, and the least pivot.
        """
        for start, end in self._pivots:
            shares = moments[start + 1 : end]
            plain = shares.copy()
            shares /= np.maximum(moments[start] + ridge, ridge)
            products = shares.take(self._shares[end:], axis=0)
            products *= plain.take(self._plain[end:], axis=0)
            moments[end:] -= products
        found = np.empty((len(self._pivots), moments.shape[1]))
        for known, (start, end) in enumerate(reversed(self._pivots)):
            terms = moments[start + 1 : end]
            terms[1:] *= found[:known]
            np.subtract.reduce(terms, axis=0, out=found[known])
        return found[::-1]


class Regression(Protocol):
    """Predictions of samples, which learn from step to step."""

    def predict(self, line: Line, features: Floats) -> Floats:
        """Return predictions of targets, (N,), from features (FEATURES, N) of a line."""

    def learn(self, line: Line, features: Floats, targets: Floats) -> None:
        """Add the line's samples, whose targets (N,) were predicted last."""


class Local:
    """Predictions from the samples around each one, whose weights fall by a factor with each column and row.

    Args:
        planes, height: of the picture.
        count: features that are used, the first ones.
        row, column: factors.
    """

    def __init__(self, planes: int, height: int, count: int, column: float, row: float) -> None:
        self._count, self._column, self._row = count, column, row
        self._triangle = Triangle(count)
        self._beside = np.zeros((planes, len(self._triangle.rows), height + 1))
        self._all = np.zeros_like(self._beside)

    def predict(self, line: Line, features: Floats) -> Floats:
        """Return predictions of targets, (N,)."""
        self._sums = np.empty((len(self._triangle.rows), len(line.at)))
        for part in line.parts:
            own, above = _rows(part)
            beside, sums = self._beside[part.plane, :, own], self._sums[:, part.where]
            beside *= self._column
            np.multiply(self._all[part.plane, :, above], self._row, out=sums)
            sums += beside
        terms = self._triangle.solve(self._sums.copy(), RIDGE)
        terms *= features[: self._count]
        predicted: Floats = terms[0]
        for term in terms[1:]:
            predicted += term
        return predicted

    def learn(self, line: Line, features: Floats, targets: Floats) -> None:
        """Add the line's samples, whose targets (N,) were predicted last."""
        products = self._triangle.products(np.concatenate([features[: self._count], targets[None]]))
        for part in line.parts:
            own, _ = _rows(part)
            self._beside[part.plane, :, own] += products[:, part.where]
            np.add(self._sums[:, part.where], products[:, part.where], out=self._all[part.plane, :, own])
        if line.time % FLUSHED == 0:
            for moments in (self._beside, self._all):
                moments[np.abs(moments) < TINY] = 0


def _rows(part: Part) -> tuple[slice, slice]:
    """Return where the moments of a part's rows are, and those of the rows above."""
    return slice(part.first + 1, part.end + 1), slice(part.first, part.end)


class Global:
    """Predictions from all samples before, those of each plane apart; coefficients are those of the step before.

    Args:
        planes: of the picture.
        count: features.
    """

    def __init__(self, planes: int, count: int) -> None:
        self._triangle = Triangle(count)
        self._moments = np.zeros((len(self._triangle.rows), planes))
        self._coefficients = np.zeros((count, planes))

    def predict(self, line: Line, features: Floats) -> Floats:
        """Return predictions of targets, (N,)."""
        found: Sequence[Floats] = [self._coefficients[:, part.plane] @ features[:, part.where] for part in line.parts]
        return np.concatenate(found) * 2.0**-WEIGHT_BITS

    def learn(self, line: Line, features: Floats, targets: Floats) -> None:
        """Add the line's samples."""
        rows = np.concatenate([features, targets[None]])
        for part in line.parts:
            own = rows[:, part.where]
            moments = self._moments[:, part.plane]
            moments *= FADING
            moments += (own @ own[:-1].T)[self._triangle.rows, self._triangle.columns]
        if line.time % 2 == 0:
            found = np.floor(self._triangle.solve(self._moments.copy(), WIDER * RIDGE) * 2.0**WEIGHT_BITS + 0.5)
            self._coefficients = np.minimum(np.maximum(found, -WEIGHT_MOST), WEIGHT_MOST)
