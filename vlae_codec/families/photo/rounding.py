"""The sender's choice of symbols: plain rounding, or rounding by rate and distortion."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from ...coding.precision import Integers
from ...coding.symbols import MOST, SCALES, Scales, costs, limits
from .model import SIXTEENTHS, STEP_BITS

STEP_COSTS = (60.0, 40.0, 25.0, 20.0)
"""Bits that a squared error of one squared quantisation step is worth, by the slice of the latents. Steps are fitted to
lambda, so that it is the same for every quality: at the best step of a uniform quantiser, 6 / ln 2 = 8.7; measured,
more is better, for an error in a latent that the prior's later steps read costs them bits: fewer the later it comes."""
LARGER = 3.0
"""Factor of that cost for symbols beyond 1 and -1."""
LARGEST = 16
"""Symbols beyond are rounded plainly: their neighbours cost nearly the same."""
PLAIN = 1
"""Effort at which rounding is plain."""


def choose(
    values: Integers,
    means: Integers,
    scales: Scales,
    effort: int,
    part: int = 0,
    worth: NDArray[np.float64] | None = None,
) -> Integers:
    """Return the symbols of latents.

    Args:
        values: latents at their gains, with STEP_BITS fraction bits, (C, N).
        means, scales: of the step, (C, N), means in sixteenths.
        effort: `PLAIN`, or above it the rule of rate and distortion.
        part: number of the slice.
        worth: factors of what errors cost, by position, (N,).
    """
    away = values - (means << STEP_BITS - SIXTEENTHS)
    symbols: Integers = (away + (1 << STEP_BITS - 1) >> STEP_BITS).clip(-MOST, MOST)
    if effort <= PLAIN:
        return symbols
    # Few are not 0 already, and the rule can only change those.
    positions = np.nonzero((symbols != 0) & (np.abs(symbols) <= LARGEST))
    size, index = np.abs(symbols[positions]), scales[positions]
    offset = np.abs(away[positions]) / 2.0**STEP_BITS - size
    saved = _bits()[index, size] - _bits()[index, size - 1]
    error = (offset + 1) ** 2 - offset**2
    cost = STEP_COSTS[min(part, len(STEP_COSTS) - 1)] * np.where(size > 1, LARGER, 1.0)
    if worth is not None:
        cost *= worth[positions[1]]
    lower = saved > cost * error
    out: Integers = symbols.copy()
    out[positions] -= np.sign(symbols[positions]) * lower
    return out


@functools.cache
def _bits() -> NDArray[np.float64]:
    """Bits of the magnitudes 0 ... LARGEST by scale, (SCALES, LARGEST + 1); an escape for those beyond the table."""
    out = np.empty((SCALES, LARGEST + 1))
    for index in range(SCALES):
        table, limit = costs()[index], limits()[index]
        for size in range(LARGEST + 1):
            out[index, size] = table[limit + size] if size <= limit else table[-1] + 2 * (size - limit).bit_length()
    return out
