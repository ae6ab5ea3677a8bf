"""Networks back from a released windowed model's integers, to start another training with: undoes `export`."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vlae_codec.errors import ModelError
from vlae_codec.exact.layers import FRACTION
from vlae_codec.families.registry import find_model, read_model
from vlae_codec.families.windowed.model import GAINS, WIDTHS, WindowedModel, log_width

from ..release.layers import Layer, floats_of, plain
from .export import QUARTER, QUARTERED
from .nets import WienerGains, WindowNet
from .vlae import WindowedVLAE


def start_from(net: WindowedVLAE, name: str) -> None:
    """Give all networks the weights of a released model's; only the local decoder's window may differ.

    Args:
        net: what to start; without latents, its local decoder alone.
        name: windowed model, folder or fingerprint.

    Raises:
        ModelError: there is no such model, or a layer of it has another shape.
    """
    source, latent = read_model(find_model(name).folder, WindowedModel), net.config.latent
    if latent not in (0, source.latent):
        raise ModelError(f"{source.name}: its z has another shape than the recipe's")
    _fill_window_net(net.local, source, "local", source.window.offsets(), whole=latent > 0)
    if not latent:
        return
    _fill_window_net(net.prior, source, "prior", source.prior_window.offsets(), whole=True)
    with torch.no_grad():
        sharper = net.config.prior_sharper - source.prior_sharper
        net.prior.heads.bias.reshape(latent, 3, -1)[:, 2] -= sharper * math.log(2)
    for part in ("encoder", "synthesis"):
        for path, module in getattr(net, part).named_modules(prefix=part):
            if isinstance(module, nn.Conv2d):
                _fill(plain(path, module), source)
    for table, gains in zip(GAINS, (net.encoder.gains, net.synthesis.gains), strict=True):
        if gains is not None:
            _fill_gains(gains, source.arrays[table])


def start_local(net: WindowNet, name: str) -> None:
    """Give a local decoder the weights of a released model's; what it reads of another z starts anew.

    Args:
        net: the local decoder to start; its window may differ.
        name: windowed model, folder or fingerprint.

    Raises:
        ModelError: there is no such model, or its local decoder has other shapes.
    """
    source = read_model(find_model(name).folder, WindowedModel)
    _fill_window_net(net, source, "local", source.window.offsets(), whole=False)


def _fill_window_net(
    net: WindowNet, source: WindowedModel, name: str, offsets: list[tuple[int, int]], whole: bool
) -> None:
    """Each position that both windows have keeps its weights, and one that is new to the network has none.

    What is read beside the window keeps its weights if `whole`; else it starts at random, with little to say.
    """
    weight, bias = _layer(source, f"{name}.mix")
    if len(bias) > net.mix.out_features or f"{name}.{len(net.firsts)}.first.weight" in source.arrays:
        raise ModelError(f"{source.name}: {name} has another shape than the recipe's")
    window = weight[: len(offsets) * net.channels].reshape(len(offsets), net.channels, len(bias))
    known = dict(zip(offsets, window, strict=True))
    nothing = window.new_zeros(net.channels, len(bias))
    mix = [known.get(offset, nothing) for offset in net.offsets]
    count = len(net.offsets) * net.channels
    rest = weight[len(offsets) * net.channels :]
    mix += [rest if whole else 0.1 * net.mix.weight.detach()[: len(bias), count:].T]
    _assign(plain(f"{name}.mix", net.mix), torch.cat(mix), bias, source)
    for part, layers in (("first", net.firsts), ("second", net.seconds)):
        for index, layer in enumerate(layers):
            _fill(plain(f"{name}.{index}.{part}", layer), source)
    _fill(plain(f"{name}.heads", net.heads), source)
    if source.arrays[f"{name}.drawn"].shape != net.drawn.shape:
        raise ModelError(f"{source.name}: {name}.drawn has another shape than the recipe's")
    drawn = torch.from_numpy(source.arrays[f"{name}.drawn"].astype(np.float32))
    with torch.no_grad():
        net.drawn.copy_(drawn * 2.0 ** -source.info["shifts"][f"{name}.heads"])


def _fill_gains(gains: WienerGains, table: NDArray[np.integer]) -> None:
    """Fit the line through a channel's gains at two widths mid-range, as far as they are open there."""
    logarithms = torch.tensor([log_width(number) for number in range(WIDTHS)], dtype=torch.float64) * 2.0**-FRACTION
    x = -2 * math.log(2) * logarithms[:, None]
    known = torch.from_numpy(table.astype(np.float64)) * 2.0**-FRACTION
    y, weight = torch.logit(known, 2.0 ** -(FRACTION + 1)), known * (1 - known) + 1e-6
    weight = weight / weight.sum(0)
    mean_x, mean_y = (weight * x).sum(0), (weight * y).sum(0)
    slope = (weight * (x - mean_x) * (y - mean_y)).sum(0) / (weight * (x - mean_x) ** 2).sum(0)
    slope = torch.where(slope > 1e-3, slope, 1.0)  # a channel whose gains stand open says nothing of the slope
    with torch.no_grad():
        gains.slope.copy_(slope)
        gains.level.copy_(mean_y / slope - mean_x)


def _fill(layer: Layer, source: WindowedModel) -> None:
    _assign(layer, *_layer(source, layer.name), source)


@torch.no_grad()
def _assign(layer: Layer, weight: Tensor, bias: Tensor, source: WindowedModel) -> None:
    """Write weight (inputs, outputs) and bias to a layer.

    A fully connected one may be wider, and what is new in it says nothing to the old.
    """
    (view,), (inputs, outputs) = layer.weights, weight.shape
    assert layer.bias is not None
    if view.ndim == 2 and inputs <= view.shape[0] and outputs <= view.shape[1]:
        view[inputs:, :outputs] = 0
        view[:inputs, :outputs] = weight
        layer.bias[:outputs] = bias
    elif weight.numel() != view.numel() or outputs != view.shape[-1]:
        raise ModelError(f"{source.name}: {layer.name} has another shape than the recipe's")
    else:
        layer.fill(weight, bias)


def _layer(model: WindowedModel, name: str) -> tuple[Tensor, Tensor]:
    """Weight (inputs, outputs) and bias of a layer as floats."""
    if f"{name}.weight" not in model.arrays:
        raise ModelError(f"{model.name}: has no {name}, which the recipe needs")
    bits, more = model.info["shifts"][name], QUARTER if name in QUARTERED else 0
    weight, bias = floats_of(name, bits, model.arrays)
    return weight * 2.0**more, bias
