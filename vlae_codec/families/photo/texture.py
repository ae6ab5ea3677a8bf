"""Texture: latents whose symbols are 0, drawn from a distribution instead of left at their means.

A symbol of 0 says only that a latent lies within half a step of its mean. The mean gives the picture of the least
error, in which foliage, water and gravel are smooth; a draw from a normal distribution, cut to that bin and brought
closer by a temperature, gives a plausible one. How wide it is, the model's texture head says from all that was sent:
flat areas stay flat. No bits are spent on it.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...coding.precision import Integers
from ...errors import VlaeError
from ...exact.backend import Array
from ...exact.flow import Flow
from ...exact.philox import texture_bytes
from ...exact.tables import QUANTILE_FRACTION, load_tables
from .model import CONTEXT, PATCH, SIXTEENTHS, PhotoModel
from .transform import bands

SCALES = 32
LEAST, LARGEST = 1 / 128, 1 / 2
"""Standard deviations of the first and the last scale, quantisation steps; those between are a geometric series."""
SIGMA_FRACTION = 16
OFFSET_FRACTION = 8
"""Fraction bits of the table of offsets, quantisation steps."""
TEMPERATURES = 1 << SIXTEENTHS
"""Temperatures are multiples of its inverse."""
TOGETHER = 16
"""Channels whose draws come from one counter."""


class Draw(NamedTuple):
    """Which of the plausible pictures is wanted.

    Attributes:
        temperature: 0 ... 1, a factor of the offsets from the mean, rounded to sixteenths.
        seed: 0 ... 2^63 - 1.
        number: of the picture among those of one seed, 0 ... 255.
    """

    temperature: float = 0.0
    seed: int = 0
    number: int = 0

    @property
    def heat(self) -> int:
        """Temperature in sixteenths."""
        return round(TEMPERATURES * self.temperature)


BASE = Draw()
"""The base reconstruction, without texture."""


@functools.cache
def offsets() -> Integers:
    """Return the quantiles of the normal distributions of mean 0 cut to -1/2 ... 1/2, (SCALES, 256).

    Column b is at the share (b + 1/2) / 256; values have `OFFSET_FRACTION` bits.
    """
    ratio = (LARGEST / LEAST) ** (np.arange(SCALES) / (SCALES - 1))
    sigma = np.round(2**SIGMA_FRACTION * LEAST * ratio).astype(np.int64)
    shift = SIGMA_FRACTION + QUANTILE_FRACTION
    quantile, half = load_tables().quantile, 1 << shift - 1
    share = 2 * np.arange(256) + 1
    rows = []
    for one in sigma:
        inside = np.flatnonzero(np.abs(one * quantile) <= half)
        drawn = one * quantile[inside[0] + (share * len(inside) >> 9)]
        rows.append(drawn + (1 << shift - OFFSET_FRACTION - 1) >> shift - OFFSET_FRACTION)
    return np.array(rows)


class Texture:
    """Texture of the latents of one file, which is added when all of them are known.

    Args:
        rows, columns: of the latents.
        level: of quality, 0 ... 255.
        draw: which texture.

    Attributes:
        unsent: of each slice where symbols are 0, (C, rows, columns), to be filled while symbols are read.

    Raises:
        VlaeError: the model has no texture head.
    """

    def __init__(self, model: PhotoModel, rows: int, columns: int, level: int, draw: Draw) -> None:
        if model.texture is None:
            raise VlaeError("the file's model draws no texture: leave out `temperature`")
        self.ops, self.flow, self.draw = model.ops, Flow(model.texture, level), draw
        self.unsent = [np.empty((size, rows, columns), bool) for size in model.slices]

    def __call__(self, features: Array, latents: Array) -> None:
        """Add it to latents (L, h + 2, w + 2), as heads read them, given the features (M, h + 2, w + 2)."""
        rows, columns = latents.shape[1] - 2, latents.shape[2] - 2
        settled = 0
        for top, bottom in bands(rows, PATCH**2 * columns):
            # The network has copies of the rows that it still needs, so that those above may change.
            known = self.ops.empty((len(features) + len(latents), bottom - top, columns), False)
            known[: len(features)] = features[:, 1 + top : 1 + bottom, 1:-1]
            known[len(features) :] = latents[:, 1 + top : 1 + bottom, 1:-1]
            scales = self.ops.to_numpy(self.flow.push(known, bottom == rows)).clip(0, SCALES - 1).astype(np.uint8)
            part = slice(settled, settled + scales.shape[1])
            unsent = np.concatenate([mask[:, part] for mask in self.unsent])
            added = (drawn(scales, settled, self.draw) * unsent) << CONTEXT
            latents[:, 1 + part.start : 1 + part.stop, 1:-1] += self.ops.load(added, False)
            settled = part.stop


def drawn(scales: NDArray[np.uint8], first: int, draw: Draw) -> NDArray[np.int16]:
    """Return offsets from the means, sixteenths of a step, of the shape (L, h, w) of the indices of scales.

    Args:
        scales: indices of scales.
        first: row of the latents that the first row is.
        draw: which texture.
    """
    table = (draw.heat * offsets() + (1 << OFFSET_FRACTION - 1) >> OFFSET_FRACTION).astype(np.int16)
    out = np.empty(scales.shape, np.int16)
    for channel in range(0, len(scales), TOGETHER):
        part = scales[channel : channel + TOGETHER]
        places = np.indices(part.shape[1:]) + np.array([first, 0])[:, None, None]
        shares = texture_bytes(places[0], places[1], channel // TOGETHER, draw.number, draw.seed)
        out[channel : channel + TOGETHER] = table[part, shares[: len(part)]]
    return out
