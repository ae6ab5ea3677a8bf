"""A float network from a released photo model's integers, to go on with training: the inverse of `export`.

Units that died in training (their weights are nearly zero) are not restored: they keep the random start of the network
that they are copied into, and what reads them starts from zero.
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
from .nets import INPUT_UNIT, LATENT_UNIT, MEAN_UNIT, SCALE_START, SCALE_UNIT
from .texture import START, UNIT
from .vlae import LEVELS as PIXEL_UNIT
from .vlae import PhotoVLAE

TYPICAL = 0.58
"""Root mean square of a hidden layer's singular values, as fresh layers have it: where a stream's unit is free, because
ReLU networks compute the same at any, weights come near to this."""
DEAD = 1e-3
"""Norm of a row of weights, as a share of the layer's median, below which its unit is dead."""
UNUSED = 0.03
"""Root mean square of the singular values of a head's last layer below which its slice was never used."""
DEAD_SHARE = 0.5
"""Of a block's or a program's units; from here on all of it keeps its random start."""
FURTHEST = 1 - 1e-3
"""Of the bound of a gain's exponent, so that its inverse is finite."""

HEADS = ("prior.first", "prior.second")
Flags = NDArray[np.bool_]
Fixed = Mapping[str, tuple[int, Any, Any]]
"""By the name of a layer whose output has a unit of its own: fraction bits, factor and offset (see `Exporter.conv`)."""


class Restorer:
    """Copies integer layers into a network.

    Args:
        net: whose weights are overwritten.
        arrays: of weights.npz.
        revive: whether dead units keep their random start.
    """

    def __init__(self, net: PhotoVLAE, arrays: Mapping[str, NDArray[Any]], revive: bool) -> None:
        self.modules = dict(net.named_modules())
        self.arrays, self.revive = arrays, revive

    def conv(self, name: str, inputs: Any, fixed: Fixed, dead: Flags | None = None) -> tuple[int, Flags]:
        """Restore one convolution; return the fraction bits of its output, and which of its outputs are dead.

        Args:
            name: of its arrays and of its module.
            inputs: fraction bits of what it reads, one number or one for each channel.
            fixed: layers whose output has a unit of its own.
            dead: which of its inputs are dead.
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
        weight = weight * 2.0**-fraction / factor[:, None, None, None]
        bias = (self.arrays[f"{name}.bias"] * 2.0 ** -(shift + fraction) - offset) / factor
        if dead is not None:
            weight[:, dead] = 0
        if self.revive and name.startswith(HEADS) and name in fixed and spread_of(weight) < UNUSED:
            return fraction, np.zeros(len(weight), bool)
        live = np.ones(len(weight), bool) if name in fixed else ~self.dead(name)
        layer.weight[live] = torch.from_numpy(weight[live]).float()
        layer.bias.zero_()
        layer.bias[live] = torch.from_numpy(bias[live]).float()
        return fraction, ~live

    def dead(self, name: str) -> Flags:
        """Return which outputs of a convolution are dead and to be revived."""
        if not self.revive:
            return np.zeros(len(self.arrays[f"{name}.weight"]), bool)
        weight = self.arrays[f"{name}.weight"] * 2.0 ** -self.arrays[f"{name}.shift"][:, None, None, None].astype(float)
        norms = np.sqrt(np.square(weight).sum((1, 2, 3)))
        return np.asarray(norms <= DEAD * np.median(norms[norms > 0]) if norms.any() else norms == 0)

    def program(self, ops: list[dict[str, Any]], inputs: Any, fixed: Fixed) -> None:
        """Restore the layers of a program.

        Args:
            ops: of model.json.
            inputs: fraction bits of what it reads, one number or one for each channel.
            fixed: layers whose output has a unit of its own.
        """
        fraction, dead = inputs, None
        for op in ops:
            if op["op"] == "conv":
                fraction, dead = self.conv(
                    op["name"], fraction, fixed, dead if op["name"].startswith("prior") else None
                )
            elif op["op"] == "shuffle" and dead is not None:
                dead = np.asarray(dead.reshape(-1, op["by"] ** 2).all(1))
            elif op["op"] == "clip":
                fraction = fraction - op["shift"]
            elif op["op"] == "residual":
                self.block(op["name"], fraction, fraction - op["shift"], fixed)

    def block(self, name: str, stream: int, inputs: int, fixed: Fixed) -> None:
        """Restore a residual block, or let it start from zero where most of it is dead."""
        if self.dead(f"{name}.first").mean() > DEAD_SHARE:
            second = self.modules[f"{name}.second"]
            assert isinstance(second, nn.Conv2d) and second.bias is not None
            second.weight.zero_()
            shift = self.arrays[f"{name}.second.shift"].astype(np.float64) + stream
            second.bias.copy_(torch.from_numpy(self.arrays[f"{name}.second.bias"] * 2.0**-shift))
            return
        inner, dead = self.conv(f"{name}.first", inputs, fixed)
        self.conv(f"{name}.second", inner, {f"{name}.second": (stream, 1.0, 0.0)}, dead)

    def is_dead(self, ops: list[dict[str, Any]]) -> bool:
        """Return whether most units of a program are dead."""
        names = [op["name"] for op in ops if op["op"] == "conv"]
        names += [f"{op['name']}.{part}" for op in ops if op["op"] == "residual" for part in ("first", "second")]
        return bool(np.concatenate([self.dead(name) for name in names]).mean() > DEAD_SHARE)


def spread_of(weight: NDArray[np.float64]) -> float:
    """Return the root mean square of the singular values of a convolution's matrix."""
    return math.sqrt(np.square(weight).sum() / min(len(weight), weight[0].size))


@torch.no_grad()
def restore_photo(
    net: PhotoVLAE, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], revive: bool = True
) -> None:
    """Copy a released model into a network of its shapes.

    Args:
        net: whose weights are overwritten.
        info: the tree of model.json.
        arrays: of weights.npz.
        revive: whether dead units get a new start.

    Raises:
        ModelError: it has other shapes.
    """
    if list(net.config.slices) != info["slices"]:
        raise ModelError(f"the released model has slices {info['slices']}, the recipe {list(net.config.slices)}")
    out, latent = Restorer(net, arrays, revive), net.config.latent
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
        ops = info["programs"][name]
        if not out.is_dead(ops):
            out.program(ops, inputs, fixed)
    _restore_tables(net, arrays)


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
