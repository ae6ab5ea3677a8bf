"""Rules by which a relative entropy code takes one of the points of a Poisson process on the prior (design D1).

Both take a point that is a sample of the law. Points come in the order of the search, not of their times.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..model.networks import Integers
from .posterior import Floats

WORST = -math.log2(10)
"""Least merit of the best point, but for a share of e^-10: its time over its r is exponential."""


class Pending(NamedTuple):
    """Candidates in the making, N of them.

    Attributes:
        paths: which ones of their exponent, (N,).
        times: log2 of their arrivals, (N,).
        least: the log2 ratio that each has to reach, (N,).
        ratios: the log2 ratio as far as it is known or guessed, (N,).
        z: the first blocks, (N, d).
    """

    paths: Integers
    times: Floats
    least: Floats
    ratios: Floats
    z: Integers

    def above(self, gain: Floats, slack: float) -> Pending:
        """Return those, with `gain` more of the ratio known, that reach what they have to if it grows by `slack`."""
        ratios = self.ratios + gain
        chosen = np.flatnonzero(ratios + slack >= self.least)
        if len(chosen) == len(ratios):
            return self._replace(ratios=ratios)
        return Pending(self.paths[chosen], self.times[chosen], self.least[chosen], ratios[chosen], self.z[chosen])


class Curve:
    """Greedy Poisson rejection sampling: takes the first point under a curve, an r for each time.

    At ratio h the share of processes of which no point is taken yet is Q(r >= h) - h P(r >= h), and time passes by dh
    over it.

    Args:
        ratios: log2 ratios of samples of the law, (N,).

    Attributes:
        number: of the point; before there is one under the curve, of that which is least above it.
        latest: log2 of the time up to which a point may be taken.
    """

    def __init__(self, ratios: Floats) -> None:
        self._ratios = np.sort(ratios)
        beyond = np.cumsum(2.0 ** -self._ratios[::-1])[::-1] / len(ratios)  # P(r >= h), as a mean under Q
        rest = 1 - np.arange(len(ratios)) / len(ratios)
        alive = np.maximum(rest - 2.0**self._ratios * beyond, 1e-300)
        times = np.cumsum(np.log(np.append(1.0, alive[:-1]) / alive) / beyond)
        self._times = np.log2(np.maximum(times, 1e-300))
        self.number, self.latest, self._above = 0, math.inf, math.inf

    def threshold(self, times: Floats) -> Floats:
        """Return the log2 ratio that a point has to have at these times, of which log2 is given."""
        return np.asarray(np.interp(times, self._times, self._ratios) - 1e-9)

    def take(self, pending: Pending, exponent: int) -> None:
        """Take the first point under the curve, if it is before the one there is."""
        above = self.threshold(pending.times) - pending.ratios
        best = int(np.where(above <= 0, pending.times, np.inf).argmin())
        if above[best] > 0:
            best = int(above.argmin())
            if self.latest < math.inf or above[best] >= self._above:
                return
            self._above = float(above[best])
        elif pending.times[best] >= self.latest:
            return
        else:
            self.latest = float(pending.times[best])
        self.number = (1 << exponent) - 1 + int(pending.paths[best])


class Race:
    """The Poisson functional representation: takes the point with the largest r / time.

    Attributes:
        number: of the point, as far as the search has come.
        latest: infinite; any time may be made up for.
    """

    def __init__(self) -> None:
        self.number, self.latest, self._merit = 0, math.inf, WORST

    def threshold(self, times: Floats) -> Floats:
        """Return the log2 ratio that a point has to have at these times, of which log2 is given."""
        return self._merit + times

    def take(self, pending: Pending, exponent: int) -> None:
        """Take the best point, if it is better than the one there is."""
        merit = pending.ratios - pending.times
        best = int(merit.argmax())
        if merit[best] > self._merit:
            self._merit, self.number = float(merit[best]), (1 << exponent) - 1 + int(pending.paths[best])
