"""The prior of the photo family: hyper-latents, then slices of channels in two halves of a checkerboard.

Encoder and decoder walk through the same steps: `walk` yields the scales and means of a step's symbols and is sent the
symbols. In a half, positions come row by row, even rows first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...coding.precision import Integers
from ...coding.symbols import Scales, Symbols
from ...exact.backend import Array, Backend
from ...exact.flow import Flow, by_position, multiplied, rows_at_once, run
from ...exact.program import Program
from ...parallel import in_threads
from .model import (
    CHANNELS_AT_ONCE,
    CONTEXT,
    HYPER_PATCH,
    KNOT_BITS,
    PATCH,
    SCALES,
    SIXTEENTHS,
    WIDEST,
    PhotoModel,
    interpolated,
)
from .transform import bands

UNIT = 1 << SIXTEENTHS
BY = HYPER_PATCH // PATCH
"""Rows of latents to one of hyper-latents."""


class Step(NamedTuple):
    """What a step's symbols are coded with.

    Attributes:
        part: number of the slice, or -1 for the hyper-latents.
        half: 0 for positions whose row and column sum to an even number, 1 for the others.
        means: sixteenths of a step, (C, N).
        scales: indices 0 ... 63, (C, N).
    """

    part: int
    half: int
    means: NDArray[np.int32]
    scales: Scales


Walk = Generator[Step, Symbols, None]
Finish = Callable[[Array, Array], None]
"""Callback with the features (M, h + 2, w + 2) and the latents (L, h + 2, w + 2), as heads read them, with margins."""


def walk(model: PhotoModel, latents: Array, level: int, finish: Finish | None = None) -> Walk:
    """Yield the steps of latents, which are rounded at the end.

    The symbols (C, N) of a step are sent to the generator. A slice is overwritten once the symbols of its first half
    are known, so that a sender may have its own latents there until then.

    Args:
        latents: memory for them, with their margin (`transform.framed`); at the end it has sixteenths of a step.
        level: of quality, 0 ... 255.
        finish: changes the latents when all of them are known.
    """
    rows, columns = latents.shape[1] - 2, latents.shape[2] - 2
    count = rows * columns // BY**2
    means, scales = (
        np.repeat(_rounded(interpolated(table, level))[:, None], count, 1)
        for table in (model.hyper_mean, model.hyper_scale)
    )
    symbols = yield Step(-1, 0, means.astype(np.int32), scales.astype(np.uint8))
    features = _features(model, (symbols * np.int32(UNIT) + means).reshape(-1, rows // BY, columns // BY), level)
    start = 0
    for number, size in enumerate(model.slices):
        mine = latents[start : start + size]
        for half in (0, 1):
            known = (features, latents[: start + half * size])
            step = Step(number, half, *_parameters(model, model.heads[number][half], known, half, level))
            symbols = yield step
            if half == 0:
                mine[:] = 0
            _store(model.ops, mine[:, 1:-1, 1:-1], symbols, step)
        start += size
    if finish is not None:
        finish(features, latents)
    model.ops.scale(latents, 2.0**-CONTEXT, 0, latents)


def _features(model: PhotoModel, z: Integers, level: int) -> Array:
    """Return features of the hyper-latents (C, h, w), with a margin of 1, (F, BY h + 2, BY w + 2)."""
    ops, rows, columns = model.ops, BY * z.shape[1], BY * z.shape[2]
    out = ops.zeros((model.hyper_synthesis.outputs, rows + 2, columns + 2), False)
    flow, settled = Flow(model.hyper_synthesis, level), 1
    for top, bottom in bands(z.shape[1], HYPER_PATCH**2 * z.shape[2]):
        v = model.hyper_inverse(ops, ops.load(z[:, top:bottom], True), level)
        found = flow.push(v, bottom == z.shape[1])
        out[:, settled : settled + found.shape[1], 1:-1] = found
        settled += found.shape[1]
    return out


def _store(ops: Backend, maps: Array, symbols: Symbols, step: Step) -> None:
    """Write the values of a step's symbols (C, N), as the heads read them, into maps (C, H, W), some at a time."""
    for position in range(0, len(symbols), CHANNELS_AT_ONCE):
        part = slice(position, position + CHANNELS_AT_ONCE)
        values = (symbols[part] * np.int32(UNIT) + step.means[part]).clip(-WIDEST, WIDEST) << CONTEXT
        scatter(maps[part], ops.load(values, False), step.half)


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


def _parameters(
    model: PhotoModel, head: Program, known: Sequence[Array], half: int, level: int
) -> tuple[NDArray[np.int32], Scales]:
    """Return means and scales (C, N) of a slice's half from maps with a margin of 1; some rows at a time.

    The first operation of a head is a 3x3 convolution, which is computed at the positions of the half alone; the others
    see one position each.
    """
    ops, conv, size = model.ops, head.ops[0].convs[0], head.outputs // 2
    channels, rows, columns = sum(map(len, known)), (known[0].shape[1] - 2) // 2, (known[0].shape[2] - 2) // 2
    strip = rows_at_once(9 * channels, columns)
    means = np.empty((size, 2 * rows * columns), np.int32)
    scales = np.empty(means.shape, np.uint8)

    def fill(spot: tuple[int, int]) -> None:
        parity, top = spot
        count = min(strip, rows - top)
        taps = ops.empty((9 * channels + 1, count * columns), conv.double)
        taps[-1] = 1.0
        _gather_taps(by_position(taps[:-1], count, columns, 9), known, parity + 2 * top, half ^ parity)
        found = ops.to_numpy(run(head, multiplied(ops, conv, taps)[:, None], level, 1))[:, 0]
        found = by_position(found, count, columns)[0].reshape(len(found), -1)
        start = (parity * rows + top) * columns
        part = slice(start, start + count * columns)
        means[:, part], scales[:, part] = found[:size], found[size:].clip(0, SCALES - 1)

    in_threads(fill, product((0, 1), range(0, rows, strip)), ops.workers)
    return means, scales


def _gather_taps(taps: Array, known: Sequence[Array], first: int, left: int) -> None:
    """Fill taps (9, C, rows, columns) from every other row and column of maps, from a row and a column on."""
    count, columns = taps.shape[2:]
    for r in range(3):
        for c in range(3):
            rows = slice(first + r, first + r + 2 * count - 1, 2)
            across = slice(left + c, left + c + 2 * columns - 1, 2)
            channel = 0
            for maps in known:
                taps[3 * r + c, channel : channel + len(maps)] = maps[:, rows, across]
                channel += len(maps)
