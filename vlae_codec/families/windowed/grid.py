"""The latent grid through an entropy coder, by universal quantisation (Ziv 1985; design D9).

Sender and receiver share a dither u, uniform below the width d. The sender writes k = floor((y + u) / d + 1/2), the
receiver makes z = k d - u: z - y is uniform within d / 2 whatever y is, and -log2 p(k) is on average the KL between
that posterior and the prior. The prior gives each channel at each position, along the wavefront, a mixture over z,
of which k takes the mass between (k - 1/2) d - u and (k + 1/2) d - u. Push mirrors pop: both walk the same wavefront,
one with known decisions, one with decisions that are read.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...autoregressive.engine import Shape, draw_whole
from ...coding.binary_coder import Reader, Writer
from ...errors import FormatError
from ...exact.arrays import Array, namespace
from ...exact.layers import FRACTION
from ...exact.philox import DITHER_DOMAIN, philox
from ...pixels.logistic_mixture import LEVELS, SYMBOLS, Decide, Mixture, digits
from .model import LATENT_SCALE, Integers, WindowedModel, log_width, width_of

LATENT_SHIFT = 12
"""Edges in 2^-10 times inverse scales in 2^-14 and 4 is in units of 2^-22; the table steps by 2^-10."""

MAX_LATENT = 1 << 28
"""Latents are below; with 16-bit weights on them, all sums stay exact."""


def decisions(model: WindowedModel, height: int, width: int) -> int:
    """How many decisions the grid of a picture takes."""
    return LEVELS * model.latent * height * width


def push_grid(model: WindowedModel, writer: Writer, y: Integers, width: int) -> Integers:
    """Write a grid y (h, w, C), units of 2^-10, at quantisation step index `width`; z comes back."""
    size = width_of(width)
    dither = _dither(y.shape, size)
    k = np.floor_divide(2 * (y + dither) + size, 2 * size)

    def choose(channel: int, outputs: Array, here: Array) -> Array:
        def decide(base: Array) -> Decide:
            wanted = here[:, 1, channel, None] - base + SYMBOLS // 2
            return known(model, writer, wanted.clip(0, SYMBOLS - 1))

        return _walk(_mixture(model, outputs), here[:, 0, channel, None], size, decide)

    return _sweep(model, np.stack([dither, k], axis=2), width, choose)


def pop_grid(model: WindowedModel, reader: Reader, height: int, width: int, number: int) -> Integers:
    """Read a grid of height x width positions at quantisation step `number`: z (h, w, C), units of 2^-10."""
    size = width_of(number)
    dither = _dither((height, width, model.latent), size)

    decide = read(model, reader)

    def choose(channel: int, outputs: Array, here: Array) -> Array:
        return _walk(_mixture(model, outputs), here[:, 0, channel, None], size, lambda base: decide)

    return _sweep(model, dither[:, :, None], number, choose)


def known(model: WindowedModel, writer: Writer, symbols: Array) -> Decide:
    """Return decisions that name symbols, and which are written."""
    bits = iter(digits(symbols))

    def decide(one: Array) -> Array:
        bit = next(bits)
        writer.push(model.to_numpy(bit).reshape(-1), model.to_numpy(one).reshape(-1).astype(np.int64))
        return bit

    return decide


def read(model: WindowedModel, reader: Reader) -> Decide:
    """Return decisions that are read."""

    def decide(one: Array) -> Array:
        found = reader.pop(model.to_numpy(one).reshape(-1).astype(np.int64))
        return model.to_device(found.reshape(one.shape))

    return decide


def _mixture(model: WindowedModel, outputs: Array) -> Mixture:
    return Mixture.of(outputs, LATENT_SHIFT - model.prior_sharper, LATENT_SCALE)


def _walk(mixture: Mixture, dither: Array, size: int, decide: Callable[[Array], Decide]) -> Array:
    """z of the positions of a step (P, 1), by decisions about where it lies around the prior's main mean."""
    xp = namespace(dither)
    base = xp.floor((2 * (mixture.main_mean() + dither) + size) / (2.0 * size))

    def edge(symbol: Array) -> Array:
        return (base + symbol - SYMBOLS // 2) * size - dither - size // 2

    symbol = mixture.descend(edge, decide(base))
    z = (base + symbol - SYMBOLS // 2) * size - dither
    if not bool((abs(z) < MAX_LATENT).all()):
        raise FormatError("a latent is beyond the format's range: a damaged file, or an unfit model")
    return z


def _sweep(
    model: WindowedModel, positions: Integers, width: int, choose: Callable[[int, Array, Array], Array]
) -> Integers:
    """Return the grid that `choose` makes of `positions` (h, w, ...), in the wavefront's order."""
    height, across = positions.shape[:2]
    shape = Shape(height, across, 1, model.prior_window, model.prior_window.slant)
    conditioning = model.to_device(np.full((height, across, 1, 1), log_width(width)))
    drawn = draw_whole(model.prior_net, shape, choose, conditioning, model.to_device(positions))
    return np.asarray(model.to_numpy(drawn)[0], np.int64)


def _dither(shape: tuple[int, ...], size: int) -> Integers:
    """Uniform integers below `size` for the positions and channels of a grid (h, w, C), equal for all files."""
    height, width, channels = shape
    rows, columns, groups = np.indices((height, width, -(-channels // 4)), dtype=np.int64)
    words = philox(rows, columns, groups, np.full_like(rows, DITHER_DOMAIN), (0, 0))
    uniform = np.stack(words, axis=-1).reshape(height, width, -1)[:, :, :channels]
    return np.asarray(uniform * size >> 32)


assert SYMBOLS == 1 << LEVELS and FRACTION == 10
