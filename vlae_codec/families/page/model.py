"""A page model: templates of contexts, and a network in integers, as model.json and weights.npz have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from .contexts import FLAT, MOST, ROWS, Words

WINDOW_ROWS, WINDOW_COLUMNS = 5, 16
"""Rows and newest pixels of each that the network reads of a neighbourhood."""
ONE = 64
"""What an activation of 1 is in integers."""
ACTIVE_MOST = 16 * ONE - 1
"""The largest activation of the inner layers."""
EXACT = 1 << 24
"""Sums below are exact in float32."""
MAX_TEMPLATES, MAX_UNITS, MAX_COUNT, MAX_SHIFT = 8, 256, 1 << 20, 24

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Layer:
    """Weights of whole numbers, then a shift, and a clamp to 0 ... ACTIVE_MOST.

    Attributes:
        weight: float32 (outputs, inputs).
        bias: float32 (outputs, 1), 1/2 of the rounding included.
        shift: of the rescaling, at least 1.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    shift: int

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return activations (outputs, N) of inputs (inputs, N)."""
        out: NDArray[np.float32] = self.weight @ inputs
        out += self.bias
        out *= np.float32(2.0**-self.shift)
        np.floor(out, out=out)
        return np.clip(out, 0, ACTIVE_MOST, out=out)


class PageModel:
    """A page model that is ready to run, on numpy.

    Args:
        info: the tree of model.json.
        arrays: integer arrays by name.

    Attributes:
        templates: bits of each row that make a context, (T, ROWS).
        flat: how often paper and ink followed each flat context in training, (FLAT, 2).
        logs: 16 log2(1 + 5/2 n) of counts n = 0 ... MOST.
        enter, hidden: the network's inner layers.
        head: weights of its last layer, where learning starts: of `hidden`, of the counts, of a one.

    Raises:
        ModelError: something is missing, does not fit, or does not stay exact.
    """

    def __init__(self, info: Mapping[str, Any], arrays: Arrays) -> None:
        self.fingerprint = bytes.fromhex(info["fingerprint"])
        self._info, self._arrays = info, {name: value.astype(np.int64) for name, value in arrays.items()}
        try:
            self._build()
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ModelError(f"model.json: malformed ({error!r})") from error

    def _build(self) -> None:
        count = len(self._arrays["templates"])
        if not 1 <= count <= MAX_TEMPLATES:
            raise ModelError(f"weights.npz: {count} templates, and 1 to {MAX_TEMPLATES} are supported")
        self.templates: Words = self._array("templates", (count, ROWS), (1 << 32) - 1).astype(np.uint32)
        self.flat = self._array("flat", (FLAT, 2), MAX_COUNT)
        self.logs = self._array("logs", (MOST + 1,), ACTIVE_MOST)
        most = np.concatenate([np.ones(WINDOW_ROWS * WINDOW_COLUMNS), np.full(2 * count, self.logs.max())])
        self.enter = self._layer("enter", most)
        self.hidden = self._layer("hidden", np.full(len(self.enter.bias), ACTIVE_MOST))
        self.head = self._array("head", (len(self.hidden.bias) + 2 * count + 1,), EXACT, -EXACT)

    def _array(self, name: str, shape: tuple[int, ...], most: int, least: int = 0) -> NDArray[np.int64]:
        array = self._arrays[name]
        if array.shape != shape or array.min() < least or array.max() > most:
            raise ModelError(f"weights.npz: {name} has not {shape} values of {least} to {most}")
        return array

    def _layer(self, name: str, most: NDArray[Any]) -> Layer:
        weight, bias, shift = self._arrays[f"{name}.weight"], self._arrays[f"{name}.bias"], self._info["shifts"][name]
        if weight.ndim != 2 or len(weight) != len(most) or bias.shape != weight.shape[1:]:
            raise ModelError(f"weights.npz: layer {name} does not fit what it reads")
        if not 1 <= len(bias) <= MAX_UNITS or type(shift) is not int or not 1 <= shift <= MAX_SHIFT:
            raise ModelError(f"model.json: layer {name} has a number of units or a shift out of range")
        bias = bias + (1 << shift - 1)
        if (np.abs(weight) * most[:, None]).sum(0).max() + np.abs(bias).max() >= EXACT:
            raise ModelError(f"weights.npz: layer {name} has numbers beyond what stays exact")
        return Layer(np.ascontiguousarray(weight.T, np.float32), bias[:, None].astype(np.float32), shift)
