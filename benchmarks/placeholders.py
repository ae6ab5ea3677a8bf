"""ThumbHash and BlurHash: placeholders of tiny pictures, written from the published descriptions of their formats.

Both keep a few cosine waves of a picture. ThumbHash (Evan Wallace, 2023) packs luma and two colour differences into
24 bytes of an opaque square picture; BlurHash (Wolt, 2018) writes waves of linear RGB as text, six characters and two
for each wave but the first. Coding and decoding are here in one step: what a viewer would show, and the bytes it took.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.uint8]
Floats = NDArray[np.float64]

LUMA_WAVES, COLOUR_WAVES = 7, 3
NIBBLE, STEPS_5, STEPS_6 = 15, 31, 63
HEAD = 5
"""Bytes of a ThumbHash before its waves: means, ranges, shape."""
SATURATION = 1.25
"""By which a ThumbHash's viewer raises the colour differences, which rounding lowers."""


def waves(count: int, side: int) -> Floats:
    """Cosines cos(pi k (n + 1/2) / side), (count, side)."""
    return np.cos(np.pi * np.outer(np.arange(count), np.arange(side) + 0.5) / side)


def triangle(count: int) -> list[tuple[int, int]]:
    """Waves (down, across) below the diagonal of a square of waves, the mean left out."""
    return [(down, across) for down in range(count) for across in range(count - down) if down + across]


def rounded(x: Floats | float, steps: int) -> Floats:
    """x of 0 to 1 as one of steps + 1 numbers."""
    return np.asarray(np.floor(np.clip(x, 0, 1) * steps + 0.5) / steps)


def thumbhash(picture: Levels) -> tuple[Levels, int]:
    """What is shown of an opaque square picture, (N, N, 3), and the bytes of its hash."""
    red, green, blue = np.moveaxis(picture / 255.0, 2, 0)
    luma, yellow, rose = (red + green + blue) / 3, (red + green) / 2 - blue, red - green
    shown = [
        _channel(luma, LUMA_WAVES, STEPS_6, STEPS_5),
        _channel(yellow, COLOUR_WAVES, STEPS_6, STEPS_6, SATURATION, signed=True),
        _channel(rose, COLOUR_WAVES, STEPS_6, STEPS_6, SATURATION, signed=True),
    ]
    luma, yellow, rose = shown
    blue = luma - yellow * 2 / 3
    red = (3 * luma - blue + rose) / 2
    pixels = np.stack([red, red - rose, blue], axis=2)
    nibbles = len(triangle(LUMA_WAVES)) + 2 * len(triangle(COLOUR_WAVES))
    return np.floor(pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8), HEAD + -(-nibbles // 2)


def _channel(
    x: Floats, count: int, mean_steps: int, range_steps: int, boost: float = 1.0, signed: bool = False
) -> Floats:
    """A channel by its mean, the range of its waves, and four bits for each wave."""
    side = len(x)
    basis = waves(count, side)
    amounts = basis @ x @ basis.T / side**2
    mean = rounded(amounts[0, 0] / 2 + 0.5, mean_steps) * 2 - 1 if signed else rounded(amounts[0, 0], mean_steps)
    kept = triangle(count)
    largest = max(abs(amounts[wave]) for wave in kept)
    scale = float(rounded(largest, range_steps)) * boost
    shown = np.full_like(x, float(mean))
    for down, across in kept:
        share = rounded(0.5 + 0.5 * amounts[down, across] / largest, NIBBLE) if largest else 0.5
        shown += 2 * scale * (2 * share - 1) * np.outer(basis[down], basis[across])
    return shown


def blurhash(picture: Levels, count: int) -> tuple[Levels, int]:
    """What is shown of a square picture, (N, N, 3), by count x count waves, and the characters of its hash."""
    side = len(picture)
    basis, linear = waves(count, side), _linear(picture / 255.0)
    amounts = np.einsum("ky,yxc,lx->klc", basis, linear, basis) / side**2
    amounts *= 2.0
    amounts[0, 0] /= 2
    mean = _linear(np.floor(_encoded(amounts[0, 0]) * 255 + 0.5) / 255)
    amounts[0, 0] = 0
    largest = (np.floor(np.clip(np.abs(amounts).max() * 166 - 0.5, 0, 82)) + 1) / 166
    relative = amounts / largest
    steps = np.floor(np.clip(np.sign(relative) * np.abs(relative) ** 0.5 * 9 + 9.5, 0, 18))
    back = (steps - 9) / 9
    values = np.sign(back) * back**2 * largest
    values[0, 0] = mean
    shown = _encoded(np.einsum("ky,klc,lx->yxc", basis, values, basis))
    return np.floor(shown * 255 + 0.5).astype(np.uint8), 4 + 2 * count * count


def _linear(x: Floats) -> Floats:
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def _encoded(x: Floats) -> Floats:
    x = x.clip(0, 1)
    return np.asarray(np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055))
