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


def solve(moments: Floats, ridge: float) -> Floats:
    """Return coefficients, (K, N), by elimination.

    Args:
        moments: symmetric matrices with their right sides as the last row, (K + 1, K, N), which are overwritten.
        ridge: added to the diagonal, and the least pivot.
    """
    count = moments.shape[1]
    for pivot in range(count):
        below = moments[pivot + 1 :]
        column = below[:, pivot].copy()
        below[:, pivot] /= np.maximum(moments[pivot, pivot] + ridge, ridge)
        below[:, pivot + 1 :] -= below[:, pivot, None] * column[: count - pivot - 1]
    found = moments[count]
    for known in range(count - 1, 0, -1):
        found[:known] -= moments[known, :known] * found[known]
    return found


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
        self._beside = np.zeros((planes, count + 1, count, height + 1))
        self._all = np.zeros_like(self._beside)

    def predict(self, line: Line, features: Floats) -> Floats:
        """Return predictions of targets, (N,)."""
        found = np.empty((self._count + 1, self._count, len(line.at)))
        self._faded = np.empty_like(found)
        for part in line.parts:
            own, above = _rows(part)
            np.multiply(self._beside[part.plane, :, :, own], self._column, out=self._faded[:, :, part.where])
            np.multiply(self._all[part.plane, :, :, above], self._row, out=found[:, :, part.where])
        found += self._faded
        self._sums = found.copy()
        coefficients = solve(found, RIDGE)
        predicted: Floats = coefficients[0] * features[0]
        for weight, feature in zip(coefficients[1:], features[1:], strict=False):
            predicted += weight * feature
        return predicted

    def learn(self, line: Line, features: Floats, targets: Floats) -> None:
        """Add the line's samples, whose targets (N,) were predicted last."""
        rows = np.concatenate([features[: self._count], targets[None]])
        products = rows[:, None] * rows[None, :-1]
        self._faded += products
        self._sums += products
        for part in line.parts:
            own, _ = _rows(part)
            self._beside[part.plane, :, :, own] = self._faded[:, :, part.where]
            self._all[part.plane, :, :, own] = self._sums[:, :, part.where]
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
        self._moments = np.zeros((count + 1, count, planes))
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
            moments = self._moments[:, :, part.plane]
            moments *= FADING
            moments += own @ own[:-1].T
        if line.time % 2 == 0:
            found = np.floor(solve(self._moments.copy(), WIDER * RIDGE) * 2.0**WEIGHT_BITS + 0.5)
            self._coefficients = np.minimum(np.maximum(found, -WEIGHT_MOST), WEIGHT_MOST)
