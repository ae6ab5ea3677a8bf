"""Back from a model folder to float networks, for evaluation and fine-tuning: the mirror image of `export`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlae_codec.exact.layers import FRACTION

from ..nets.vlae import VLAE
from ..recipe import ModelConfig
from .layers import layers_of


def restore(config: ModelConfig, shifts: Mapping[str, int], arrays: Mapping[str, NDArray[Any]]) -> VLAE:
    """Build the float network that has exactly the exported weights.

    Args:
        config: shapes, from the model's recipe.
        shifts: `shifts` of model.json.
        arrays: contents of weights.npz.
    """
    net = VLAE(config)
    for layer in layers_of(net):
        layer.fill(*floats_of(layer.name, shifts[layer.name] - layer.less, arrays))
    net.eval()
    return net


def floats_of(name: str, bits: int, arrays: Mapping[str, NDArray[Any]]) -> tuple[Tensor, Tensor]:
    """Weight (inputs, outputs) and bias of a layer of integers as floats, the weight of so many fraction bits."""
    weight = torch.from_numpy(arrays[f"{name}.weight"].astype(np.float32)) * 2.0**-bits
    bias = torch.from_numpy(arrays[f"{name}.bias"].astype(np.float32)) * 2.0 ** -(bits + FRACTION)
    return weight, bias
