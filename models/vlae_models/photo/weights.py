"""Rounding of a layer's weights with its inputs in mind.

Frantar et al., "GPTQ" (2022), after Hassibi and Stork, "Optimal brain surgeon" (1992): weights are rounded one input
after the other, and what an input's rounding changes in the outputs is made up by the inputs that are still to come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DAMPING = 0.01
"""Added to the diagonal of the moments, as a share of its mean: inputs that the crops hardly show are not leant on."""

Floats = NDArray[np.float64]


def rounded_weights(weight: Floats, bias: Floats, moments: Floats, largest: int) -> tuple[Floats, Floats]:
    """Return integer weights whose outputs differ least from those of given weights, and the biases that go with them.

    Args:
        weight: (outputs, inputs), in units of the integers.
        bias: (outputs,), in the same units; it keeps its fractions.
        moments: sums of products of inputs, with 1 as the last input, (inputs + 1, inputs + 1).
        largest: weight.
    """
    damped = moments + np.eye(len(moments)) * DAMPING * np.diag(moments)[:-1].mean()
    order = np.argsort(-np.diag(damped)[:-1])  # the strongest inputs first, while most others can make up for them
    order = np.append(order, len(order))
    damped = damped[np.ix_(order, order)]
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T
    left = np.concatenate([weight, bias[:, None]], 1)[:, order].T.copy()
    found = np.empty_like(left)
    for place in range(len(left) - 1):
        found[place] = np.clip(np.rint(left[place]), -largest, largest)
        left[place + 1 :] -= np.outer(spread[place, place + 1 :] / spread[place, place], left[place] - found[place])
    integers = np.empty_like(weight)
    integers[:, order[:-1]] = found[:-1].T
    return integers, left[-1]
