"""Layer programs: networks as lists of operations on maps of integers, checked once; `flow` runs them.

Maps are (C, H, W). Operations, as they stand in model.json:

    unshuffle by     (C, H, W) to (C by^2, H/by, W/by); channel c by^2 + by r + k has row r, column k of the squares
    shuffle by       the reverse
    clip             clamp(floor(x / 2^shift + 1/2), low, high)
    quality          one more map, constant, of the quality's level (0 ... 255) times 2^shift
    conv             3x3 with zero padding or 1x1, `stride` 1 or 2:
                     clamp(floor((W x + b) / 2^shift_c + 1/2), low, high), shift_c for each output channel
    residual         x + conv `second` (conv `first` (clip x)), clamped to +-limit

Weights are integers. A product is computed in float32 where its sums stay below 2^24 for every input within the
ranges that the operations before it leave, otherwise in float64 (below 2^53, or the program is refused): it is exact
in any order of summation, on any device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .backend import Array, Backend

Arrays = Mapping[str, NDArray[Any]]
SINGLE, DOUBLE = 2**24, 2**52
WEIGHT_LIMIT, BIAS_LIMIT = 2**15, 2**40
MOST = 2**20
"""Largest bound of a map."""


@dataclass(frozen=True)
class Conv:
    """A convolution whose rescaling is folded into the weights.

    Attributes:
        matrix: (outputs, taps x inputs + 1), weights over 2^shift; the last column is the bias and the rounding's 1/2.
        side: 1 or 3.
        stride: 1 or 2.
        low, high: of the results.
        double: whether products are in float64.
    """

    matrix: Array
    side: int
    stride: int
    low: int
    high: int
    double: bool


@dataclass(frozen=True)
class Op:
    """One checked operation."""

    kind: str
    by: int = 1
    shift: int = 0
    low: int = 0
    high: int = 0
    convs: tuple[Conv, ...] = ()


class Program:
    """A network that is ready to run.

    Args:
        ops: as in model.json.
        arrays: weights by name.
        channels: of the input.
        bound: largest magnitude of the input.
        backend: of numpy or torch.

    Raises:
        ModelError: the operations do not fit together, or a sum could be inexact.
    """

    def __init__(
        self, ops: Sequence[Mapping[str, Any]], arrays: Arrays, channels: int, bound: int, backend: Backend
    ) -> None:
        self.backend = backend
        self.inputs = channels
        self.ops: list[Op] = []
        low, high = -bound, bound
        for entry in ops:
            op, channels, low, high = _checked(entry, arrays, channels, low, high, backend)
            self.ops.append(op)
        self.outputs, self.bound = channels, max(-low, high)


def read_conv(entry: Mapping[str, Any], name: str, arrays: Arrays, inputs: int, bound: int, backend: Backend) -> Conv:
    """Return a checked convolution.

    Args:
        entry: its low, high and stride.
        name: of its arrays: NAME.weight (outputs, inputs, side, side), NAME.bias and NAME.shift (outputs,).
        arrays: weights by name.
        inputs, bound: channels and largest magnitude of what it reads.
        backend: of numpy or torch.

    Raises:
        ModelError: an array is missing, of another shape, or its sums could be inexact.
    """
    try:
        weight, bias, shift = (arrays[f"{name}.{part}"].astype(np.int64) for part in ("weight", "bias", "shift"))
        low, high, stride = int(entry["low"]), int(entry["high"]), int(entry.get("stride", 1))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"layer {name} lacks {error}") from error
    outputs = len(weight)
    if weight.ndim != 4 or weight.shape[1] != inputs or weight.shape[2:] not in ((1, 1), (3, 3)):
        raise ModelError(f"layer {name}: weights of shape {weight.shape} do not read {inputs} channels")
    if bias.shape != (outputs,) or shift.shape != (outputs,) or shift.min() < 1 or shift.max() > 40:
        raise ModelError(f"layer {name}: biases or shifts do not fit its {outputs} outputs")
    if not (-MOST <= low <= high <= MOST and stride in (1, 2)):
        raise ModelError(f"layer {name}: its range {low} ... {high} or its stride {stride} is not supported")
    if np.abs(weight).max(initial=0) > WEIGHT_LIMIT or np.abs(bias).max(initial=0) > BIAS_LIMIT:
        raise ModelError(f"layer {name}: its weights have more than 16 bits, or its biases more than 40")
    half = 1 << (shift - 1)
    worst = int((np.abs(weight).sum((1, 2, 3)) * bound + np.abs(bias) + half).max())
    if worst >= DOUBLE:
        raise ModelError(f"layer {name}: its sums could exceed 2^52")
    matrix = np.concatenate([weight.transpose(0, 2, 3, 1).reshape(outputs, -1), (bias + half)[:, None]], 1)
    scaled = matrix.astype(np.float64) * 2.0 ** -shift[:, None].astype(np.float64)
    double = worst >= SINGLE
    return Conv(backend.load(scaled, double), weight.shape[2], stride, low, high, double)


def _checked(
    entry: Mapping[str, Any], arrays: Arrays, channels: int, low: int, high: int, backend: Backend
) -> tuple[Op, int, int, int]:
    """Check an operation and return it with channels and range of its result."""
    try:
        kind = entry["op"]
        if kind in ("shuffle", "unshuffle"):
            by = int(entry["by"])
            if by not in (2, 4, 8, 16) or (kind == "shuffle" and channels % by**2):
                raise ModelError(f"{kind} by {by} does not fit {channels} channels")
            return Op(kind, by=by), channels // by**2 if kind == "shuffle" else channels * by**2, low, high
        if kind == "quality":
            shift = _small(entry["shift"], 12)
            return Op(kind, shift=shift), channels + 1, min(low, 0), max(high, 255 << shift)
        if kind == "clip":
            op = Op(kind, shift=_small(entry["shift"], 20), low=int(entry["low"]), high=int(entry["high"]))
            if not -MOST <= op.low <= op.high <= MOST:
                raise ModelError(f"clip to {op.low} ... {op.high} is not supported")
            return op, channels, op.low, op.high
        if kind == "conv":
            conv = read_conv(entry, entry["name"], arrays, channels, max(-low, high), backend)
            return Op(kind, convs=(conv,)), len(conv.matrix), conv.low, conv.high
        if kind == "residual":
            return _residual(entry, arrays, channels, backend)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"an operation of its program is malformed ({error!r})") from error
    raise ModelError(f"operation {kind!r} is unknown; update this program")


def _residual(entry: Mapping[str, Any], arrays: Arrays, channels: int, backend: Backend) -> tuple[Op, int, int, int]:
    name, limit, low, high = entry["name"], int(entry["limit"]), int(entry["low"]), int(entry["high"])
    if not (0 < limit <= MOST and -MOST <= low <= 0 < high <= MOST):
        raise ModelError(f"residual {name}: its limits are not supported")
    first = read_conv(
        {"low": 0, "high": int(entry["inner"])}, f"{name}.first", arrays, channels, max(-low, high), backend
    )
    second = read_conv({"low": -limit, "high": limit}, f"{name}.second", arrays, len(first.matrix), first.high, backend)
    if len(second.matrix) != channels:
        raise ModelError(f"residual {name}: {len(second.matrix)} channels are added to {channels}")
    op = Op("residual", shift=_small(entry["shift"], 20), low=low, high=high, convs=(first, second))
    return op, channels, -limit, limit


def _small(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ModelError(f"a shift of {value} is not supported")
    return value
