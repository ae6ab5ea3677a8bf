"""Integer layers that write into buffers which are there already: what drawing spends its time in (design D5).

Arithmetic of this kind is bound by memory, and fresh memory is the dearest. A layer is one product into a buffer,
then floor and clamp in place. Rows are channels, columns are positions; a row of ones carries the bias.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .layers import LIMIT

Weights = NDArray[Any]


def fold(weight: Weights, bias: Weights, shift: int, rounded: bool = True) -> NDArray[np.float64]:
    """Return a layer whose product with (x, 1) needs only a floor to be rescaled, (outputs, inputs + 1).

    The scaling by 2^-shift is exact in float64, and so is the 1/2 of the rounding.

    Args:
        weight: integers (inputs, outputs) whose products with the inputs sum to less than 2^52.
        bias: integers (outputs,).
        shift: the layer's rescaling; floor((x W + b) / 2^shift + 1/2).
        rounded: whether the 1/2 is there.
    """
    whole = np.concatenate([weight, bias[None]]).T.astype(np.float64) * 2.0**-shift
    whole[:, -1] += 0.5 * rounded
    return np.ascontiguousarray(whole)


def library_of(like: Array) -> Any:
    """Return the module numpy or torch that an array comes from, without importing it."""
    return sys.modules[type(like).__module__.split(".")[0]]


def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """Return a new array of zeros of the dtype and on the device of another."""
    if isinstance(like, np.ndarray):
        return np.zeros(shape, like.dtype)
    return library_of(like).zeros(shape, dtype=like.dtype, device=like.device)


def on_device_of(values: NDArray[Any], like: Array) -> Array:
    """Return an array of numpy on the device of another, with its own dtype."""
    return values if isinstance(like, np.ndarray) else library_of(like).asarray(values, device=like.device)


def copied(x: Array) -> Array:
    """Return a copy that does not share memory."""
    return x.copy() if isinstance(x, np.ndarray) else x.clone()


class InPlace:
    """Operations of numpy or torch with `out`, which array-api-compat hides.

    Args:
        like: an array of the library and device wanted; in single precision, activations are not rounded, and clamped
            by the ReLUs alone.
    """

    def __init__(self, like: Array) -> None:
        self.like, self.library = like, library_of(like)
        self.is_numpy = self.library is np
        self.is_exact = like.dtype == self.library.float64
        # Bounds that are arrays already: numpy would make new ones of numbers in every call.
        kind = like.dtype if self.is_numpy else None
        self.bounds = {bound: np.array(float(bound), kind) for bound in (-LIMIT, 0, LIMIT)}

    def zeros(self, *shape: int) -> Array:
        """Return a new array of zeros."""
        return zeros(shape, self.like)

    def layer(self, weight: Array, inputs: Array, out: Array, low: int = -LIMIT, into: Array = None) -> None:
        """Compute a folded layer: its product, rescaled and clamped to low ... LIMIT.

        Args:
            weight: (outputs, inputs + 1), from `fold`.
            inputs: (inputs + 1, N), its last row ones.
            out: (outputs, N).
            low: -LIMIT, or 0 for a ReLU.
            into: where the result goes, if not to `out`; of any shape that `out` can be viewed in.
        """
        self.library.matmul(weight, inputs, out=out)
        if self.is_exact:
            self.library.floor(out, out=out)
        if self.is_exact or low == 0 or into is not None:
            self.clip(out if into is None else out.reshape(into.shape), low, out if into is None else into)

    def clip(self, x: Array, low: int, out: Array) -> None:
        """Clamp x to low (-LIMIT or 0) ... LIMIT, written to `out`."""
        if self.is_numpy:
            x.clip(self.bounds[low], self.bounds[LIMIT], out)  # np.clip takes twice the time to start
        else:
            self.library.clip(x, low, LIMIT, out=out)

    def update(self, weight: Array, inputs: Array, out: Array, stream: Array, clamp: bool = True) -> None:
        """Add a layer's result to the stream of residual blocks and clamp the stream."""
        self.layer(weight, inputs, out)
        self.library.add(stream, out, out=stream)
        if clamp and self.is_exact:
            self.clip(stream, -LIMIT, stream)
