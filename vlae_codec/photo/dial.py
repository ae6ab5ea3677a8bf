"""The dial of photographs: which shrink and which quantisation width a quality stands for.

Measured on photographs (docs/decisions.md), a model is at its best with widths in the middle: where fewer bits are
wanted, it is better to shrink the picture than to quantise it more coarsely.
"""

from __future__ import annotations

from typing import NamedTuple

from .shrink import UNSHRUNK

COARSEST = 44
"""Number of the first width of each shrink."""
FINEST = {24: 50, 20: 51, 16: 49, 14: 49, 12: 50, 10: 51, 8: 48, 7: 49, 6: 51, 5: 51, UNSHRUNK: 63}
"""That of the last one by the shrink, from the fewest bits to the most: one finer takes about as many as the first of
the shrink that follows."""


class Setting(NamedTuple):
    """How a picture is coded.

    Attributes:
        shrink: by how much it is shrunk, in quarters.
        number: of the quantisation width.
    """

    shrink: int
    number: int


def dial(widths: tuple[int, int]) -> list[Setting]:
    """The settings from the fewest bits to the most of a model that knows the widths from the first to the last.

    One that lacks some of the dial's shrinks nothing: its own widths are its dial.
    """
    coarsest, finest = widths
    if coarsest > COARSEST or finest < max(FINEST.values()):
        return [Setting(UNSHRUNK, number) for number in range(coarsest, finest + 1)]
    return [Setting(shrink, number) for shrink, last in FINEST.items() for number in range(COARSEST, last + 1)]


def setting_of(quality: float, widths: tuple[int, int]) -> Setting:
    """That of a quality from 0 to 100."""
    settings = dial(widths)
    return settings[round((len(settings) - 1) * quality / 100)]
