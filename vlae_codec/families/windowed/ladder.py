"""The quality ladder of photographs: downscaling factor and quantisation step of each quality.

Measured on photographs (docs/decisions.md), a model is at its best with widths in the middle: where fewer bits are
wanted, it is better to downscale the picture than to quantise it more coarsely.
"""

from __future__ import annotations

from typing import NamedTuple

from .model import WindowedModel, grid_size
from .resample import UNSCALED, downscaled_size

COARSEST = 44
"""Index of the first quantisation step of each downscaling factor."""
FINEST = {24: 50, 20: 51, 16: 49, 14: 49, 12: 50, 10: 51, 8: 48, 7: 49, 6: 51, 5: 51, UNSCALED: 63}
"""Index of the last step by the downscaling factor, from the fewest bits to the most: the next finer step takes about
as many as the first one of the factor that follows."""
MOST_PADDED = 1.15
"""Pixels of the latent grid to those of the downscaled picture; where more of them stand for nothing, downscaling is
no gain."""


class Setting(NamedTuple):
    """How a picture is coded.

    Attributes:
        downscale: by how much it is downscaled, in quarters.
        number: of the quantisation step.
    """

    downscale: int
    number: int


def ladder(model: WindowedModel, size: tuple[int, int]) -> list[Setting]:
    """Return the settings from the fewest bits to the most, for a picture of a size (H, W).

    A small picture passes over factors that do not go well with the grid: the next one has as many coarser widths
    instead. A model that lacks some of the ladder's widths downscales nothing: its own widths are its ladder.
    """
    coarsest, finest = model.widths
    if coarsest > COARSEST or finest < max(FINEST.values()):
        return _widths(UNSCALED, coarsest, finest)
    settings: list[Setting] = []
    first = COARSEST
    for downscale, last in FINEST.items():
        if downscale == UNSCALED or _padded(size, downscale, model.patch) <= MOST_PADDED:
            settings += _widths(downscale, max(coarsest, first), last)
            first = COARSEST
        else:
            first -= last + 1 - COARSEST
    return settings


def setting_of(quality: float, model: WindowedModel, size: tuple[int, int]) -> Setting:
    """Return the setting of a quality from 0 to 100."""
    settings = ladder(model, size)
    return settings[round((len(settings) - 1) * quality / 100)]


def _widths(downscale: int, first: int, last: int) -> list[Setting]:
    return [Setting(downscale, number) for number in range(first, last + 1)]


def _padded(size: tuple[int, int], downscale: int, patch: int) -> float:
    """Pixels of the latent grid's positions to those of the downscaled picture."""
    height, width = downscaled_size(size, downscale)
    rows, columns = grid_size((height, width), patch)
    return rows * columns * patch**2 / (height * width)
