"""Back from a model folder to float networks, for evaluation and fine-tuning: the mirror image of `export`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vlae_codec.exact.layers import FRACTION

from ..nets.prior import BlockPrior
from ..nets.vlae import VLAE
from ..recipe import ModelConfig
from .export import LOGIT_SHIFT


def restore(config: ModelConfig, shifts: Mapping[str, int], arrays: Mapping[str, NDArray[Any]]) -> VLAE:
    """Build the float network that has exactly the exported weights.

    Args:
        config: shapes, from the model's recipe.
        shifts: `shifts` of model.json.
        arrays: contents of weights.npz.
    """
    net = VLAE(config)
    parts = _Parts(shifts, arrays)
    encoder, decoder = net.encoder, net.decoder
    for name in ("stem", "down", "squeeze"):
        parts.fill(f"encoder.{name}", getattr(encoder, name))
    for side, part in (("encoder", encoder), ("decoder", decoder)):
        for size in ("fine", "coarse"):
            parts.fill_residuals(f"{side}.{size}", getattr(part, size))
    weight, bias = parts.get("encoder.full")
    assign(encoder.full, _by_channel(weight), bias)
    if config.labels:
        weight, bias = parts.get("label.0")
        first = net.label[0]
        assert isinstance(first, nn.Linear)
        assign(first, _by_channel(weight), bias)
        parts.fill("label.1", net.label[-1])
    weight, bias = parts.get("encoder.out")
    bias[config.latent :] += 1  # the encoder's own offset of log_scale
    assign(encoder.out, weight.T, bias)
    _restore_prior(net.prior, parts)
    weight, bias = parts.get("decoder.full")
    assign(decoder.full, _split_label(weight, decoder.label).T, bias)
    weight, bias = parts.get("decoder.spread")
    spread = weight.reshape(-1, 7, 7, 16).permute(3, 1, 2, 0).flatten(0, 2)
    assign(decoder.spread, spread, bias.reshape(7, 7, 16).permute(2, 0, 1).flatten())
    for name in ("widen", "up", "out"):
        parts.fill(f"decoder.{name}", getattr(decoder, name))
    window, features = parts.get("local.window"), parts.get("local.features")
    assign(net.local.mix, torch.cat([window[0], features[0]]).T, features[1])
    parts.fill_residuals("local.layers", net.local.layers)
    weight, bias = parts.get("local.out", less=LOGIT_SHIFT)
    assign(net.local.out, weight.T, bias)
    net.eval()
    return net


def _restore_prior(prior: BlockPrior, parts: _Parts) -> None:
    if prior.first is not None:
        _split_label(parts.get("prior.0")[0], prior.first)
    for index, layers in enumerate(prior.nets, start=1):
        assert isinstance(layers, nn.Sequential)
        first, label = layers[0], prior.labels[index - 1] if prior.labels else None
        assert isinstance(first, nn.Linear) and (label is None or isinstance(label, nn.Linear))
        weight, bias = parts.get(f"prior.{index}.0")
        assign(first, _split_label(weight, label).T, bias)
        for position in (1, 2):
            parts.fill(f"prior.{index}.{position}", layers[2 * position])


def _by_channel(weight: Tensor) -> Tensor:
    """Return a weight (784, outputs) of 7x7 pixels, channels last, as (outputs, 784), channels first."""
    return weight.reshape(7, 7, 16, -1).permute(3, 2, 0, 1).flatten(1)


def _split_label(weight: Tensor, label: nn.Linear | None) -> Tensor:
    """Assign a label's weight; return the weight (inputs, outputs) before it."""
    if label is None:
        return weight
    with torch.no_grad():
        label.weight.copy_(weight[-label.in_features :].T)
    return weight[: -label.in_features]


class _Parts:
    def __init__(self, shifts: Mapping[str, int], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.shifts, self.arrays = shifts, arrays

    def get(self, name: str, less: int = 0) -> tuple[Tensor, Tensor]:
        """Weight (inputs, outputs) and bias of a layer as floats."""
        bits = self.shifts[name] - less
        weight = torch.from_numpy(self.arrays[f"{name}.weight"].astype(np.float32)) * 2.0**-bits
        bias = torch.from_numpy(self.arrays[f"{name}.bias"].astype(np.float32)) * 2.0 ** -(bits + FRACTION)
        return weight, bias

    def fill(self, name: str, layer: nn.Module) -> None:
        assert isinstance(layer, (nn.Conv2d, nn.Linear))
        weight, bias = self.get(name)
        if layer.weight.ndim == 4:
            outputs, inputs, rows, columns = layer.weight.shape
            assign(layer, weight.reshape(rows, columns, inputs, outputs).permute(3, 2, 0, 1), bias)
        else:
            assign(layer, weight.T, bias)

    def fill_residuals(self, name: str, blocks: nn.ModuleList) -> None:
        for index, block in enumerate(blocks):
            for part in ("first", "second"):
                self.fill(f"{name}.{index}.{part}", getattr(block, part))


def assign(layer: nn.Conv2d | nn.Linear, weight: Tensor, bias: Tensor) -> None:
    """Set a layer's weight (of as many entries, in its own order) and bias."""
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(layer.weight.shape))
        layer.bias.copy_(bias)
