"""The few array operations that layer programs run on, with buffers that are written in place: numpy or torch.

Values are integers, or integers times a power of two, in float32 or float64; every product is exact there, so both
libraries, any BLAS and any device give the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..parallel import threads

Array = Any
"""An array of numpy or a tensor of torch."""


class Backend:
    """Arrays of numpy, or tensors of torch on a device.

    Args:
        device: "cpu" is numpy, which computes in several threads side by side; "torch" is its CPU, "cuda" its GPU.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.library: Any = np
        self.is_numpy = device == "cpu"
        self.place: dict[str, Any] = {}
        if not self.is_numpy:
            import torch

            self.library, self.place = torch, {"device": "cpu" if device == "torch" else device}

    @property
    def workers(self) -> int:
        """Threads that share a network's work; torch and GPUs share it themselves."""
        return threads() if self.is_numpy else 1

    def load(self, values: NDArray[Any], double: bool) -> Array:
        """Return values as an array of float64 or float32."""
        if self.is_numpy:
            return np.ascontiguousarray(values, np.float64 if double else np.float32)
        return self.library.from_numpy(np.ascontiguousarray(values)).to(self.place["device"], self._kind(double))

    def to_numpy(self, x: Array) -> NDArray[Any]:
        """Return an array of numpy."""
        return np.asarray(x if self.is_numpy else x.cpu().numpy())

    def zeros(self, shape: tuple[int, ...], double: bool) -> Array:
        """Return zeros."""
        return self.library.zeros(shape, dtype=self._kind(double), **self.place)

    def empty(self, shape: tuple[int, ...], double: bool) -> Array:
        """Return memory that is not filled."""
        return self.library.empty(shape, dtype=self._kind(double), **self.place)

    def _kind(self, double: bool) -> Any:
        return self.library.float64 if double else self.library.float32

    def matmul(self, a: Array, b: Array, out: Array) -> None:
        """Write the matrix product a b to out."""
        self.library.matmul(a, b, out=out)

    def round_down(self, x: Array) -> None:
        """Replace values by the integers below them."""
        self.library.floor(x, out=x)

    def clip(self, x: Array, low: float, high: float, out: Array) -> None:
        """Write values clamped to low ... high to out."""
        if self.is_numpy:
            np.minimum(x, x.dtype.type(high), out=out)  # np.clip takes twice as long
            np.maximum(out, x.dtype.type(low), out=out)
        else:
            self.library.clamp(x, low, high, out=out)

    def scale(self, x: Array, factor: float, offset: float, out: Array) -> None:
        """Write x factor + offset to out."""
        self.library.multiply(x, factor, out=out)
        if offset:
            self.library.add(out, offset, out=out)

    def permute(self, x: Array, axes: tuple[int, ...]) -> Array:
        """Return a view with its axes in another order."""
        return np.transpose(x, axes) if self.is_numpy else x.permute(axes)

    def copy(self, x: Array) -> Array:
        """Return an array of its own memory."""
        return x.copy() if self.is_numpy else x.clone()

    def join(self, above: Array, below: Array) -> Array:
        """Return maps (C, H, W) one below the other."""
        return self.library.concatenate([above, below], 1)
