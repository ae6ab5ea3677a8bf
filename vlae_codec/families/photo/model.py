"""A photo model in integers: its programs, gain tables and prior, as model.json and weights.npz have them.

Units: pixels are levels - 128; latents y and dequantised latents v have the fraction bits that model.json names; values
of the prior (means, rounded latents) are sixteenths of a quantisation step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...exact.backend import Array, Backend
from ...exact.program import Program

LEVELS = 256
"""Levels of quality."""
KNOT_BITS = 3
"""Logarithm of the levels from one knot of a table to the next."""
KNOTS = (LEVELS >> KNOT_BITS) + 1
SIXTEENTHS = 4
"""Fraction bits of the prior's values."""
STEP_BITS = 8
"""Fraction bits of the sender's latents at their gains: at sixteenths, ties of rounding would cost a percent."""
CONTEXT = 3
"""Further fraction bits of values where the prior's heads read them."""
PATCH, HYPER_PATCH = 16, 64
"""Pixels of the side to a position of the latents, and of the hyper-latents."""
PIXEL, STEPS, LATENT, WIDEST = 128, 1 << 19, 1 << 19, 1 << 17
"""Largest magnitudes: of a pixel, of latents at their gains, of y and v, and of a rounded latent."""
SCALES = 64
CHANNELS_AT_ONCE = 16
MAX_CHANNELS, MAX_SLICES = 1 << 10, 32


@dataclass(frozen=True)
class Scaling:
    """Factors of channels by level of quality: x table / 2^shift, rounded, clamped to +-limit.

    Attributes:
        table: integers at the knots, (KNOTS, C).
        shift: fraction bits of the factors, those of the interpolation not counted.
        limit: of the results.
    """

    table: NDArray[np.int64]
    shift: int
    limit: int

    def at(self, level: int) -> NDArray[np.int64]:
        """Return the table times 2^KNOT_BITS at a level, (C,), linear between knots."""
        return interpolated(self.table, level)

    def __call__(self, ops: Backend, x: Array, level: int, first: int = 0) -> Array:
        """Return scaled maps (C, H, W), float32 (below 2^20); products are in float64, some channels at a time.

        Args:
            ops: the backend of the maps.
            x: maps of the channels from `first` on.
            level: of quality.
            first: number of their first channel.
        """
        table = self.at(level)[first : first + len(x), None, None]
        factors = ops.load(table * 2.0 ** -(self.shift + KNOT_BITS), True)
        out = ops.empty(tuple(x.shape), False)
        for start in range(0, len(out), CHANNELS_AT_ONCE):
            part = slice(start, start + CHANNELS_AT_ONCE)
            scaled = ops.empty(tuple(x[part].shape), True)
            scaled[:] = x[part]
            scaled *= factors[part]
            ops.scale(scaled, 1.0, 0.5, scaled)
            ops.round_down(scaled)
            ops.clip(scaled, -self.limit, self.limit, scaled)
            out[part] = scaled
        return out


def interpolated(table: NDArray[np.int64], level: int) -> NDArray[np.int64]:
    """Return a table (KNOTS, C) times 2^KNOT_BITS at a level 0 ... 255, (C,)."""
    knot, part = level >> KNOT_BITS, level & (1 << KNOT_BITS) - 1
    return np.asarray(table[knot] * ((1 << KNOT_BITS) - part) + table[knot + 1] * part)


class PhotoModel:
    """A photo model that is ready to run.

    Args:
        info: the tree of model.json.
        arrays: integer arrays by name.
        device: "cpu" (numpy), "torch" (its CPU) or "cuda".

    Raises:
        ModelError: something is missing or does not fit.
    """

    def __init__(self, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str = "cpu") -> None:
        self.ops = Backend(device)
        self.fingerprint = bytes.fromhex(info["fingerprint"])
        try:
            self._build(info, arrays)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"model.json: malformed ({error!r})") from error

    def _build(self, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self._info, self._arrays = info, arrays
        self.slices = [_count(size, MAX_CHANNELS) for size in info["slices"]]
        latent = _count(sum(self.slices), MAX_CHANNELS)
        if len(self.slices) > MAX_SLICES:
            raise ModelError(f"model.json: {len(self.slices)} slices, and {MAX_SLICES} are the most")
        self.linear = self._program("analysis_linear", 3, PIXEL, latent)
        self.analysis = self._program("analysis", 3, PIXEL, latent)
        self.gain = self._scaling("gain", latent, STEPS)
        self.inverse = self._scaling("inverse", latent, LATENT)
        self.hyper_analysis = self._program("hyper_analysis", latent, STEPS, None)
        hyper = self.hyper_analysis.outputs
        self.hyper_gain = self._scaling("hyper_gain", hyper, STEPS)
        self.hyper_inverse = self._scaling("hyper_inverse", hyper, LATENT)
        self.hyper_synthesis = self._program("hyper_synthesis", hyper, LATENT, None)
        self.hyper_mean = self._table("hyper_mean", hyper, 1 << 14)
        self.hyper_scale = self._table("hyper_scale", hyper, SCALES - 1)
        known, self.heads = self.hyper_synthesis.outputs, list[tuple[Program, Program]]()
        bound = max(self.hyper_synthesis.bound, WIDEST << CONTEXT)
        for number, size in enumerate(self.slices):
            halves = [self._program(f"head_{number}_{half}", known + half * size, bound, 2 * size) for half in (0, 1)]
            self.heads.append((halves[0], halves[1]))
            known += size
        self.texture = None
        if "texture" in self._info["programs"]:
            self.texture = self._program("texture", known, bound, latent)
        self.synthesis_linear = self._program("synthesis_linear", latent, LATENT, 3)
        self.synthesis = self._program("synthesis", latent, LATENT, 3)
        self.picture_shift = _count(info["picture_shift"], 16)
        self.slopes = _slopes(info["slopes"])
        del self._info, self._arrays  # the networks have all of them, as the backend's arrays

    def slope(self, level: int) -> float:
        """Return the bits that a squared error of 1 in all channels of a pixel is worth at a level (lambda)."""
        coarsest, finest = self.slopes
        return float(coarsest * (finest / coarsest) ** (level / LEVELS))

    def _program(self, name: str, channels: int, bound: int, outputs: int | None) -> Program:
        try:
            program = Program(self._info["programs"][name], self._arrays, channels, bound, self.ops)
        except ModelError as error:
            raise ModelError(f"model.json: program {name}: {error}") from error
        if outputs is not None and program.outputs != outputs:
            raise ModelError(f"model.json: program {name} gives {program.outputs} maps, and {outputs} are wanted")
        return program

    def _table(self, name: str, channels: int, most: int) -> NDArray[np.int64]:
        table = self._arrays[name].astype(np.int64)
        if table.shape != (KNOTS, channels) or np.abs(table).max() > most:
            raise ModelError(f"weights: table {name} has not {KNOTS} x {channels} values of at most {most}")
        return table

    def _scaling(self, name: str, channels: int, limit: int) -> Scaling:
        shift = self._info["shifts"][name]
        if type(shift) is not int or not -8 <= shift <= 40:
            raise ModelError(f"model.json: the shift of {name} is out of range")
        return Scaling(self._table(name, channels, 1 << 30), shift, limit)


def _slopes(value: Any) -> tuple[float, float]:
    if len(value) != 2 or not all(type(one) is float and 0 < one < math.inf for one in value):
        raise ModelError(f"model.json: slopes {value!r} are not two positive numbers")
    return value[0], value[1]


def _count(value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ModelError(f"model.json: a number of {value!r} where 1 to {most} are supported")
    return value
