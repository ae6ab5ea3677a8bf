"""Bjontegaard's rate difference: how many more bytes a codec needs for the quality of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator


class Point(NamedTuple):
    """One file: bits a pixel and a judge's figure."""

    rate: float
    quality: float


def curve(points: Sequence[Point]) -> list[Point]:
    """Return those points that no other beats, rates and qualities rising: the hull of several variants of a codec."""
    kept: list[Point] = []
    for point in sorted(points):
        if not kept or point.quality > kept[-1].quality:
            kept.append(point)
    return kept


def bd_rate(ours: Sequence[Point], theirs: Sequence[Point], band: tuple[float, float]) -> float | None:
    """Return the mean of log(our rate / their rate) over the qualities that both reach, as a share; None without any.

    Args:
        ours, theirs: points of one picture, of any number of variants.
        band: rates of theirs between which qualities count, bits a pixel.
    """
    curves = [curve(ours), curve(theirs)]
    if min(map(len, curves)) < 2:
        return None
    rates = [PchipInterpolator([p.quality for p in one], [np.log(p.rate) for p in one]) for one in curves]
    quality = PchipInterpolator([np.log(p.rate) for p in curves[1]], [p.quality for p in curves[1]])
    ends = [float(np.clip(np.log(rate), np.log(curves[1][0].rate), np.log(curves[1][-1].rate))) for rate in band]
    low = max(curves[0][0].quality, float(quality(ends[0])))
    high = min(curves[0][-1].quality, float(quality(ends[1])))
    if high <= low:
        return None
    at = np.linspace(low, high, 200)
    return float(np.expm1((rates[0](at) - rates[1](at)).mean()))
