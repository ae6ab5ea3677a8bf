"""Draws the ten digits that ship with `vlae-demo`: our own pen strokes, prepared the way MNIST prepared its digits.

A digit is one or more strokes; a stroke is a smooth curve (Catmull-Rom spline) through a few points of a unit square,
x to the right and y downwards. It is inked with a round pen whose pressure swells towards the middle of the stroke,
reduced so that it fits a box of 20x20 pixels, and placed with its centre of mass in the middle of 28x28.

Run as `python benchmarks/draw_digits.py [FOLDER]`; FOLDER defaults to the folder the wheel takes them from.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 28
BOX = 20
SCALE = 24
"""Pen canvas pixels per pixel of the finished digit."""
STEPS = 60
"""Pen positions between two points of a stroke."""

Point = tuple[float, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Digit:
    """A digit as it is written.

    Attributes:
        strokes: the points that each stroke of the pen passes through.
        slant: how far the top leans to the right, as a fraction of the height.
        pen: width of the pen in pixels of the finished digit.
    """

    strokes: tuple[tuple[Point, ...], ...]
    slant: float
    pen: float


DIGITS = (
    Digit(
        (((0.56, 0.03), (0.3, 0.12), (0.13, 0.5), (0.24, 0.88), (0.5, 0.97), (0.78, 0.72),
          (0.84, 0.36), (0.68, 0.08), (0.47, 0.05)),),
        slant=0.12, pen=2.5,
    ),
    Digit((((0.54, 0.0), (0.52, 0.3), (0.48, 0.66), (0.47, 1.0)),), slant=0.16, pen=2.7),
    Digit(
        (((0.14, 0.24), (0.26, 0.07), (0.5, 0.0), (0.72, 0.12), (0.7, 0.36), (0.48, 0.64), (0.14, 0.95)),
         ((0.14, 0.95), (0.34, 0.87), (0.58, 0.94), (0.92, 0.92))),
        slant=0.06, pen=2.4,
    ),
    Digit(
        (((0.16, 0.12), (0.42, 0.0), (0.7, 0.11), (0.66, 0.34), (0.36, 0.47)),
         ((0.36, 0.47), (0.68, 0.53), (0.8, 0.75), (0.56, 0.97), (0.1, 0.9))),
        slant=0.05, pen=2.6,
    ),
    Digit(
        (((0.22, 0.04), (0.16, 0.3), (0.17, 0.5), (0.42, 0.55), (0.84, 0.48)),
         ((0.74, 0.0), (0.72, 0.4), (0.66, 0.72), (0.65, 1.0))),
        slant=0.1, pen=2.4,
    ),
    Digit(
        (((0.3, 0.06), (0.26, 0.26), (0.22, 0.45)),
         ((0.22, 0.45), (0.48, 0.39), (0.74, 0.54), (0.7, 0.82), (0.42, 0.97), (0.1, 0.88)),
         ((0.3, 0.07), (0.56, 0.08), (0.86, 0.03))),
        slant=0.1, pen=2.5,
    ),
    Digit(
        (((0.62, 0.0), (0.38, 0.2), (0.22, 0.52), (0.24, 0.86), (0.46, 0.98), (0.68, 0.84),
          (0.66, 0.62), (0.44, 0.57), (0.24, 0.76)),),
        slant=0.1, pen=2.5,
    ),
    Digit(
        (((0.1, 0.12), (0.4, 0.1), (0.8, 0.06)), ((0.8, 0.06), (0.66, 0.34), (0.5, 0.66), (0.44, 1.0))),
        slant=0.04, pen=2.6,
    ),
    Digit(
        (((0.74, 0.16), (0.52, 0.01), (0.28, 0.14), (0.36, 0.38), (0.62, 0.58), (0.74, 0.82), (0.5, 0.99),
          (0.28, 0.84), (0.4, 0.58), (0.66, 0.36), (0.76, 0.16)),),
        slant=0.12, pen=2.3,
    ),
    Digit(
        (((0.74, 0.18), (0.54, 0.02), (0.28, 0.14), (0.24, 0.38), (0.46, 0.47), (0.68, 0.32), (0.75, 0.14)),
         ((0.75, 0.14), (0.72, 0.48), (0.64, 0.76), (0.6, 1.0))),
        slant=0.08, pen=2.5,
    ),
)  # fmt: skip


def spline(points: Floats) -> Floats:
    """Points, float64 (n, 2), of a Catmull-Rom curve through the given ones, (k, 2)."""
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, end, after = ends[:-3, None], ends[1:-2, None], ends[2:-1, None], ends[3:, None]
    t = np.linspace(0, 1, STEPS)[None, :, None]
    curve: Floats = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )  # (k - 1, STEPS, 2)
    return curve.reshape(-1, 2)


def ink(digit: Digit) -> NDArray[np.uint8]:
    """Draw the digit on its large canvas, uint8 0 or 255, cut to the ink."""
    size = BOX * SCALE
    sheet = Image.new("L", (2 * size, 2 * size))
    pen = ImageDraw.Draw(sheet)
    for stroke in digit.strokes:
        curve = spline(np.array(stroke))
        curve[:, 0] += digit.slant * (0.5 - curve[:, 1])
        curve = size / 2 + size * curve
        swell = np.sin(np.pi * np.linspace(0.15, 0.85, len(curve)))
        for (x, y), pressure in zip(curve, swell, strict=True):
            radius = 0.5 * SCALE * digit.pen * (0.8 + 0.25 * pressure)
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet.crop(sheet.getbbox()))


def draw(digit: Digit) -> NDArray[np.uint8]:
    """Draw the finished digit, uint8 grey, (28, 28), ink bright."""
    large = Image.fromarray(ink(digit))
    factor = BOX / max(large.size)
    small = large.resize((round(large.width * factor), round(large.height * factor)), Image.Resampling.BOX)
    grey = np.asarray(small)
    mass = grey / grey.sum(dtype=np.float64)
    row = round((SIDE - 1) / 2 - float((mass.sum(1) * np.arange(grey.shape[0])).sum()))
    column = round((SIDE - 1) / 2 - float((mass.sum(0) * np.arange(grey.shape[1])).sum()))
    picture = np.zeros((SIDE, SIDE), np.uint8)
    picture[row : row + grey.shape[0], column : column + grey.shape[1]] = grey
    return picture


def main() -> None:
    """Write 0.png to 9.png."""
    shipped = Path(__file__).resolve().parents[1] / "cli" / "vlae_cli" / "digits"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else shipped
    folder.mkdir(parents=True, exist_ok=True)
    for name, digit in enumerate(DIGITS):
        Image.fromarray(draw(digit)).save(folder / f"{name}.png", optimize=True)
    print(f"{len(DIGITS)} digits in {folder}")


if __name__ == "__main__":
    main()
