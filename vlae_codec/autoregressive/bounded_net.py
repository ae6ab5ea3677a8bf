"""The local decoder in single precision, with a bound on how far its logits are from the exact ones.

A drawn pixel depends on no more than whether its logit reaches a threshold. Where a logit of single precision is
farther from it than the bound, that is decided, at half the cost of the exact network and without its rounding.

With x the exact activations of a column, y those of single precision and e >= |x - y|, a layer's outputs differ by

    |W| e  +  |1/2|  +  rounding (sum of |W_j| |y_j|)

in Euclidean norm, with |W| the spectral norm, |1/2| = sqrt(outputs) / 2 for the rounding to integers, and W_j the
weights of input j: n terms are added with n roundings at most of each, in any order. That sum is one more row of the
product. Clamps and ReLUs bring both nearer to each other, if they are the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exact.layers import LIMIT
from .window_net import LocalNet

Singles = NDArray[np.float32]

UNIT = 1.01 * 2.0**-24
"""The rounding of single precision, and more than what products of several roundings add."""
SPARE = 1.001
"""More than what the bounds themselves are rounded by."""
COLUMNS = 768
"""Pixels that go through the network at once: more would leave a processor's caches, fewer wait for the interpreter."""
LEAST, MOST, ZERO = np.float32(-LIMIT), np.float32(LIMIT), np.float32(0)


class Bounded(NamedTuple):
    """Logits before their rounding, (N,), and how far they are at most from the exact ones."""

    logits: Singles
    bound: float


@dataclass(frozen=True)
class Layer:
    """A folded layer in single precision, without the 1/2 of its rounding.

    Attributes:
        weight: (outputs + 1, inputs + 1); the last row sums up what no output exceeds but for its bias.
        norm: spectral norm, without the biases.
        rest: Euclidean norm of what the outputs are off by where the inputs are exact and 0.
        slope: what it grows by with the last row.
        offset: the largest bias.
    """

    weight: Singles
    norm: float
    rest: float
    slope: float
    offset: float

    @classmethod
    def of(cls, folded: NDArray[np.float64], rounded: bool = True) -> Layer:
        """Return a layer of `kernels.fold`; `rounded` is whether its outputs are used, or compared before that."""
        bias, weight = folded[:, -1:] - 0.5, folded[:, :-1]
        slope = UNIT * folded.shape[1]
        rest = np.abs(bias - bias.astype(np.float32)) + slope * np.abs(bias) + (0.5 if rounded else 0.0)
        sums = np.append(np.linalg.norm(weight, axis=0), 0.0)
        rows = np.concatenate([np.concatenate([weight, bias], axis=1), sums[None]])
        norm = float(np.linalg.norm(weight, 2)) if weight.size else 0.0
        return cls(
            rows.astype(np.float32), norm * SPARE, float(np.linalg.norm(rest)), slope * SPARE, float(np.abs(bias).max())
        )

    def error(self, before: float, sums: float) -> float:
        """Return the bound of the outputs from that of the inputs and the largest of the last row."""
        return self.norm * before + self.rest + self.slope * sums

    def reach(self, before: float, sums: float) -> float:
        """Return what no output exceeds, exact or not."""
        return SPARE * (sums + self.norm * before + self.offset) + 1


class BoundedNet:
    """A local decoder of one channel and one output, of numpy, in single precision.

    Args:
        net: the exact network.
    """

    def __init__(self, net: LocalNet) -> None:
        self.exact = net
        self.mix = Layer.of(net.mix)
        self.blocks = [(Layer.of(first), Layer.of(second)) for first, second in net.blocks]
        self.head = Layer.of(net.heads[0], rounded=False)
        self.width, self.root = len(net.mix), len(net.mix) ** 0.5


class BoundedColumns:
    """The network with memory for the columns of a step, which go through it in blocks.

    Args:
        net: the network.
        most: columns of the longest step.
    """

    def __init__(self, net: BoundedNet, most: int) -> None:
        self.net, self._rows = net, net.mix.weight.shape[1]
        self._inputs, self._logits = (np.zeros(rows * most, np.float32) for rows in (self._rows, 2))
        self._memory = np.zeros((4, (net.width + 1) * min(most, COLUMNS)), np.float32)

    def inputs(self, count: int) -> Singles:
        """Return the buffer for the windows and features of `count` columns, (inputs + 1, count), its last row ones."""
        found = self._inputs[: self._rows * count].reshape(-1, count)
        found[-1] = 1
        return found

    def run(self, inputs: Singles) -> Bounded:
        """Return what comes of the inputs; the next call overwrites it."""
        count = inputs.shape[1]
        logits = self._logits[: 2 * count].reshape(2, count)
        blocks = [slice(start, start + COLUMNS) for start in range(0, count, COLUMNS)]
        return Bounded(logits[0], max(self._block(inputs[:, here], logits[:, here]) for here in blocks))

    def _block(self, inputs: Singles, logits: Singles) -> float:
        """Write the logits of a block, and return their bound."""
        net, shape = self.net, (4, self.net.width + 1, inputs.shape[1])
        stream, active, hidden, update = self._memory[:, : shape[1] * shape[2]].reshape(shape)
        top, relu, inner, added = stream[:-1], active[:-1], hidden[:-1], update[:-1]
        sums = _product(net.mix, inputs, stream)
        error, reach = net.mix.error(0.0, sums), net.mix.reach(0.0, sums)
        active[-1] = 1
        for first, second in net.blocks:
            reach = _clamped(top, reach)
            top.clip(ZERO, MOST, relu)
            error_inside = first.error(error, _product(first, active, hidden))
            inner.clip(ZERO, MOST, inner)
            hidden[-1] = 1
            sums = _product(second, hidden, update)
            grown = _clamped(added, second.reach(error_inside, sums))
            np.add(top, added, out=top)
            reach += grown
            error += second.error(error_inside, sums) + UNIT * reach * net.root
        top.clip(ZERO, MOST, relu)
        return net.head.error(error, _product(net.head, active, logits))


def _product(layer: Layer, inputs: Singles, out: Singles) -> float:
    """Write a layer's outputs and their sums, the largest of which comes back."""
    np.matmul(layer.weight, inputs, out=out)
    return float(np.maximum.reduce(out[-1]))


def _clamped(x: Singles, reach: float) -> float:
    """Clamp values that may exceed the limit, and return what they do not exceed."""
    if reach > LIMIT:
        x.clip(LEAST, MOST, x)
    return min(reach, float(LIMIT))
