"""Export of a photo model: float networks to layer programs and integers that the codec reads without torch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vlae_codec.exact.program import DOUBLE, SINGLE
from vlae_codec.families.photo.model import (
    CONTEXT,
    KNOT_BITS,
    KNOTS,
    LATENT,
    LEVELS,
    PIXEL,
    SIXTEENTHS,
    STEP_BITS,
    STEPS,
    WIDEST,
)

from .calibration import Ranges
from .config import PhotoRecipe
from .nets import INPUT_UNIT, LATENT_UNIT, MEAN_UNIT, SCALE_START, SCALE_UNIT, SCALES, Gains, Head, Residual
from .texture import START, UNIT
from .vlae import LEVELS as PIXEL_UNIT
from .vlae import PhotoVLAE
from .weights import rounded_weights

ACTIVATION = 511
"""Largest activation that a 3x3 convolution reads: 9 bits, so that its sums stay exact in float32."""
PRECISE = 8191
"""The same in the prior, at 1/16 of the side, where products are in float64 anyway."""
STREAM = 1 << 17
"""Bound of the streams of residual blocks; their ranges are brought to about half of it."""
LATENT_BITS, HYPER_BITS, PICTURE_BITS, FACTOR_BITS = 10, 8, 4, 12
"""Fraction bits: of y and v, of hyper-latents where the synthesis reads them, of pixels before they are rounded, and
of factors of gains around 1."""
MEANS = 1 << 16
"""Largest mean of a head, sixteenths of a step."""
COARSE, MIDDLE, NARROW, WIDE = 23, 63, 127, 1023
"""Largest weights: of the analysis, of the hyper-analysis and the widest blocks of the synthesis, of most other layers,
and of those that read or write latents of any size. The analysis takes the fewest bits: what it rounds is no loss, any
y is right."""
MAX_SHIFT = 40

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]
Ops = list[dict[str, Any]]


class Exporter:
    """Collects programs and integer arrays.

    Args:
        ranges: of the network's activations.
    """

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges
        self.arrays: Arrays = {}

    def conv(
        self,
        name: str,
        layer: nn.Module,
        inputs: float | NDArray[np.float64],
        bound: int,
        outputs: int | NDArray[np.float64],
        low: int,
        high: int,
        factor: float | NDArray[np.float64] = 1.0,
        offset: float | NDArray[np.float64] = 0.0,
        largest: int = NARROW,
    ) -> dict[str, Any]:
        """Store a convolution and return its operation.

        Args:
            name: of its arrays.
            layer: the convolution.
            inputs: fraction bits of what it reads, one number or one for each channel.
            bound: largest magnitude of that.
            outputs: fraction bits of what it gives.
            low, high: of that.
            factor, offset: of what it gives, value = factor (W x + b) + offset.
            largest: weight; above `NARROW` they take 16 bits, and sums are in float64.
        """
        wide = largest > NARROW
        assert isinstance(layer, nn.Conv2d) and layer.bias is not None
        scale = np.broadcast_to(factor, (layer.out_channels,))
        weight = layer.weight.detach().double().numpy() * scale[:, None, None, None]
        bias = layer.bias.detach().double().numpy() * scale + offset
        weight = weight / 2.0 ** np.broadcast_to(inputs, (layer.in_channels,))[:, None, None]
        fraction = np.broadcast_to(outputs, (layer.out_channels,))
        most = DOUBLE if wide else SINGLE
        sums = np.abs(weight).sum((1, 2, 3)) * bound + np.abs(bias) + 2.0 ** -(fraction + 1)
        bits = np.log2(largest / np.maximum(np.abs(weight).max((1, 2, 3)), 1e-12))
        if wide or np.median(np.log2(0.98 * most / sums) - bits) > -1.5:
            bits = np.minimum(bits, np.log2(0.98 * most / sums))
        # A channel whose weights are all but zero would get a bias beyond its type.
        bits = np.minimum(bits, np.log2((2.0**38 if wide else 2.0**30) / np.maximum(np.abs(bias), 1e-12)))
        bits = np.clip(np.floor(bits), fraction + 1, fraction + MAX_SHIFT).astype(np.int64)
        integers, bias = self._rounded(
            name, weight * 2.0 ** bits[:, None, None, None], bias * 2.0**bits, inputs, largest
        )
        over = np.abs(integers).sum((1, 2, 3)) * bound + np.abs(bias) > most
        nearest = np.clip(np.rint(weight * 2.0 ** bits[:, None, None, None]), -largest, largest)
        integers[over] = nearest[over]
        self.arrays[f"{name}.weight"] = integers.astype(np.int16 if wide else np.int8)
        self.arrays[f"{name}.bias"] = np.rint(bias).astype(np.int64 if wide else np.int32)
        self.arrays[f"{name}.shift"] = (bits - fraction).astype(np.int8)
        op = {"op": "conv", "name": name, "low": low, "high": high}
        return {**op, "stride": 2} if layer.stride[0] == 2 else op

    def _rounded(
        self, name: str, weight: Floats, bias: Floats, inputs: float | Floats, largest: int
    ) -> tuple[Floats, Floats]:
        """Return integer weights and biases of a convolution that reads integers of so many fraction bits."""
        channels, places = weight.shape[1], weight[0, 0].size
        units = np.append(np.repeat(2.0 ** np.broadcast_to(inputs, (channels,)), places), 1.0)
        moments = self.ranges.moments[name].double().numpy() * units * units[:, None]
        found, bias = rounded_weights(weight.reshape(len(weight), -1), bias, moments, largest)
        return found.reshape(weight.shape), bias

    def stream(self, *names: str) -> int:
        """Return the fraction bits of a stream of maps that these modules give."""
        return fraction_bits(STREAM // 2, max(self.ranges.outputs[name] for name in names))

    def active(self, name: str, stream: int) -> tuple[dict[str, Any], int]:
        """Return the clip of a stream before a convolution of this name, and the fraction bits that it leaves."""
        fraction = min(stream, fraction_bits(ACTIVATION, self.ranges.inputs[name]))
        return {"op": "clip", "shift": stream - fraction, "low": -ACTIVATION, "high": ACTIVATION}, fraction

    def blocks(self, name: str, blocks: nn.Sequential, stream: int, largest: int = NARROW) -> Ops:
        """Store residual blocks whose stream has so many fraction bits."""
        ops: Ops = []
        for index, block in enumerate(blocks):
            assert isinstance(block, Residual)
            part = f"{name}.{index}"
            clip, fraction = self.active(f"{part}.first", stream)
            inner = fraction_bits(ACTIVATION, self.ranges.inputs[f"{part}.second"])
            self.conv(f"{part}.first", block.first, fraction, ACTIVATION, inner, 0, ACTIVATION, largest=largest)
            self.conv(f"{part}.second", block.second, inner, ACTIVATION, stream, -STREAM, STREAM, largest=largest)
            limits = {"low": -ACTIVATION, "high": ACTIVATION, "inner": ACTIVATION, "limit": STREAM}
            ops.append({"op": "residual", "name": part, "shift": clip["shift"], **limits})
        return ops


def fraction_bits(bound: float, magnitude: float) -> int:
    """Return the most fraction bits with which a magnitude keeps within a bound."""
    return math.floor(math.log2(bound / magnitude))


def export_photo(net: PhotoVLAE, ranges: Ranges) -> tuple[dict[str, Any], Arrays]:
    """Return programs, shifts and slices of model.json, and the arrays of weights.npz."""
    out = Exporter(ranges)
    programs = {
        **_analysis(out, net),
        **_synthesis(out, net),
        **_hyper(out, net),
        **_heads(out, net),
        "texture": _texture(out, net),
    }
    shifts = {
        "gain": LATENT_BITS - STEP_BITS + FACTOR_BITS,
        "inverse": SIXTEENTHS - LATENT_BITS + FACTOR_BITS,
        "hyper_gain": HYPER_BITS - STEP_BITS + FACTOR_BITS,
        "hyper_inverse": SIXTEENTHS - HYPER_BITS + FACTOR_BITS,
    }
    quality = torch.arange(KNOTS) * (1 << KNOT_BITS) / LEVELS
    for name, gains in gains_of(net).items():
        out.arrays[name] = np.rint(gains(quality)[:, :, 0, 0].detach().double().numpy() * 2.0**FACTOR_BITS).astype(
            np.int32
        )
    with torch.no_grad():
        mean, scale = (one[0] + one[1] * quality[:, None] for one in (net.prior.hyper_mean, net.prior.hyper_scale))
    out.arrays["hyper_mean"] = np.rint(mean.double().numpy() * 2.0**SIXTEENTHS).astype(np.int32)
    out.arrays["hyper_scale"] = np.rint(SCALE_UNIT * scale.double().numpy()).clip(0, SCALES - 1).astype(np.int32)
    info = {"slices": list(net.config.slices), "shifts": shifts, "picture_shift": PICTURE_BITS, "programs": programs}
    return info, out.arrays


def gains_of(net: PhotoVLAE) -> dict[str, Gains]:
    """Return the gain units by the names of their tables."""
    prior = net.prior
    return {"gain": net.gain, "inverse": net.inverse, "hyper_gain": prior.gain, "hyper_inverse": prior.inverse}


def _analysis(out: Exporter, net: PhotoVLAE) -> dict[str, Ops]:
    part, pixel = net.analysis, int(math.log2(PIXEL_UNIT))
    fine = out.stream("analysis.stem", *_names("analysis.fine", part.fine))
    mid = out.stream("analysis.down_mid", *_names("analysis.mid", part.mid))
    coarse = out.stream("analysis.down_coarse", *_names("analysis.coarse", part.coarse))
    ops: Ops = [{"op": "unshuffle", "by": 4}]
    ops += [out.conv("analysis.stem", part.stem, pixel, PIXEL, fine, -STREAM, STREAM, largest=COARSE)]
    ops += out.blocks("analysis.fine", part.fine, fine, COARSE)
    for name, stream, before, layer, blocks in (
        ("mid", mid, fine, part.down_mid, part.mid),
        ("coarse", coarse, mid, part.down_coarse, part.coarse),
    ):
        clip, fraction = out.active(f"analysis.down_{name}", before)
        ops += [clip, {"op": "unshuffle", "by": 2}]
        ops += [out.conv(f"analysis.down_{name}", layer, fraction, ACTIVATION, stream, -STREAM, STREAM, largest=COARSE)]
        ops += out.blocks(f"analysis.{name}", blocks, stream, COARSE)
    clip, fraction = out.active("analysis.out", coarse)
    ops += [
        clip,
        out.conv(
            "analysis.out", part.out, fraction, ACTIVATION, LATENT_BITS, -LATENT, LATENT, LATENT_UNIT, largest=COARSE
        ),
    ]
    linear = out.conv("analysis.linear", part.linear, pixel, PIXEL, LATENT_BITS, -LATENT, LATENT)
    return {"analysis": ops, "analysis_linear": [{"op": "unshuffle", "by": 16}, linear]}


def _synthesis(out: Exporter, net: PhotoVLAE) -> dict[str, Ops]:
    part = net.synthesis
    coarse = out.stream("synthesis.enter", *_names("synthesis.coarse", part.coarse))
    mid = out.stream("synthesis.up_mid", *_names("synthesis.mid", part.mid))
    fine = out.stream("synthesis.up_fine", *_names("synthesis.fine", part.fine))
    entering = 1 << 15
    # v comes as it is, the quality's level as a map; 8 bits are LEVELS.
    inputs = np.array([LATENT_BITS - math.log2(INPUT_UNIT)] * net.config.latent + [math.log2(LEVELS)])
    ops: Ops = [{"op": "clip", "shift": 0, "low": -entering, "high": entering - 1}, {"op": "quality", "shift": 0}]
    ops += [out.conv("synthesis.enter", part.enter, inputs, entering, coarse, -STREAM, STREAM, largest=WIDE)]
    ops += out.blocks("synthesis.coarse", part.coarse, coarse, MIDDLE)
    for name, stream, before, layer, blocks in (
        ("mid", mid, coarse, part.up_mid, part.mid),
        ("fine", fine, mid, part.up_fine, part.fine),
    ):
        clip, fraction = out.active(f"synthesis.up_{name}", before)
        ops += [clip, out.conv(f"synthesis.up_{name}", layer, fraction, ACTIVATION, stream, -STREAM, STREAM)]
        ops += [{"op": "shuffle", "by": 2}, *out.blocks(f"synthesis.{name}", blocks, stream)]
    clip, fraction = out.active("synthesis.out", fine)
    last = out.conv("synthesis.out", part.out, fraction, ACTIVATION, PICTURE_BITS, -LATENT, LATENT, PIXEL_UNIT)
    ops += [clip, last, {"op": "shuffle", "by": 4}]
    linear = out.conv(
        "synthesis.linear", part.linear, LATENT_BITS, LATENT, PICTURE_BITS, -LATENT, LATENT, PIXEL_UNIT, largest=WIDE
    )
    return {"synthesis": ops, "synthesis_linear": [linear, {"op": "shuffle", "by": 16}]}


def _hyper(out: Exporter, net: PhotoVLAE) -> dict[str, Ops]:
    analysis, synthesis = net.prior.analysis, net.prior.synthesis
    ops: Ops = []
    names = [f"prior.analysis.{index}" for index in (0, 2, 4)]
    fractions = [STEP_BITS, *(fraction_bits(ACTIVATION, out.ranges.inputs[name]) for name in names[1:]), HYPER_BITS]
    bounds, highs = [STEPS, ACTIVATION, ACTIVATION], [ACTIVATION, ACTIVATION, 1 << 16]
    for index, name in enumerate(names):
        low, high, layer = -highs[index] if index == 2 else 0, highs[index], analysis[2 * index]
        given, found = fractions[index : index + 2]
        ops.append(out.conv(name, layer, given, bounds[index], found, low, high, largest=MIDDLE))
    hyper = net.config.hyper
    names = [f"prior.synthesis.{index}" for index in (0, 2, 5, 8)]
    inputs = np.array([float(HYPER_BITS)] * hyper + [math.log2(LEVELS)])
    fractions = [fraction_bits(PRECISE, out.ranges.inputs[name]) for name in names[1:]]
    context, bound = SIXTEENTHS + CONTEXT, 1 << 14
    synthesis_ops: Ops = [
        {"op": "quality", "shift": 0},
        out.conv(names[0], synthesis[0], inputs, LATENT, fractions[0], 0, PRECISE, largest=WIDE),
        out.conv(names[1], synthesis[2], fractions[0], PRECISE, fractions[1], 0, PRECISE),
        {"op": "shuffle", "by": 2},
        out.conv(names[2], synthesis[5], fractions[1], PRECISE, fractions[2], 0, PRECISE),
        {"op": "shuffle", "by": 2},
        out.conv(names[3], synthesis[8], fractions[2], PRECISE, context, -bound, bound),
    ]
    return {"hyper_analysis": ops, "hyper_synthesis": synthesis_ops}


def _heads(out: Exporter, net: PhotoVLAE) -> dict[str, Ops]:
    programs: dict[str, Ops] = {}
    for half, part in (("first", net.prior.first), ("second", net.prior.second)):
        for number, head in enumerate(part):
            assert isinstance(head, Head)
            name, size = f"prior.{half}.{number}", net.config.slices[number]
            first, second = (fraction_bits(PRECISE, out.ranges.inputs[f"{name}.{index}"]) for index in (2, 4))
            factor = np.repeat([MEAN_UNIT * 2.0**SIXTEENTHS, SCALE_UNIT], size)
            offset = np.repeat([0.0, SCALE_START], size)
            programs[f"head_{number}_{int(half == 'second')}"] = [
                out.conv(f"{name}.0", head[0], SIXTEENTHS + CONTEXT, WIDEST << CONTEXT, first, 0, PRECISE),
                out.conv(f"{name}.2", head[2], first, PRECISE, second, 0, PRECISE),
                out.conv(
                    f"{name}.4",
                    head[4],
                    second,
                    PRECISE,
                    0,
                    -MEANS,
                    MEANS,
                    factor=factor,
                    offset=offset,
                    largest=WIDE,
                ),
            ]
    return programs


def _texture(out: Exporter, net: PhotoVLAE) -> Ops:
    head, inner = net.texture, fraction_bits(PRECISE, out.ranges.inputs["texture.2"])
    return [
        out.conv("texture.0", head[0], SIXTEENTHS + CONTEXT, WIDEST << CONTEXT, inner, 0, PRECISE),
        out.conv("texture.2", head[2], inner, PRECISE, 0, -MEANS, MEANS, factor=UNIT, offset=START, largest=WIDE),
    ]


def _names(name: str, blocks: nn.Sequential) -> list[str]:
    return [f"{name}.{index}" for index in range(len(blocks))]


def model_info(recipe: PhotoRecipe, exported: dict[str, Any]) -> dict[str, Any]:
    """Return the tree of model.json, but for the fingerprint; the slopes of rate over distortion are for senders."""
    label = {"format": 3, "family": "photo", "name": recipe.name, "description": recipe.description}
    return {**label, "slopes": [recipe.train.coarsest, recipe.train.finest], **exported}
