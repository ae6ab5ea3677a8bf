"""The dial of photographs: which shrink and which quantisation width a quality stands for.

Measured on photographs (docs/decisions.md), a model is at its best with widths in the middle: where fewer bits are
wanted, it is better to shrink the picture than to quantise it more coarsely.
"""

from __future__ import annotations

from typing import NamedTuple

from .model import PhotoModel, grid_size
from .shrink import UNSHRUNK, shrunk_size

COARSEST = 44
"""Number of the first width of each shrink."""
FINEST = {24: 50, 20: 51, 16: 49, 14: 49, 12: 50, 10: 51, 8: 48, 7: 49, 6: 51, 5: 51, UNSHRUNK: 63}
"""That of the last one by the shrink, from the fewest bits to the most: one finer takes about as many as the first of
the shrink that follows."""
MOST_PADDED = 1.15
"""Pixels of the latent grid's places to those of the shrunk picture; where more of them stand for nothing, shrinking is
no gain."""


class Setting(NamedTuple):
    """How a picture is coded.

    Attributes:
        shrink: by how much it is shrunk, in quarters.
        number: of the quantisation width.
    """

    shrink: int
    number: int


def dial(model: PhotoModel, size: tuple[int, int]) -> list[Setting]:
    """Return the settings from the fewest bits to the most, for a picture of a size (H, W).

    A small picture passes over shrinks that do not go well with the grid: the next one has as many coarser widths
    instead. A model that lacks some of the dial's widths shrinks nothing: its own widths are its dial.
    """
    coarsest, finest = model.widths
    if coarsest > COARSEST or finest < max(FINEST.values()):
        return _widths(UNSHRUNK, coarsest, finest)
    settings: list[Setting] = []
    first = COARSEST
    for shrink, last in FINEST.items():
        if shrink == UNSHRUNK or _padded(size, shrink, model.patch) <= MOST_PADDED:
            settings += _widths(shrink, max(coarsest, first), last)
            first = COARSEST
        else:
            first -= last + 1 - COARSEST
    return settings


def setting_of(quality: float, model: PhotoModel, size: tuple[int, int]) -> Setting:
    """Return the setting of a quality from 0 to 100."""
    settings = dial(model, size)
    return settings[round((len(settings) - 1) * quality / 100)]


def _widths(shrink: int, first: int, last: int) -> list[Setting]:
    return [Setting(shrink, number) for number in range(first, last + 1)]


def _padded(size: tuple[int, int], shrink: int, patch: int) -> float:
    """Pixels of the latent grid's places to those of the shrunk picture."""
    height, width = shrunk_size(size, shrink)
    rows, columns = grid_size((height, width), patch)
    return rows * columns * patch**2 / (height * width)
