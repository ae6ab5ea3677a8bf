"""The sender's latents: the analysis of a picture, and from a quality on what makes up for the transforms' own loss.

Analysis and synthesis are no inverses of each other: latents that are not even rounded come back smoother than the
picture. The linear path of the analysis is applied to the difference, too, and a share of that is added to the latents.
What it costs and gains is in docs/decisions.md.
"""

from __future__ import annotations

import numpy as np

from ...container.limits import is_thin
from ...exact.backend import Array
from ...exact.flow import run
from .model import PATCH, PIXEL, SIXTEENTHS, STEP_BITS, PhotoModel
from .transform import Levels, analyse, bands, repeated, synthesise

LEAST_EFFORT = 5
REFERENCE = 200
"""Level whose synthesis says what is lost: a fine one, so that it is the transforms' loss alone."""
LEAST, RISE, MOST = 110, 80, 8
"""The level up to which nothing is added, how many levels more add all, and the most sixteenths that are added."""


class Source:
    """Gives the latents of a picture at any level.

    Args:
        model: the model.
        levels: the picture, uint8 (H, W, 3).
        effort: from `LEAST_EFFORT` on the loss is made up for, but of thin pictures, most of whose grid is empty.
        several: whether there will be several levels.
    """

    def __init__(self, model: PhotoModel, levels: Levels, effort: int, several: bool) -> None:
        self.model, self.levels, self.several = model, levels, several
        self.compensates = effort >= LEAST_EFFORT and not is_thin(*levels.shape[:2])
        self._y: Array | None = None
        self._drawn: Levels | None = None

    def latents(self, level: int) -> Array:
        """Return latents as `transform.analyse` does, which the caller may overwrite."""
        y = analyse(self.model, self.levels) if self._y is None else self._y
        drawn, share = self._drawn, self.sixteenths(level)
        if share and drawn is None:
            drawn = unrounded(self.model, y, self.levels.shape[:2])
        if self.several:
            self._y, self._drawn = y, drawn
            y = self.model.ops.copy(y)
        if share and drawn is not None:
            add_loss(self.model, y, self.levels, drawn, share)
        return y

    def sixteenths(self, level: int) -> int:
        """Return the sixteenths of what is lost that are added at a level."""
        return min(MOST, max(0, 16 * (level - LEAST) // RISE)) if self.compensates else 0


def unrounded(model: PhotoModel, y: Array, size: tuple[int, int]) -> Levels:
    """Return the picture (H, W, 3) of latents that are not rounded to steps, but to sixteenths of them."""
    ops = model.ops

    def scaled(y: Array) -> Array:
        out = model.gain(ops, y, REFERENCE)
        ops.scale(out, 2.0 ** (SIXTEENTHS - STEP_BITS), 0.5, out)
        ops.round_down(out)
        return out

    return synthesise(model, y, REFERENCE, size, prepare=scaled)


def add_loss(model: PhotoModel, y: Array, levels: Levels, drawn: Levels, sixteenths: int) -> None:
    """Add a share of the linear latents of what a picture lost to its latents, in place.

    Args:
        model: the model.
        y: the latents, with their margin.
        levels, drawn: the picture and what came of it, (H, W, 3).
        sixteenths: the share; products by it are exact.
    """
    ops, inner = model.ops, y[:, 1:-1, 1:-1]
    bias = run(model.linear, ops.zeros((3, PATCH, PATCH), False))
    for top, bottom in bands(inner.shape[1], PATCH**2 * inner.shape[2]):
        spot = PATCH * top, PATCH * bottom, PATCH * inner.shape[2]
        lost = repeated(levels, *spot).astype(np.float32) - repeated(drawn, *spot)
        x = lost.clip(-PIXEL, PIXEL - 1).transpose(2, 0, 1)
        found = run(model.linear, ops.load(x, False))
        found -= bias
        ops.scale(found, sixteenths / 16, 0.5, found)
        ops.round_down(found)
        inner[:, top:bottom] += found
