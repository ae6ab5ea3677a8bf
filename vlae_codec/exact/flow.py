"""The interpreter of layer programs: rows of a map go in and rows of the result come out as soon as they are settled.

A 3x3 convolution settles a row when the row below it is there, so each holds its last two rows back. A picture of any
height takes the memory of a band of rows, nothing is computed twice, and the results do not depend on the bands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from sys import maxsize

from ..parallel import in_threads
from .backend import Array, Backend
from .program import Conv, Op, Program

TAPS = 1 << 20
"""Values of the taps that are gathered at once: the buffer stays in the cache."""
Stage = Callable[[Array, bool], Array]
"""Takes the next rows of a map and whether they are the last, and returns the rows of the result that are settled."""
Size = tuple[int, int]
"""Rows and columns."""


class Flow:
    """A program at work on one map (C, H, W), from the top to the bottom.

    Args:
        level: of quality, 0 ... 255.
        start: the first operation.
        wanted: of the result, all of it by default. What no wanted value depends on is not computed.
    """

    def __init__(self, program: Program, level: int = 0, start: int = 0, wanted: Size | None = None) -> None:
        ops = program.ops[start:]
        if wanted is None:
            self._stages = [_stage(program.backend, op, level, [None] * len(op.convs)) for op in ops]
            return
        self._stages = [
            _Cropped(_stage(program.backend, op, level, made), *read)
            for op, (read, made) in zip(ops, _needed(ops, wanted), strict=True)
        ]

    def push(self, x: Array, last: bool) -> Array:
        """Return the rows of the result that the next rows of the map settle, perhaps none.

        Args:
            x: rows (C, h, W).
            last: whether these are the last ones.
        """
        for stage in self._stages:
            x = stage(x, last)
        return x


def run(program: Program, x: Array, level: int = 0, start: int = 0) -> Array:
    """Return the maps of a whole input (C, H, W) at a level of quality, from an operation on."""
    return Flow(program, level, start).push(x, True)


def _stage(ops: Backend, op: Op, level: int, made: Sequence[Size | None]) -> Stage:
    if op.kind == "conv":
        return _Convolution(ops, op.convs[0], made[0])
    if op.kind == "residual":
        return _Residual(ops, op, made)
    if op.kind == "clip":
        return lambda x, last: clipped(ops, x, op)
    if op.kind == "quality":
        return lambda x, last: _with_map(ops, x, float(level << op.shift))
    if op.kind == "shuffle":
        return lambda x, last: _shuffled(ops, x, op.by)
    return _Unshuffle(ops, op.by)


def _needed(ops: Sequence[Op], wanted: Size) -> list[tuple[Size, list[Size]]]:
    """Return what wanted values of the result depend on of each operation's input, and of its convolutions' results."""
    needed, (rows, columns) = [], wanted
    for op in reversed(ops):
        made = list[Size]()
        if op.kind == "shuffle":
            rows, columns = -(-rows // op.by), -(-columns // op.by)
        elif op.kind == "unshuffle":
            rows, columns = rows * op.by, columns * op.by
        for conv in reversed(op.convs):
            made.append((rows, columns))
            rows, columns = ((side - 1) * conv.stride + 1 + conv.side // 2 for side in (rows, columns))
        needed.append(((rows, columns), made[::-1]))
    return needed[::-1]


class _Cropped:
    """A stage that is given so many rows and columns at the most."""

    def __init__(self, stage: Stage, rows: int, columns: int) -> None:
        self.stage, self.left, self.columns = stage, rows, columns

    def __call__(self, x: Array, last: bool) -> Array:
        ended = self.left == 0
        part = x[:, : self.left, : self.columns]
        self.left -= part.shape[1]
        return self.stage(part, not ended and (last or self.left == 0))


class _Convolution:
    """Zero padding stands above the first row and below the last; of the result `made` is computed at the most."""

    def __init__(self, ops: Backend, conv: Conv, made: Size | None = None) -> None:
        self.ops, self.conv = ops, conv
        self.held: Array | None = None
        self.left, self.columns = made or (maxsize, maxsize)

    def __call__(self, x: Array, last: bool) -> Array:
        side, stride = self.conv.side, self.conv.stride
        columns = min(self.columns, -(-x.shape[2] // stride))
        if side == stride == 1:
            return convolved(self.ops, self.conv, x, x.shape[1], columns)
        margin = side // 2
        above = margin if self.held is None else self.held.shape[1]
        channels, height, width = x.shape
        rows = above + height + margin * last
        framed = self.ops.zeros((channels, rows, width + 2 * margin), is_double(x))
        inner = framed[:, :, margin : margin + width]
        if self.held is not None:
            inner[:, :above] = self.held
        inner[:, above : above + height] = x
        settled = max(0, rows - side + stride) // stride
        if side == 1 and not last:
            settled = rows // stride
        settled = min(settled, self.left)
        self.left -= settled
        self.held = self.ops.copy(inner[:, settled * stride :])
        return convolved(self.ops, self.conv, framed, settled, columns)


class _Residual:
    """Rows of the input wait for the update that is added to them."""

    def __init__(self, ops: Backend, op: Op, made: Sequence[Size | None]) -> None:
        self.ops, self.op = ops, op
        self.first, self.second = (_Convolution(ops, conv, size) for conv, size in zip(op.convs, made, strict=True))
        self.waiting: Array | None = None

    def __call__(self, x: Array, last: bool) -> Array:
        ops = self.ops
        update = self.second(self.first(clipped(ops, x, self.op), last), last)
        x = x[:, :, : update.shape[2]]
        settled, before = update.shape[1], x[:, :0] if self.waiting is None else self.waiting
        waited = before.shape[1]
        update[:, :waited] += before[:, :settled]
        if settled < waited:
            self.waiting = ops.join(before[:, settled:], x)
        else:
            update[:, waited:] += x[:, : settled - waited]
            self.waiting = ops.copy(x[:, settled - waited :])
        ops.clip(update, self.op.convs[1].low, self.op.convs[1].high, update)
        return update


class _Unshuffle:
    """Rows wait until there are whole squares of them."""

    def __init__(self, ops: Backend, by: int) -> None:
        self.ops, self.by = ops, by
        self.waiting: Array | None = None

    def __call__(self, x: Array, last: bool) -> Array:
        if self.waiting is not None and self.waiting.shape[1]:
            x = self.ops.join(self.waiting, x)
        channels, height, width = x.shape
        by, rows = self.by, height // self.by
        self.waiting = self.ops.copy(x[:, rows * by :])
        squares = x[:, : rows * by].reshape(channels, rows, by, width // by, by)
        return self.ops.permute(squares, (0, 2, 4, 1, 3)).reshape(channels * by * by, rows, width // by)


def _shuffled(ops: Backend, x: Array, by: int) -> Array:
    channels, height, width = x.shape
    squares = x.reshape(channels // by**2, by, by, height, width)
    return ops.permute(squares, (0, 3, 1, 4, 2)).reshape(channels // by**2, height * by, width * by)


def _with_map(ops: Backend, x: Array, value: float) -> Array:
    out = ops.empty((x.shape[0] + 1, *x.shape[1:]), is_double(x))
    out[:-1] = x
    out[-1] = value
    return out


def clipped(ops: Backend, x: Array, op: Op) -> Array:
    """Return clamp(floor(x / 2^shift + 1/2), low, high)."""
    out = ops.empty(tuple(x.shape), is_double(x))
    if op.shift:
        ops.scale(x, 2.0**-op.shift, 0.5, out)
        ops.round_down(out)
        x = out
    ops.clip(x, op.low, op.high, out)
    return out


def convolved(ops: Backend, conv: Conv, framed: Array, rows: int, columns: int) -> Array:
    """Return the maps (outputs, rows, columns) of a convolution of maps whose margin is there already."""
    channels, side, stride = framed.shape[0], conv.side, conv.stride
    out = ops.empty((len(conv.matrix), rows, columns), conv.double)
    across = max(1, min(columns, TAPS // (side * side * channels)))  # fewer than all in wide maps
    strip = rows_at_once(side * side * channels, across)

    def fill(spot: Size) -> None:
        top, left = spot
        count, width = min(strip, rows - top), min(across, columns - left)
        down, right = (count - 1) * stride + 1, (width - 1) * stride + 1
        taps = ops.empty((side * side * channels + 1, count * width), conv.double)
        taps[-1] = 1.0
        parts = by_position(taps[:-1], count, width, side * side)
        for r in range(side):
            for c in range(side):
                first, start = top * stride + r, left * stride + c
                parts[side * r + c] = framed[:, first : first + down : stride, start : start + right : stride]
        found = by_position(multiplied(ops, conv, taps), count, width)
        out[:, top : top + count, left : left + width] = found[0]

    in_threads(fill, [(top, left) for top in range(0, rows, strip) for left in range(0, columns, across)], ops.workers)
    return out


def by_position(values: Array, rows: int, columns: int, taps: int = 1) -> Array:
    """Return a view (taps, C, rows, columns) of values (taps x C, N) of all positions.

    In narrow maps they go down, column by column: copies of a few values in a row take longer than the products.
    """
    if columns < rows:
        return values.reshape(taps, -1, columns, rows).swapaxes(2, 3)
    return values.reshape(taps, -1, rows, columns)


def multiplied(ops: Backend, conv: Conv, taps: Array) -> Array:
    """Return the results (outputs, N) of a convolution at N positions, whose taps (taps x inputs + 1, N) these are."""
    out = ops.empty((len(conv.matrix), taps.shape[1]), conv.double)
    ops.matmul(conv.matrix, taps, out)
    ops.round_down(out)
    ops.clip(out, conv.low, conv.high, out)
    return out


def rows_at_once(taps: int, columns: int) -> int:
    """Return the rows of so many positions whose taps are gathered at once, of so many values a position."""
    return max(1, TAPS // (taps * columns))


def is_double(x: Array) -> bool:
    """Return whether an array is of float64."""
    return str(x.dtype).endswith("64")
