"""A local decoder back from a released colour model's integers, to start another training with."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from vlae_codec.errors import ModelError
from vlae_codec.integer_net import FRACTION
from vlae_codec.photo.model import PhotoModel
from vlae_codec.photo.store import find_photo_model, load_photo_model

from ..restore import assign
from .nets import WindowNet


def start_local(net: WindowNet, name: str) -> None:
    """Give a local decoder the weights of a released model's.

    The windows may differ: each pixel that both see keeps its weights, and one that is new to the network has none.
    What is read beside the window, the features of another z, starts anew, with little to say.

    Args:
        net: the local decoder to start.
        name: colour model, folder or fingerprint.

    Raises:
        ModelError: there is no such model, or its local decoder has other shapes.
    """
    info = find_photo_model(name)
    if info is None:
        raise ModelError(f"no colour model {name!r} to start from")
    source = load_photo_model(info)
    weight, bias = _layer(source, "local.mix")
    if len(bias) != net.mix.out_features or f"local.{len(net.firsts)}.first.weight" in source.arrays:
        raise ModelError(f"{name}: its local decoder has other shapes than the recipe's")
    offsets = source.window.offsets()
    mix = 0.1 * net.mix.weight.detach()
    for place, offset in enumerate(net.offsets):
        columns = slice(place * net.channels, (place + 1) * net.channels)
        mix[:, columns] = 0
        if offset in offsets:
            first = offsets.index(offset) * net.channels
            mix[:, columns] = weight[first : first + net.channels].T
    assign(net.mix, mix, bias)
    for index, layers in enumerate(zip(net.firsts, net.seconds, strict=True)):
        for part, layer in zip(("first", "second"), layers, strict=True):
            assert isinstance(layer, nn.Linear)
            weight, bias = _layer(source, f"local.{index}.{part}")
            assign(layer, weight.T, bias)
    weight, bias = _layer(source, "local.heads")
    if weight.shape[1] != net.heads.out_features:
        raise ModelError(f"{name}: its pixels' distributions have another number of components than the recipe's")
    assign(net.heads, weight.T, bias)
    drawn = torch.from_numpy(source.arrays["local.drawn"].astype(np.float32))
    with torch.no_grad():
        net.drawn.copy_(drawn * 2.0 ** -source.info["shifts"]["local.heads"])


def _layer(model: PhotoModel, name: str) -> tuple[Tensor, Tensor]:
    """Weight (inputs, outputs) and bias of a layer as floats."""
    bits = model.info["shifts"][name]
    weight, bias = (torch.from_numpy(model.arrays[f"{name}.{part}"].astype(np.float32)) for part in ("weight", "bias"))
    return weight * 2.0**-bits, bias * 2.0 ** -(bits + FRACTION)
