"""The payload of a picture of the photo family: the symbols of all steps of the prior, in one range coder."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...coding.symbols import SymbolReader, Symbols, SymbolWriter
from ...exact.backend import Array
from ...exact.flow import Flow
from . import rounding
from .masking import Masking
from .model import CHANNELS_AT_ONCE, PhotoModel
from .prior import BY, Step, gather, scatter, walk
from .texture import BASE, Draw, Texture
from .transform import bands, framed

FREE_POSITIONS, POSITIONS_A_BYTE = 2048, 64
"""Positions of latents that take no byte of payload, and those beyond that a byte pays for."""


class Coded(NamedTuple):
    """A payload.

    Attributes:
        payload: the bytes.
        ideal: -log2 p of the symbols, bits.
        hyper: bytes' worth of it, in bits, of the hyper-latents.
    """

    payload: bytes
    ideal: float
    hyper: float


def push(model: PhotoModel, latents: Array, level: int, effort: int, masking: Masking | None = None) -> Coded:
    """Code the latents of a picture, which are then the rounded ones, sixteenths of a step, as the receiver has them.

    Args:
        latents: y of `transform.analyse`; overwritten.
        level: of quality, 0 ... 255.
        effort: of `rounding.choose`.
        masking: what errors are worth at each position; None for as much everywhere.
    """
    coarse = _hyper_latents(model, latents, level)
    writer, steps = SymbolWriter(), walk(model, latents, level)
    of_hyper, other = 0.0, coarse
    try:
        step = next(steps)
        while True:
            if step.part < 0:
                symbols = rounding.choose(coarse, step.means, step.scales, rounding.PLAIN).astype(np.int16)
            else:
                first = sum(model.slices[: step.part])
                worth = None if masking is None else gather(masking.of(step.part)[None], step.half)[0]
                if step.half == 0:  # `walk` overwrites both halves after the first one's symbols
                    maps = model.ops.to_numpy(latents[first : first + model.slices[step.part], 1:-1, 1:-1])
                    symbols = _symbols(model, gather(maps, 0), first, step, level, effort, worth)
                    other = gather(maps, 1)
                else:
                    symbols = _symbols(model, other, first, step, level, effort, worth)
            writer.push(symbols.reshape(-1), step.scales.reshape(-1))
            of_hyper = of_hyper if step.part >= 0 else writer.ideal
            step = steps.send(symbols)
    except StopIteration:
        return Coded(writer.to_bytes(), writer.ideal, of_hyper)


def _hyper_latents(model: PhotoModel, latents: Array, level: int) -> Array:
    """Return the hyper-latents at their gains, with STEP_BITS fraction bits, int32 (C, N), numpy."""
    ops, flow, found = model.ops, Flow(model.hyper_analysis, level), []
    rows = (latents.shape[1] - 2) // BY
    for top, bottom in bands(rows, BY**2 * 256 * (latents.shape[2] - 2)):
        scaled = model.gain(ops, latents[:, 1 + BY * top : 1 + BY * bottom, 1:-1], level)
        found.append(flow.push(scaled, bottom == rows))
    maps = [ops.to_numpy(model.hyper_gain(ops, one, level)) for one in found]
    out = np.concatenate(maps, 1).astype(np.int32)
    return out.reshape(len(out), -1)


def _symbols(
    model: PhotoModel, values: Array, first: int, step: Step, level: int, effort: int, worth: NDArray[np.float64] | None
) -> Symbols:
    """Choose the symbols (C, N) of a step for latents y (C, N) of the channels from `first` on, some at a time."""
    ops, out = model.ops, np.empty(values.shape, np.int16)
    for position in range(0, len(values), CHANNELS_AT_ONCE):
        part = slice(position, position + CHANNELS_AT_ONCE)
        scaled = model.gain(ops, ops.load(values[part][:, None], False), level, first + position)
        chosen = ops.to_numpy(scaled)[:, 0].astype(np.int32)
        out[part] = rounding.choose(chosen, step.means[part], step.scales[part], effort, step.part, worth)
    return out


def pop(model: PhotoModel, payload: bytes, rows: int, columns: int, level: int, draw: Draw = BASE) -> Array:
    """Return the rounded latents of a payload, perhaps with texture, sixteenths of a step, with their margin.

    Raises:
        FormatError: no encoder wrote it.
    """
    latents = framed(model, rows, columns)
    texture = Texture(model, rows, columns, level, draw) if draw.heat else None
    reader, steps = SymbolReader(payload), walk(model, latents, level, texture)
    try:
        step = next(steps)
        while True:
            symbols = reader.pop(step.scales.reshape(-1)).reshape(step.scales.shape)
            if texture is not None and step.part >= 0:
                scatter(texture.unsent[step.part], symbols == 0, step.half)
            step = steps.send(symbols)
    except StopIteration:
        return latents


def least_payload(rows: int, columns: int) -> int:
    """Return the least bytes that a payload has: a file of a few bytes must not cause much work.

    Shorter ones are filled up with zero bytes, which the entropy coder reads as what was there.
    """
    return max(0, -(-(rows * columns - FREE_POSITIONS) // POSITIONS_A_BYTE))
