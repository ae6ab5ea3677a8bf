"""The prior of the photo family: hyper-latents, then slices of channels in two halves of a checkerboard.

Encoder and decoder walk through the same steps: `walk` yields the scales and means of a step's symbols and is sent the
symbols. In a half, positions come row by row, even rows first.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from ...coding.precision import Integers
from ...exact.backend import Array, Backend
from ...exact.program import Conv, Program, rows_at_once
from .model import CONTEXT, KNOT_BITS, SCALES, SIXTEENTHS, WIDEST, PhotoModel, interpolated

UNIT = 1 << SIXTEENTHS
POSITIONS = 1 << 14
"""Positions of which a head's outputs are computed at once."""


class Step(NamedTuple):
    """What a step's symbols are coded with.

    Attributes:
        part: number of the slice, or -1 for the hyper-latents.
        half: 0 for positions whose row and column sum to an even number, 1 for the others.
        means: sixteenths of a step, integers (C, N).
        scales: indices 0 ... 63, integers (C, N).
    """

    part: int
    half: int
    means: Integers
    scales: Integers


Walk = Generator[Step, Integers, Array]


def walk(model: PhotoModel, rows: int, columns: int, level: int) -> Walk:
    """Yield the steps of a grid of latents (rows, columns multiples of 4), and return the rounded latents.

    The symbols (C, N) of a step are sent to the generator. It returns sixteenths of a step, (L, rows, columns).
    """
    ops = model.ops
    count = rows * columns // 16
    means, scales = (
        np.repeat(_rounded(interpolated(table, level))[:, None], count, 1)
        for table in (model.hyper_mean, model.hyper_scale)
    )
    symbols = yield Step(-1, 0, means, scales)
    z = (symbols * UNIT + means).reshape(-1, rows // 4, columns // 4)
    features = model.hyper_synthesis(model.hyper_inverse(ops, ops.load(z, True), level), level)
    start = count = len(features)
    known = ops.zeros((start + sum(model.slices), rows + 2, columns + 2), False)
    known[:start, 1:-1, 1:-1] = features
    del features
    for number, size in enumerate(model.slices):
        for half in (0, 1):
            head = model.heads[number][half]
            means, scales = _asked(model, head, known[: start + half * size], half, level)
            symbols = yield Step(number, half, means, scales)
            values = (symbols * UNIT + means).clip(-WIDEST, WIDEST) << CONTEXT
            scatter(known[start : start + size, 1:-1, 1:-1], ops.load(values, False), half)
        start += size
    latents = known[count:, 1:-1, 1:-1]
    ops.scale(latents, 2.0**-CONTEXT, 0, latents)
    return latents


def _asked(model: PhotoModel, head: Program, known: Array, half: int, level: int) -> tuple[Integers, Integers]:
    """Means and scales of a slice's half, int32 (C, N), from maps with a margin of 1; some positions at a time."""
    ops, size = model.ops, head.outputs // 2
    maps = _at_half(ops, head.ops[0].convs[0], known, half)
    out = np.empty((2, size, maps.shape[2]), np.int32)
    for position in range(0, maps.shape[2], POSITIONS):
        part = slice(position, position + POSITIONS)
        out[:, :, part] = ops.to_numpy(head(maps[:, :, part], level, start=1)).reshape(2, size, -1)
    return out[0], out[1].clip(0, SCALES - 1)


def halves(maps: Array, half: int) -> tuple[Array, Array]:
    """Return views of the positions of a half of maps (C, H, W): those in even rows and those in odd rows."""
    return maps[:, 0::2, half::2], maps[:, 1::2, 1 - half :: 2]


def gather(maps: Array, half: int) -> Array:
    """Return the values of a half of maps (C, H, W), (C, N), numpy."""
    return np.concatenate([part.reshape(len(maps), -1) for part in halves(maps, half)], 1)


def scatter(maps: Array, values: Array, half: int) -> None:
    """Write the values (C, N) of a half into maps (C, H, W)."""
    even, odd = halves(maps, half)
    count = even.shape[1] * even.shape[2]
    even[:] = values[:, :count].reshape(even.shape)
    odd[:] = values[:, count:].reshape(odd.shape)


def _rounded(values: Integers) -> Integers:
    """Values times 2^KNOT_BITS, as `interpolated` gives them, to the nearest integers."""
    return np.asarray(values + (1 << KNOT_BITS >> 1) >> KNOT_BITS)


def _at_half(ops: Backend, conv: Conv, known: Array, half: int) -> Array:
    """Return a 3x3 convolution of maps with a margin of 1, at the positions of one half: (outputs, 1, N)."""
    channels, height, width = known.shape
    rows, columns = (height - 2) // 2, (width - 2) // 2
    out = ops.empty((len(conv.matrix), 2 * rows * columns), conv.double)
    strip = rows_at_once(9 * channels, columns)
    for parity in (0, 1):
        left = half if parity == 0 else 1 - half
        for top in range(0, rows, strip):
            count = min(strip, rows - top)
            taps = ops.empty((9 * channels + 1, count * columns), conv.double)
            taps[-1] = 1.0
            parts = taps[:-1].reshape(9, channels, count, columns)
            for r in range(3):
                for c in range(3):
                    first = parity + 2 * top + r
                    parts[3 * r + c] = known[
                        :, first : first + 2 * count - 1 : 2, left + c : left + c + 2 * columns - 1 : 2
                    ]
            start = (parity * rows + top) * columns
            product = ops.empty((len(conv.matrix), count * columns), conv.double)
            ops.matmul(conv.matrix, taps, product)
            out[:, start : start + count * columns] = product
    ops.round_down(out)
    ops.clip(out, conv.low, conv.high, out)
    return out.reshape(len(out), 1, -1)
