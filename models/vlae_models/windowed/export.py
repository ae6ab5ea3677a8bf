"""Export of a windowed model: float networks to integers that the codec reads without torch (design D5, D11)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from vlae_codec.exact.layers import FRACTION
from vlae_codec.families.windowed.model import GAINS, WIDTHS, log_width, number_of_width

from ..recipe import WINDOWS
from ..release.export import Exporter, weight_fraction
from ..release.layers import plain, residuals
from .config import WindowedRecipe
from .nets import WindowNet
from .vlae import WindowedVLAE

LARGE = 1 << 15
"""Weights from which on a convolution's may have 8 bits; all others have 16."""
MOST = 3_200_000
"""Bytes of weights, not packed, above which those of the synthesis have 8 bits, too. What the encoder rounds is
no loss, for any y is right; the synthesis says what pixels are."""
NARROW = 127
EXACT = ("encoder.straight", "synthesis.straight", "synthesis.out")
"""Layers that carry the picture itself: they keep 16 bits."""
QUARTER = 2
"""Fraction bits by which a layer that reads z / 4 is given more: its input comes as z."""
QUARTERED = ("synthesis.enter", "synthesis.straight")
"""These layers."""


def export_arrays(model: WindowedVLAE) -> Exporter:
    """All layers of a windowed model, as integers."""
    out = Exporter()
    encoder, synthesis = model.encoder, model.synthesis
    for name, part in (("encoder", encoder), ("synthesis", synthesis)):
        for layer, module in part.named_children():
            if isinstance(module, nn.ModuleList):
                for inner in residuals(f"{name}.{layer}", module):
                    out.layer(inner)
            elif isinstance(module, nn.Conv2d):
                out.layer(plain(f"{name}.{layer}", module))
    for name in QUARTERED:
        if name in out.shifts:
            out.arrays[f"{name}.bias"] <<= QUARTER
            out.shifts[name] += QUARTER
    logarithms = torch.tensor([log_width(number) for number in range(WIDTHS)]) / 2.0**FRACTION
    for name, gains in zip(GAINS, (encoder.gains, synthesis.gains), strict=True):
        if gains is not None:
            out.arrays[name] = np.rint(gains(logarithms).detach().numpy() * 2.0**FRACTION).astype(np.int16)
    _window_net(out, "prior", model.prior)
    _window_net(out, "local", model.local)
    _narrow_part(out, "encoder")
    if sum(value.nbytes for value in out.arrays.values()) > MOST:
        _narrow_part(out, "synthesis")
    return out


def _narrow_part(out: Exporter, part: str) -> None:
    """Round the weights of a network's large convolutions to 8 bits."""
    for name in [key.removesuffix(".weight") for key, value in out.arrays.items() if value.size >= LARGE]:
        if name.startswith(part) and name not in EXACT:
            _narrow(out, name)


def _narrow(out: Exporter, name: str) -> None:
    """Round a layer's weights to 8 bits."""
    weight, bias = out.arrays[f"{name}.weight"].astype(np.int64), out.arrays[f"{name}.bias"].astype(np.int64)
    less = max(0, int(np.abs(weight).max()).bit_length() - 7)
    half = (1 << less) >> 1
    out.arrays[f"{name}.weight"] = ((weight + half) >> less).clip(-NARROW, NARROW).astype(np.int8)
    out.arrays[f"{name}.bias"] = ((bias + half) >> less).astype(np.int32)
    out.shifts[name] -= less


def _window_net(out: Exporter, name: str, net: WindowNet) -> None:
    out.matrix(f"{name}.mix", net.mix_weight().T, net.mix.bias)
    for part, layers in (("first", net.firsts), ("second", net.seconds)):
        for index, layer in enumerate(layers):
            out.layer(plain(f"{name}.{index}.{part}", layer))
    drawn = net.drawn_earlier().detach().double().numpy()
    bits = weight_fraction(net.heads.weight.detach().double().numpy(), drawn)
    out.matrix(f"{name}.heads", net.heads.weight.T, net.heads.bias, shift=bits)
    out.arrays[f"{name}.drawn"] = np.rint(drawn * 2.0**bits).astype(np.int16)


def model_info(recipe: WindowedRecipe, shifts: dict[str, int]) -> dict[str, Any]:
    """Return the tree of model.json, but for the fingerprint."""
    config = recipe.model
    return {
        "format": 2,
        "kind": "photo",
        "name": recipe.name,
        "description": recipe.description,
        "patch": config.patch,
        "widths": [number_of_width(one) for one in (recipe.train.widest, recipe.train.finest)],
        "latent": config.latent,
        "window": list(WINDOWS[config.window]),
        "prior_window": list(WINDOWS[config.prior_window]),
        "fraction": FRACTION,
        "shifts": shifts,
        **({"prior_sharper": config.prior_sharper} if config.prior_sharper else {}),
    }
