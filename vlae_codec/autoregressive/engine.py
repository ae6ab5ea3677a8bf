"""The wavefront engine: pictures drawn diagonal by diagonal over sheared, bounded memory (design D7).

Pixel (r, c) is drawn at time t = c + slant r. The pixels near the frontier are kept by (time, row): there
the pixels of one diagonal, and with them each pixel of all their windows, lie side by side for all rows and
pictures, so that gathering the windows is a few copies of dense blocks, without index arrays.

        time t   . . x x x x .     x the diagonal that is drawn
        t - 1    . o o o o . .     o in the windows of these pixels
        t - 2    . o o o o . .

Any slant of at least `Window.slant` is right. With slant = width a diagonal is one pixel: raster order.
What the engine holds grows with the frontier (at most width / slant rows), never with the picture. A stack of
masked layers would be drawn with the window that it spans as a whole.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..exact.arrays import Array, namespace
from ..exact.kernels import copied, zeros
from ..parallel import single_blas_thread
from .order import Diagonal, Window, diagonals
from .window_net import LocalNet, Workspace

Load = Callable[[int, int], Array]
"""Rows first ... last - 1 of something, (rows, W, ...), on the engine's device."""

Choose = Callable[[int, Array, Any], Array]
"""Pixels (P, B) of a channel from its number, the head's outputs (M, P, B) and what belongs to the positions."""

Emit = Callable[[int, Array], None]
"""Takes finished rows: the number of the first and the rows (rows, W, channels, B), which it must copy."""

GROUP = 1 << 15
"""Pixels that are loaded or given out at once, at least: what a call costs is spread over them."""
WHOLE = 1 << 17
"""Pixels of a batch whose pictures are held whole."""
BLOCK = 900_000
"""Multiply-adds of a layer that are done at once."""
TIMES = 64
"""Diagonals between two moves of the sheared memory, at least."""


@dataclass(frozen=True)
class Shape:
    """What is drawn: `batch` pictures of height x width, at the slant of the order that is wanted.

    Raises:
        ValueError: the slant is below that of the window.
    """

    height: int
    width: int
    batch: int
    window: Window
    slant: int

    def __post_init__(self) -> None:
        if self.slant < self.window.slant:
            raise ValueError(f"slant {self.slant}; this window needs {self.window.slant} or more")

    def raster(self) -> Shape:
        """Return the same shape in raster order, one pixel a step, for comparison."""
        return replace(self, slant=max(self.width, self.window.slant))

    @property
    def frontier(self) -> int:
        """Pixels of the longest diagonal."""
        return min(self.height, -(-self.width // self.slant)) if self.slant else self.height

    @property
    def group(self) -> int:
        """Rows that are loaded or given out at once: enough of them that moving the others up costs little."""
        return max(1, min(self.height, max(GROUP // (self.width * self.batch) + 1, self.frontier // 8)))


class Sheared:
    """The last pixels drawn, by time and row, (times, channels, rows, B); zero outside the picture."""

    def __init__(self, shape: Shape, channels: int, like: Array) -> None:
        self.shape = shape
        above, left, _ = shape.window
        self.span = shape.slant * above + left
        ahead = max(TIMES, self.span)
        rows = shape.frontier + above + (ahead // shape.slant + 1 if shape.slant else 0)
        size = (self.span + ahead, channels, rows, shape.batch)
        self.pixels = zeros(size, like)
        self.time, self.row = -self.span, -above

    def reach(self, step: Diagonal) -> None:
        """Make room for a step, dropping what no window covers any more."""
        if step.time - self.time < self.pixels.shape[0]:
            return
        times, rows = step.time - self.span - self.time, step.first - self.shape.window.above - self.row
        kept = copied(self.pixels[times:, :, rows:])
        self.pixels[...] = 0
        self.pixels[: kept.shape[0], :, : kept.shape[2]] = kept
        self.time += times
        self.row += rows

    def gather(self, step: Diagonal, inputs: Array) -> int:
        """Copy the windows of a step to the first rows of `inputs`, (K * channels, P * B); how many comes back."""
        above, left, right = self.shape.window
        channels, batch = self.pixels.shape[1], self.pixels.shape[3]
        filled = 0
        for up in range(above, -1, -1):
            start = step.time - self.shape.slant * up - left - self.time
            wide = left + 1 + right if up else left
            if not wide:
                continue
            rows = slice(step.first - up - self.row, step.first - up - self.row + step.count)
            size = wide * channels
            into = inputs[filled : filled + size].reshape(wide, channels, step.count, batch)
            into[...] = self.pixels[start : start + wide, :, rows]
            filled += size
        return filled

    def put(self, step: Diagonal, values: Array) -> None:
        """Store the pixels of a step, (channels, P, B)."""
        first = step.first - self.row
        self.pixels[step.time - self.time, :, first : first + step.count] = values


class Rows:
    """Rows of a picture-shaped array around the frontier, (rows, W, ...), with its diagonals as views."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        # A diagonal steps from row to row by `stride - slant` positions, which must not be 0.
        self.stride = max(shape.width, shape.slant + 1)
        small = shape.height * shape.width * shape.batch <= WHOLE
        self.capacity = shape.height if small else min(shape.height, shape.frontier + shape.group)
        self.first = self.last = 0
        self.store: Array = None
        self.flat: Array = None

    def allocate(self, like: Array, inner: tuple[int, ...]) -> None:
        """Take memory of the dtype and device of `like`."""
        self.use(zeros((self.capacity, self.stride, *inner), like))

    def use(self, store: Array) -> None:
        """Take an array (capacity, stride, ...) for memory."""
        self.store = store
        self.flat = store.reshape(store.shape[0] * store.shape[1], *store.shape[2:])

    def forget(self, first: int) -> None:
        """Drop the rows above `first`: the others move up, as many at once as do not overlap, without a copy of all."""
        shift, kept = first - self.first, self.last - first
        for row in range(0, kept, shift) if shift else ():
            end = min(kept, row + shift)
            self.store[row:end] = self.store[row + shift : end + shift]
        self.first = first

    def diagonal(self, step: Diagonal) -> Array:
        """Return a view of a step's entries, (P, ...)."""
        start = (step.first - self.first) * self.stride + step.time - self.shape.slant * step.first
        jump = self.stride - self.shape.slant
        return self.flat[start : start + (step.count - 1) * jump + 1 : jump]


class Source(Rows):
    """Rows that are loaded when the frontier reaches them."""

    def __init__(self, shape: Shape, load: Load) -> None:
        super().__init__(shape)
        self.load = load

    def reach(self, step: Diagonal) -> None:
        """Load what the step needs."""
        if step.first + step.count <= self.last:
            return
        if self.store is not None:
            self.forget(step.first)
        whole = self.capacity == self.shape.height
        last = min(self.shape.height, step.first + (self.capacity if whole else step.count + self.shape.group))
        rows = self.load(self.last, last)
        if len(rows) == self.shape.height and self.stride == self.shape.width:
            self.use(rows)  # all there is, and there already
            self.last = last
            return
        if self.store is None:
            self.allocate(rows, tuple(rows.shape[2:]))
        self.store[self.last - self.first : last - self.first, : self.shape.width] = rows
        self.last = last


class Sink(Rows):
    """Rows that are given out when the frontier has left them."""

    def __init__(self, shape: Shape, emit: Emit, channels: int, like: Array) -> None:
        super().__init__(shape)
        self.emit = emit
        self.allocate(like, (channels, shape.batch))
        self.last = self.capacity

    def reach(self, step: Diagonal) -> None:
        """Make room for a step."""
        if step.first + step.count > self.last:
            self.give(step.first)

    def give(self, first: int) -> None:
        """Give out the rows above `first`."""
        if first > self.first:
            self.emit(self.first, self.store[: first - self.first, : self.shape.width])
            self.forget(first)
            self.last = self.first + self.capacity


def block_pixels(net: LocalNet, batch: int) -> int:
    """Pixels that go through the network at once: more would leave the caches, and cost the BLAS its quick way."""
    width: int = net.mix.shape[0]
    return max(1, BLOCK // (width * (width + 1)) // batch)


def sweep(
    net: LocalNet,
    shape: Shape,
    choose: Choose,
    emit: Emit,
    *,
    like: Array,
    features: Load | None = None,
    positions: Load | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Draw pictures, diagonal by diagonal, and give out their rows from the top.

    Args:
        net: the local decoder, on the device of `like`.
        shape: size, number and order.
        choose: turns a head's outputs into pixels; called for each diagonal in turn and, within it, for each
            channel in turn. It may look noise up, or take symbols from an entropy decoder.
        emit: takes the finished rows.
        like: a float64 array of numpy or torch: where to compute.
        features: rows (rows, W, F, B) of what the network reads beside the window, if it does; of any dtype
            (20 bits hold them), which is that in which those around the frontier are kept.
        positions: rows (rows, W, ...) of what `choose` reads at each position (noise, known pixels); it gets
            the entries (P, ...) of its step.
        progress: called with the number of rows newly finished.

    The loop holds nothing but memory, so that it can be left by an exception at any point.
    """
    beside = Source(shape, features) if features else None
    known = Source(shape, positions) if positions else None
    # Blocks are too short for the threads of a BLAS, which wait for each other at length if anything else runs.
    several = shape.frontier > block_pixels(net, shape.batch)
    with single_blas_thread() if several else contextlib.nullcontext():
        _draw(net, shape, choose, Sink(shape, emit, net.channels, like), like, beside, known, progress)


def _draw(
    net: LocalNet,
    shape: Shape,
    choose: Choose,
    sink: Sink,
    like: Array,
    beside: Source | None,
    known: Source | None,
    progress: Callable[[int], None] | None,
) -> None:
    channels, batch = net.channels, shape.batch
    pixels = block_pixels(net, batch)
    work = Workspace(net, shape.frontier * batch, like, pixels * batch)
    seen = Sheared(shape, channels, like)
    finished = 0
    for step in diagonals(shape.height, shape.width, shape.slant):
        seen.reach(step)
        heads = work.heads(step.count * batch)
        if beside is not None:
            beside.reach(step)
        for part in step.parts(pixels):
            buffers = work.columns(part.count * batch)
            filled = seen.gather(part, buffers.inputs)
            if beside is not None:
                into = buffers.inputs[filled:-1].reshape(-1, part.count, batch)
                into[...] = beside.diagonal(part).swapaxes(0, 1)
            start = (part.first - step.first) * batch
            work.trunk(buffers, heads.sums[:, start : start + part.count * batch])
        here = None
        if known is not None:
            known.reach(step)
            here = known.diagonal(step)
        drawn = heads.drawn.reshape(channels, step.count, batch)
        for channel in range(channels):
            outputs = work.head(heads, channel)
            drawn[channel] = choose(channel, outputs.reshape(-1, step.count, batch), here)
        seen.put(step, drawn)
        sink.reach(step)
        sink.diagonal(step)[...] = drawn.swapaxes(0, 1)
        if progress and step.first > finished:
            progress(step.first - finished)
            finished = step.first
    sink.give(shape.height)
    if progress:
        progress(shape.height - finished)


def draw_whole(net: LocalNet, shape: Shape, choose: Choose, features: Array, positions: Array = None) -> Array:
    """Pictures small enough to be held whole, (B, H, W, channels); as `sweep` otherwise.

    Args:
        features: (H, W, F, B), integers; F may be 0.
        positions: (H, W, ...).
    """
    xp = namespace(features)
    size = (shape.batch, shape.height, shape.width, net.channels)
    pictures = zeros(size, net.mix)

    def emit(first: int, rows: Array) -> None:
        pictures[:, first : first + len(rows)] = xp.permute_dims(rows, (3, 0, 1, 2))

    def part(whole: Array) -> Load:
        return lambda first, last: whole[first:last]

    known = None if positions is None else part(positions)
    sweep(net, shape, choose, emit, like=net.mix, features=part(features), positions=known)
    return pictures
