"""A line figure as SVG text, so that no plotting library is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 50
COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7b4b94", "#8c6d1f")


@dataclass(frozen=True)
class Curve:
    """A named line through points (x, y); names that are equal up to the first comma share a colour."""

    name: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """Maps low ... high to pixels start ... end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Four to ten round values within the axis."""
        step = 10.0 ** math.floor(math.log10(self.high - self.low))
        step *= next(part for part in (0.1, 0.2, 0.5, 1) if (self.high - self.low) / (step * part) <= 10)
        return [step * index for index in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]


def draw_figure(curves: Sequence[Curve], x_title: str, y_title: str, title: str, top: float = 0) -> str:
    """SVG of the curves with axes from zero (x) and from the lowest point's ten (y) to `top` or above, and a legend."""
    xs, ys = ([point[i] for curve in curves for point in curve.points] for i in range(2))
    x = Axis(0, max(xs, default=1) * 1.04, LEFT, WIDTH - RIGHT)
    low = 10 * math.floor(min(ys, default=0) / 10)
    y = Axis(low, max(top, max(ys, default=1), low + 1), HEIGHT - BOTTOM, TOP)
    parts = [*_frame(x, y), _text(WIDTH / 2, 24, title, size=16), _text(WIDTH / 2, HEIGHT - 10, x_title)]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(_text(16, middle, y_title, extra=f' transform="rotate(-90 16 {middle})"'))
    left, first = _legend(curves, y)
    for index, (curve, colour) in enumerate(zip(curves, colours(curves), strict=True)):
        line = f'fill="none" stroke="{colour}" stroke-width="2"' + (' stroke-dasharray="6 4"' if curve.dashed else "")
        places = [(x(a), y(b)) for a, b in curve.points]
        parts.append(f'<polyline {line} points="{" ".join(f"{a},{b}" for a, b in places)}"/>')
        parts += [f'<circle cx="{a}" cy="{b}" r="3.5" fill="{colour}"/>' for a, b in places]
        level = first + 18 * index
        parts.append(f'<line x1="{left}" x2="{left + 30}" y1="{level}" y2="{level}" {line}/>')
        parts.append(_text(left + 37, level + 4, curve.name, anchor="start"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    background = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    return "\n".join([head + ' font-family="sans-serif">', background, *parts, "</svg>", ""])


def _legend(curves: Sequence[Curve], y: Axis) -> tuple[int, int]:
    """Where the legend begins, (x, y): wide enough for its names, at the top right if the curves end low."""
    width = 37 + round(6.2 * max((len(curve.name) for curve in curves), default=0))
    ends = [y(curve.points[-1][1]) for curve in curves if curve.points]
    low = bool(ends) and sum(ends) / len(ends) > (TOP + HEIGHT - BOTTOM) / 2
    return WIDTH - RIGHT - width, TOP + 12 if low else HEIGHT - BOTTOM - 18 * len(curves)


def colours(curves: Sequence[Curve]) -> list[str]:
    """The colour of each curve."""
    names = list(dict.fromkeys(curve.name.split(",")[0] for curve in curves))
    return [COLOURS[names.index(curve.name.split(",")[0]) % len(COLOURS)] for curve in curves]


def _frame(x: Axis, y: Axis) -> list[str]:
    parts = []
    for value in x.ticks():
        parts.append(f'<line x1="{x(value)}" x2="{x(value)}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(_text(x(value), HEIGHT - BOTTOM + 18, f"{value:g}"))
    for value in y.ticks():
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value)}" y2="{y(value)}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y(value) + 4, f"{value:g}", anchor="end"))
    return parts


def _text(x: float, y: float, text: str, anchor: str = "middle", size: int = 12, extra: str = "") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"{extra}>{escape(text)}</text>'
