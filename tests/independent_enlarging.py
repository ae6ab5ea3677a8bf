"""Enlarging pictures that were shrunk, written from section 10 of docs/format.md; part of the second reader."""

from __future__ import annotations

from operator import mul

from independent_reader import Map, clamp


def enlarge(picture: Map, size: tuple[int, int]) -> Map:
    """A picture in another size."""
    if (len(picture), len(picture[0])) == size:
        return picture
    high = longer(picture, size[0], 8)
    wide = longer([list(column) for column in zip(*high, strict=True)], size[1], 16)
    return [[[clamp(level, 0, 255) for level in pixel] for pixel in row] for row in zip(*wide, strict=True)]


def longer(rows: Map, count: int, shift: int) -> Map:
    """So many rows, each a rounded sum of four."""
    found, half = Map(), 1 << shift >> 1
    for index in range(count):
        below, rest = divmod((2 * index + 1) * len(rows) - count, 2 * count)
        d = rest * 1024 // (2 * count)
        weights = [tap(1024 + d), 0, tap(1024 - d), tap(2048 - d)]
        weights[1] = 4096 - sum(weights)
        four = [rows[clamp(below + k, 0, len(rows) - 1)] for k in range(-1, 3)]
        pixels = [list(zip(*places, strict=True)) for places in zip(*four, strict=True)]
        found.append([[sum(map(mul, weights, levels)) + half >> shift for levels in pixel] for pixel in pixels])
    return found


def tap(x: int) -> int:
    """The weight of a pixel at a distance of x / 1024, in units of 2^-12."""
    near = 5 * x**3 - 9 * 2**10 * x**2 + 2**32
    far = -3 * x**3 + 15 * 2**10 * x**2 - 24 * 2**20 * x + 12 * 2**30
    return (near if x < 1024 else far) + 2**19 >> 20
