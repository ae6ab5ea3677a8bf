"""A float network from a released photo model's integers, to go on with training: the inverse of `export`.

Residual blocks that the released model lacks start as the identity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vlae_codec.errors import ModelError
from vlae_codec.families.photo.model import CONTEXT, KNOT_BITS, KNOTS, LEVELS, SIXTEENTHS, STEP_BITS

from .export import FACTOR_BITS, HYPER_BITS, LATENT_BITS, PICTURE_BITS, gains_of
from .nets import INPUT_UNIT, LATENT_UNIT, MEAN_UNIT, SCALE_START, SCALE_UNIT, Residual
from .texture import START, UNIT
from .vlae import LEVELS as PIXEL_UNIT
from .vlae import PhotoVLAE

TYPICAL = 0.58
"""Root mean square of a hidden layer's singular values, as fresh layers have it: where a stream's unit is free, because
ReLU networks compute the same at any, weights come near to this."""
FURTHEST = 1 - 1e-3
"""Of the bound of a gain's exponent, so that its inverse is finite."""

Fixed = Mapping[str, tuple[int, Any, Any]]
"""By the name of a layer whose output has a unit of its own: fraction bits, factor and offset (see `Exporter.conv`)."""


class Restorer:
    """Copies integer layers into a network.

    Args:
        net: whose weights are overwritten.
        arrays: of weights.npz.
    """

    def __init__(self, net: PhotoVLAE, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.modules, self.arrays = dict(net.named_modules()), arrays

    def conv(self, name: str, inputs: Any, fixed: Fixed) -> int:
        """Restore one convolution; return the fraction bits of its output.

        Args:
            name: of its arrays and of its module.
            inputs: fraction bits of what it reads, one number or one for each channel.
            fixed: layers whose output has a unit of its own.
        """
        layer = self.modules[name]
        assert isinstance(layer, nn.Conv2d) and layer.bias is not None
        shift = self.arrays[f"{name}.shift"].astype(np.float64)
        weight = self.arrays[f"{name}.weight"] * 2.0 ** -shift[:, None, None, None]  # over 2^fraction, which follows
        weight = weight * 2.0 ** np.broadcast_to(inputs, (layer.in_channels,))[:, None, None]
        if tuple(layer.weight.shape) != weight.shape:
            raise ModelError(f"{name}: the released model has {weight.shape}, the recipe {tuple(layer.weight.shape)}")
        if name in fixed:
            fraction, factor, offset = fixed[name]
        else:
            fraction, factor, offset = round(math.log2(max(spread_of(weight), 1e-12) / TYPICAL)), 1.0, 0.0
        factor = np.broadcast_to(factor, (len(weight),))
        layer.weight.copy_(torch.from_numpy(weight * 2.0**-fraction / factor[:, None, None, None]))
        layer.bias.copy_(torch.from_numpy((self.arrays[f"{name}.bias"] * 2.0 ** -(shift + fraction) - offset) / factor))
        return fraction

    def program(self, ops: list[dict[str, Any]], inputs: Any, fixed: Fixed) -> None:
        """Restore the layers of a program.

        Args:
            ops: of model.json.
            inputs: fraction bits of what it reads, one number or one for each channel.
            fixed: layers whose output has a unit of its own.
        """
        fraction = inputs
        for op in ops:
            if op["op"] == "conv":
                fraction = self.conv(op["name"], fraction, fixed)
            elif op["op"] == "clip":
                fraction = fraction - op["shift"]
            elif op["op"] == "residual":
                name = op["name"]
                inner = self.conv(f"{name}.first", fraction - op["shift"], fixed)
                self.conv(f"{name}.second", inner, {f"{name}.second": (fraction, 1.0, 0.0)})


def spread_of(weight: NDArray[np.float64]) -> float:
    """Return the root mean square of the singular values of a convolution's matrix."""
    return math.sqrt(np.square(weight).sum() / min(len(weight), weight[0].size))


@torch.no_grad()
def restore_photo(net: PhotoVLAE, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Copy a released model into a network of its shapes.

    Args:
        net: whose weights are overwritten.
        info: the tree of model.json.
        arrays: of weights.npz.

    Raises:
        ModelError: it has other shapes.
    """
    if list(net.config.slices) != info["slices"]:
        raise ModelError(f"the released model has slices {info['slices']}, the recipe {list(net.config.slices)}")
    out, latent = Restorer(net, arrays), net.config.latent
    pixel, level = int(math.log2(PIXEL_UNIT)), math.log2(LEVELS)
    known = SIXTEENTHS + CONTEXT
    entering = np.array([LATENT_BITS - math.log2(INPUT_UNIT)] * latent + [level])
    hyper = np.array([float(HYPER_BITS)] * net.config.hyper + [level])
    plan: dict[str, tuple[Any, Fixed]] = {
        "analysis": (pixel, {"analysis.out": (LATENT_BITS, LATENT_UNIT, 0.0)}),
        "analysis_linear": (pixel, {"analysis.linear": (LATENT_BITS, 1.0, 0.0)}),
        "synthesis": (entering, {"synthesis.out": (PICTURE_BITS, PIXEL_UNIT, 0.0)}),
        "synthesis_linear": (LATENT_BITS, {"synthesis.linear": (PICTURE_BITS, PIXEL_UNIT, 0.0)}),
        "hyper_analysis": (STEP_BITS, {"prior.analysis.4": (HYPER_BITS, 1.0, 0.0)}),
        "hyper_synthesis": (hyper, {"prior.synthesis.8": (known, 1.0, 0.0)}),
    }
    for number, size in enumerate(net.config.slices):
        factor = np.repeat([MEAN_UNIT * 2.0**SIXTEENTHS, SCALE_UNIT], size)
        offset = np.repeat([0.0, SCALE_START], size)
        for half, part in enumerate(("first", "second")):
            plan[f"head_{number}_{half}"] = (known, {f"prior.{part}.{number}.4": (0, factor, offset)})
    if "texture" in info["programs"]:
        plan["texture"] = known, {"texture.2": (0, UNIT, START)}
    for name, (inputs, fixed) in plan.items():
        out.program(info["programs"][name], inputs, fixed)
    _add_nothing(net, arrays)
    _restore_tables(net, arrays)


def _add_nothing(net: PhotoVLAE, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Let residual blocks that a released model lacks add nothing to their stream."""
    for name, block in net.named_modules():
        if isinstance(block, Residual) and f"{name}.second.weight" not in arrays:
            assert block.second.bias is not None
            block.second.weight.zero_()
            block.second.bias.zero_()


def _restore_tables(net: PhotoVLAE, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Restore gains and the hyper-latents' means and scales, which tables hold at the knots of the qualities."""
    quality = np.arange(KNOTS) * (1 << KNOT_BITS) / LEVELS
    powers = np.stack([np.ones(KNOTS), quality, quality**2], 1)
    for name, gains in gains_of(net).items():
        terms = np.log(np.maximum(arrays[name], 1) * 2.0**-FACTOR_BITS) - gains.level - gains.slope * quality[:, None]
        inside = np.arctanh(np.clip(terms / gains.bound, -FURTHEST, FURTHEST)) * gains.bound
        gains.terms.copy_(torch.from_numpy(np.linalg.lstsq(powers, inside, rcond=None)[0]))
    lines = {"hyper_mean": (net.prior.hyper_mean, 2.0**SIXTEENTHS), "hyper_scale": (net.prior.hyper_scale, SCALE_UNIT)}
    for name, (parameter, unit) in lines.items():
        parameter.copy_(torch.from_numpy(np.linalg.lstsq(powers[:, :2], arrays[name] / unit, rcond=None)[0]))
