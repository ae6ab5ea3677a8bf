"""The integer layers of a model by their names in its folder, on the device that it computes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .kernels import fold
from .layers import Conv3x3, Linear, Residual


class NamedLayers:
    """What networks of integer layers are built from; layer NAME has arrays NAME.weight, NAME.bias and a shift.

    Args:
        info: the tree of model.json, validated; its `shifts` are those of the layers.
        arrays: the integer weights by name.
        device: "cpu" computes with numpy, "torch" with torch on the CPU, "cuda" with torch on the GPU.
            All three give the same integers.
        dtype: float64; in float32 the numbers are nearly the same, in half the time.
    """

    def __init__(
        self, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str = "cpu", dtype: Any = np.float64
    ) -> None:
        self.info, self.arrays, self.device, self.dtype = dict(info), arrays, device, dtype
        self.name: str = info["name"]
        self.fingerprint = bytes.fromhex(info["fingerprint"])
        self._layers: dict[str, Linear] = {}

    @property
    def on_gpu(self) -> bool:
        """Whether each operation has to be launched on another device."""
        return self.device == "cuda"

    # Arrays cross between numpy (the codec) and the device (the networks) only here.

    def to_device(self, values: NDArray[Any], dtype: Any = None) -> Array:
        """Return the values on the model's device, by default in its own dtype."""
        values = values.astype(dtype or self.dtype)
        if self.device == "cpu":
            return values
        import torch

        return torch.asarray(values, device="cpu" if self.device == "torch" else self.device)

    def to_numpy(self, values: Array) -> NDArray[Any]:
        """Return an array of the device as one of numpy."""
        return np.asarray(values if self.device == "cpu" else values.cpu().numpy())

    def linear(self, name: str) -> Linear:
        """Return a layer, read once."""
        if name not in self._layers:
            weight, bias = (self.to_device(self.arrays[f"{name}.{part}"]) for part in ("weight", "bias"))
            self._layers[name] = Linear(weight, bias, self.info["shifts"][name])
        return self._layers[name]

    def residuals(self, name: str, x: Array) -> Array:
        """Return what all residual blocks NAME.0, NAME.1, ... make of activations; they are 1x1 or 3x3."""
        for index in self._blocks(name):
            first, second = (self.linear(f"{name}.{index}.{part}") for part in ("first", "second"))
            pointwise = first.weight.shape[0] == first.weight.shape[1]
            x = (Residual(first, second) if pointwise else Residual(Conv3x3(first), Conv3x3(second)))(x)
        return x

    @property
    def rounds(self) -> bool:
        """Whether activations are integers; in single precision they are not."""
        return bool(np.dtype(self.dtype) == np.float64)

    def folded(self, name: str, last: bool = False) -> Array:
        """Return a layer as `kernels.fold` has it; the `last` one is rounded in single precision too."""
        weight, bias = (self.arrays[f"{name}.{part}"] for part in ("weight", "bias"))
        return self.to_device(fold(weight, bias, self.info["shifts"][name], self.rounds or last))

    def folded_residuals(self, name: str) -> list[tuple[Array, Array]]:
        """Return the layers of all residual blocks of a name, folded."""
        return [(self.folded(f"{name}.{i}.first"), self.folded(f"{name}.{i}.second")) for i in self._blocks(name)]

    def _blocks(self, name: str) -> Iterator[int]:
        """Yield the numbers of the residual blocks of a name."""
        index = 0
        while f"{name}.{index}.first.weight" in self.arrays:
            yield index
            index += 1
