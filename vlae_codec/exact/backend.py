"""The few array operations that exact networks run on, with buffers that are written in place: numpy or torch.

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


class Numpy:
    """Arrays of numpy, which computes in several threads side by side."""

    @property
    def workers(self) -> int:
        """Threads that share a network's work."""
        return threads()

    def load(self, values: NDArray[Any], double: bool) -> Array:
        """Return values as an array of float64 or float32."""
        return np.ascontiguousarray(values, np.float64 if double else np.float32)

    def to_numpy(self, x: Array) -> NDArray[Any]:
        """Return an array of numpy."""
        return np.asarray(x)

    def zeros(self, shape: tuple[int, ...], double: bool) -> Array:
        """Return zeros."""
        return np.zeros(shape, np.float64 if double else np.float32)

    def empty(self, shape: tuple[int, ...], double: bool) -> Array:
        """Return memory that is not filled."""
        return np.empty(shape, np.float64 if double else np.float32)

    def matmul(self, a: Array, b: Array, out: Array) -> None:
        """Write the matrix product a b to out."""
        np.matmul(a, b, out=out)

    def round_down(self, x: Array) -> None:
        """Replace values by the integers below them."""
        np.floor(x, out=x)

    def clip(self, x: Array, low: float, high: float, out: Array) -> None:
        """Write values clamped to low ... high to out."""
        np.minimum(x, x.dtype.type(high), out=out)  # np.clip takes twice as long
        np.maximum(out, x.dtype.type(low), out=out)

    def scale(self, x: Array, factor: float, offset: float, out: Array) -> None:
        """Write x factor + offset to out."""
        np.multiply(x, x.dtype.type(factor), out=out)
        if offset:
            np.add(out, x.dtype.type(offset), out=out)

    def permute(self, x: Array, axes: tuple[int, ...]) -> Array:
        """Return a view with its axes in another order."""
        return np.transpose(x, axes)

    def copy(self, x: Array) -> Array:
        """Return an array of its own memory."""
        return x.copy()

    def join(self, above: Array, below: Array) -> Array:
        """Return maps (C, H, W) one below the other."""
        return np.concatenate([above, below], 1)


class Torch:
    """Tensors of torch on a device.

    Args:
        device: "cpu" or "cuda".
    """

    def __init__(self, device: str) -> None:
        import torch

        self.torch, self.device = torch, device
        self.workers = 1  # torch and GPUs share the work themselves

    def load(self, values: NDArray[Any], double: bool) -> Array:
        """Return values as a tensor of float64 or float32."""
        kind = self.torch.float64 if double else self.torch.float32
        return self.torch.from_numpy(np.ascontiguousarray(values)).to(self.device, kind)

    def to_numpy(self, x: Array) -> NDArray[Any]:
        """Return an array of numpy."""
        found: NDArray[Any] = x.cpu().numpy()
        return found

    def zeros(self, shape: tuple[int, ...], double: bool) -> Array:
        """Return zeros."""
        return self.torch.zeros(shape, dtype=self.torch.float64 if double else self.torch.float32, device=self.device)

    def empty(self, shape: tuple[int, ...], double: bool) -> Array:
        """Return memory that is not filled."""
        return self.torch.empty(shape, dtype=self.torch.float64 if double else self.torch.float32, device=self.device)

    def matmul(self, a: Array, b: Array, out: Array) -> None:
        """Write the matrix product a b to out."""
        self.torch.matmul(a, b, out=out)

    def round_down(self, x: Array) -> None:
        """Replace values by the integers below them."""
        x.floor_()

    def clip(self, x: Array, low: float, high: float, out: Array) -> None:
        """Write values clamped to low ... high to out."""
        out.copy_(x.clamp(low, high))

    def scale(self, x: Array, factor: float, offset: float, out: Array) -> None:
        """Write x factor + offset to out."""
        out.copy_(x * factor + offset)

    def permute(self, x: Array, axes: tuple[int, ...]) -> Array:
        """Return a view with its axes in another order."""
        return x.permute(axes)

    def copy(self, x: Array) -> Array:
        """Return a tensor of its own memory."""
        return x.clone()

    def join(self, above: Array, below: Array) -> Array:
        """Return maps (C, H, W) one below the other."""
        return self.torch.cat([above, below], 1)


Backend = Numpy | Torch


def backend_of(device: str) -> Backend:
    """Return the backend of a device: "cpu" is numpy, "torch" its CPU, "cuda" its GPU."""
    return Numpy() if device == "cpu" else Torch("cpu" if device == "torch" else device)
