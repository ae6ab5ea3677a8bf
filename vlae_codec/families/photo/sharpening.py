"""The sender's latents: the analysis of a picture, or of one in which what the transforms lose is stronger.

The synthesis of latents that are not even rounded is some way from the picture, and smoother. A picture that is as much
sharper has latents whose synthesis comes nearer. What it costs and gains is in docs/decisions.md.
"""

from __future__ import annotations

import numpy as np

from ...exact.backend import Array
from .model import PATCH, SIXTEENTHS, STEP_BITS, PhotoModel
from .transform import Levels, analyse, bands, synthesise

LEAST_EFFORT = 6
REFERENCE = 200
"""Level whose synthesis says what is lost: a fine one, so that it is the transforms' loss alone."""
LEAST, RISE, MOST = 140, 120.0, 0.5
"""The level up to which nothing is added, how many levels more add all that is lost, and the most that is added."""


class Source:
    """Gives the latents of a picture at any level.

    Args:
        levels: the picture, uint8 (H, W, 3).
        effort: from `LEAST_EFFORT` on pictures are sharpened.
        several: whether there will be several levels.
    """

    def __init__(self, model: PhotoModel, levels: Levels, effort: int, several: bool) -> None:
        self.model, self.levels = model, levels
        self.sharpens, self.several = effort >= LEAST_EFFORT, several
        self._y: Array | None = None
        self._drawn: Levels | None = None

    def latents(self, level: int) -> Array:
        """Return latents as `transform.analyse` does, which the caller may overwrite."""
        if self.sharpens and level > LEAST:
            drawn = self._drawn if self._drawn is not None else self._synthesis()
            if self.several:
                self._drawn = drawn
            share = share_of(level)
            return analyse(
                self.model, self.levels, lambda rows, top: sharper(rows, drawn[top : top + len(rows)], share)
            )
        y = self._y if self._y is not None else analyse(self.model, self.levels)
        if not self.several or self.sharpens:
            return y
        self._y = y
        return self.model.ops.copy(y)

    def _synthesis(self) -> Levels:
        """Return the synthesis of the picture's latents before they are rounded."""
        latents = in_sixteenths(self.model, analyse(self.model, self.levels))
        return synthesise(self.model, latents, REFERENCE, self.levels.shape[:2])


def in_sixteenths(model: PhotoModel, y: Array) -> Array:
    """Return latents, in place, as sixteenths of a step at `REFERENCE`, as a synthesis reads them."""
    ops, inner = model.ops, y[:, 1:-1, 1:-1]
    for top, bottom in bands(inner.shape[1], PATCH**2 * inner.shape[2]):
        scaled = model.gain(ops, inner[:, top:bottom], REFERENCE)
        ops.scale(scaled, 2.0 ** (SIXTEENTHS - STEP_BITS), 0.5, scaled)
        ops.round_down(scaled)
        inner[:, top:bottom] = scaled
    return y


def share_of(level: int) -> float:
    """Return the share of what the transforms lose that is added to a picture at a level."""
    return min(MOST, max(0.0, (level - LEAST) / RISE))


def sharper(levels: Levels, drawn: Levels, share: float) -> Levels:
    """Return rows of a picture with a share of their difference to what was drawn of them added."""
    more = levels + share * (levels.astype(np.float32) - drawn)
    return np.clip(np.rint(more, more), 0, 255, more).astype(np.uint8)
