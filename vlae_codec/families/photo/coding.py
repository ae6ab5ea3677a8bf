"""The payload of a picture of the photo family: the symbols of all steps of the prior, in one range coder."""

from __future__ import annotations

from typing import NamedTuple

from ...coding.precision import Integers
from ...coding.symbols import SymbolReader, SymbolWriter
from ...exact.backend import Array
from . import rounding
from .model import PhotoModel
from .prior import gather, walk


class Coded(NamedTuple):
    """A payload.

    Attributes:
        payload: the bytes.
        ideal: -log2 p of the symbols, bits.
        hyper: bytes' worth of it, in bits, of the hyper-latents.
        values: the rounded latents, sixteenths of a step, (L, h, w), which the receiver has as well.
    """

    payload: bytes
    ideal: float
    hyper: float
    values: Array


def push(model: PhotoModel, y: Array, level: int, effort: int, strength: float = 1.0) -> Coded:
    """Code the latents y (L, h, w) of a picture.

    Args:
        model: the model.
        y: of `transform.analyse`.
        level: of quality, 0 ... 255.
        effort: of `rounding.choose`.
        strength: likewise.
    """
    ops = model.ops
    scaled = model.gain(ops, y, level)
    hyper = model.hyper_gain(ops, model.hyper_analysis(scaled, level), level)
    fine, coarse = (ops.to_numpy(maps).astype("int32") for maps in (scaled, hyper))
    del scaled, hyper
    writer, steps = SymbolWriter(), walk(model, y.shape[1], y.shape[2], level)
    start, of_hyper = 0, 0.0
    try:
        step = next(steps)
        while True:
            if step.part < 0:
                values = coarse.reshape(len(coarse), -1)
                symbols = rounding.choose(values, step.means, step.scales, rounding.PLAIN)
            else:
                size = model.slices[step.part]
                values = gather(fine[start : start + size], step.half)
                symbols = rounding.choose(values, step.means, step.scales, effort, strength)
                start += size * step.half
            writer.push(symbols.reshape(-1), step.scales.reshape(-1))
            of_hyper = of_hyper if step.part >= 0 else writer.ideal
            step = steps.send(symbols)
    except StopIteration as end:
        return Coded(writer.to_bytes(), writer.ideal, of_hyper, end.value)


def pop(model: PhotoModel, payload: bytes, rows: int, columns: int, level: int) -> Array:
    """Return the rounded latents of a payload, sixteenths of a step, (L, rows, columns).

    Raises:
        FormatError: no encoder wrote it.
    """
    reader, steps = SymbolReader(payload), walk(model, rows, columns, level)
    try:
        step = next(steps)
        while True:
            symbols: Integers = reader.pop(step.scales.reshape(-1)).reshape(step.scales.shape)
            step = steps.send(symbols)
    except StopIteration as end:
        return end.value
