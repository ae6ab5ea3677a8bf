"""A float network's layers under the names that they have in a model folder, as views of its parameters.

Integers of a layer are a matrix (inputs, outputs), maps with their channels last. Export reads the views and restoring
writes them, so that order and layout are said once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vlae_codec.exact.layers import FRACTION

from ..nets.layers import Residual
from ..nets.pixelcnn import LocalDecoder
from ..nets.prior import BlockPrior
from ..nets.vlae import VLAE
from ..recipe import ModelConfig

LOGIT_SHIFT = FRACTION - 6
"""The last layer's logits index the sigmoid table in steps of 1/64."""
MAPS = (16, 7, 7)
"""Channels, rows and columns of the maps that fully connected layers read or give."""


@dataclass(frozen=True)
class Layer:
    """Views of a layer's parameters.

    Attributes:
        name: in the model folder.
        weights: views (inputs ..., outputs ...), one behind the other along the inputs.
        bias: a view (outputs ...); None for a layer that has none, whose integers are 0.
        axes: how many last axes of the views are outputs.
        offset: what the integers' bias has more than the view.
        less: fraction bits that the layer's output has less than its input.
        scale: a tensor whose size decides the fraction bits of the weights, by default the weights themselves.
    """

    name: str
    weights: tuple[Tensor, ...]
    bias: Tensor | None
    axes: int = 1
    offset: Tensor | float = 0.0
    less: int = 0
    scale: Tensor | None = None

    def matrix(self) -> tuple[Tensor, Tensor]:
        """Return weight (inputs, outputs) and bias (outputs,) as they are exported."""
        outputs = math.prod(self.weights[0].shape[-self.axes :])
        weight = torch.cat([view.reshape(-1, outputs) for view in self.weights])
        return weight, weight.new_zeros(outputs) if self.bias is None else self.bias.flatten() + self.offset

    @torch.no_grad()
    def fill(self, weight: Tensor, bias: Tensor) -> None:
        """Write weight (inputs, outputs) and bias (outputs,) to the parameters."""
        sizes = [math.prod(view.shape[: -self.axes]) for view in self.weights]
        for view, part in zip(self.weights, torch.split(weight, sizes), strict=True):
            view.copy_(part.reshape(view.shape))
        if self.bias is not None:
            self.bias.copy_((bias - self.offset).reshape(self.bias.shape))


def plain(name: str, module: nn.Module, less: int = 0) -> Layer:
    """Return a convolution or a fully connected layer."""
    assert isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None
    weight = module.weight
    return Layer(name, (weight.permute(2, 3, 1, 0) if weight.ndim == 4 else weight.T,), module.bias, less=less)


def residuals(name: str, blocks: nn.ModuleList) -> Iterator[Layer]:
    """Yield the layers of residual blocks, name.0.first, name.0.second, ..."""
    for index, block in enumerate(blocks):
        assert isinstance(block, Residual)
        yield plain(f"{name}.{index}.first", block.first)
        yield plain(f"{name}.{index}.second", block.second)


def layers_of(net: VLAE) -> Iterator[Layer]:
    """Yield all layers of a model with latents and a window of a PixelCNN."""
    encoder, decoder, latent = net.encoder, net.decoder, net.config.latent
    for side, part, names in (("encoder", encoder, ("stem", "down", "squeeze")), ("decoder", decoder, DECODER)):
        for name in names:
            yield plain(f"{side}.{name}", getattr(part, name))
        for name in ("fine", "coarse"):
            yield from residuals(f"{side}.{name}", getattr(part, name))
    yield Layer("encoder.full", (_by_pixel(encoder.full.weight),), encoder.full.bias)
    log_scale_offset = torch.cat([torch.zeros(latent), -torch.ones(latent)])  # the encoder's own
    yield Layer("encoder.out", (encoder.out.weight.T,), encoder.out.bias, offset=log_scale_offset)
    if net.config.labels:
        first = net.label[0]
        assert isinstance(first, nn.Linear)
        yield Layer("label.0", (_by_pixel(first.weight),), first.bias)
        yield plain("label.1", net.label[-1])
    yield from _prior(net.prior)
    yield _with_label("decoder.full", decoder.full, decoder.label)
    spread = decoder.spread.weight.view(*MAPS, -1).permute(3, 1, 2, 0)
    yield Layer("decoder.spread", (spread,), decoder.spread.bias.view(MAPS).permute(1, 2, 0), axes=3)
    assert isinstance(net.local, LocalDecoder)
    yield from _local(net.local)


DECODER = ("widen", "up", "out")
"""Plain layers of the feature decoder."""


def _prior(prior: BlockPrior) -> Iterator[Layer]:
    if prior.first is not None:
        yield Layer("prior.0", (prior.first.weight.T,), None)
    for index, layers in enumerate(prior.nets, start=1):
        assert isinstance(layers, nn.Sequential)
        yield _with_label(f"prior.{index}.0", layers[0], prior.labels[index - 1] if prior.labels else None)
        for position in (1, 2):
            yield plain(f"prior.{index}.{position}", layers[2 * position])


def _local(local: LocalDecoder) -> Iterator[Layer]:
    weight, count = local.mix.weight.flatten(1).T, len(local.offsets)  # (K + F, L): window pixels first
    # One scale: both parts meet in one accumulator.
    yield Layer("local.window", (weight[:count],), None, scale=weight)
    yield Layer("local.features", (weight[count:],), local.mix.bias, scale=weight)
    yield from residuals("local.layers", local.layers)
    yield plain("local.out", local.out, LOGIT_SHIFT)


def _by_pixel(weight: Tensor) -> Tensor:
    """Return a weight (outputs, 784) that reads flattened maps of 7x7 pixels as (7, 7, 16, outputs)."""
    return weight.view(-1, *MAPS).permute(2, 3, 1, 0)


def _with_label(name: str, layer: nn.Module, label: nn.Module | None) -> Layer:
    """Return a layer, and behind its inputs a label's."""
    assert isinstance(layer, nn.Linear) and (label is None or isinstance(label, nn.Linear))
    return Layer(name, (layer.weight.T,) if label is None else (layer.weight.T, label.weight.T), layer.bias)


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
