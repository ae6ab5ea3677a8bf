"""Bjontegaard's rate difference: how many more bytes a codec needs for the quality of another."""

from __future__ import annotations

import functools
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


class Line(NamedTuple):
    """A curve through the points that no other beats: logarithms of rates and qualities, each by the other."""

    points: list[Point]
    rate: PchipInterpolator
    quality: PchipInterpolator


@functools.lru_cache(maxsize=1 << 12)
def line(points: tuple[Point, ...]) -> Line | None:
    """Return the curve through points; None through fewer than two. Tables ask for each one many times."""
    kept = curve(points)
    if len(kept) < 2:
        return None
    rates, qualities = np.log([point.rate for point in kept]), [point.quality for point in kept]
    return Line(kept, PchipInterpolator(qualities, rates), PchipInterpolator(rates, qualities))


def bd_rate(ours: Sequence[Point], theirs: Sequence[Point], band: tuple[float, float]) -> float | None:
    """Return the mean of log(our rate / their rate) over the qualities that both reach, as a share; None without any.

    Args:
        ours, theirs: points of one picture, of any number of variants.
        band: rates of theirs between which qualities count, bits a pixel.
    """
    one, other = line(tuple(ours)), line(tuple(theirs))
    if one is None or other is None:
        return None
    ends = np.log(np.clip(band, other.points[0].rate, other.points[-1].rate))
    low = max(one.points[0].quality, float(other.quality(ends[0])))
    high = min(one.points[-1].quality, float(other.quality(ends[1])))
    if high <= low:
        return None
    at = np.linspace(low, high, 200)
    return float(np.expm1((one.rate(at) - other.rate(at)).mean()))
