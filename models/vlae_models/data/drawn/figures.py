"""Figures: charts, diagrams, maps, line drawings, cartoons, plain graphics, runs of colour, pixel art."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .canvas import Canvas, Colour

Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
INK: Colour = (30, 25, 40)
"""Of outlines."""


def chart(canvas: Canvas) -> None:
    """One to four charts with axes, names and numbers."""
    c = canvas
    c.fill(c.paper())
    across = c.between(1, 2)
    side = c.size / across
    for row in range(across):
        for column in range(across):
            _axes(c, column * side, row * side, side)


def _axes(c: Canvas, x: float, y: float, side: float) -> None:
    font, size = c.fonts.choose(c.rng, str(c.rng.choice(["sans", "serif"]))), c.between(9, 15)
    left, top, right, bottom = x + size * 4, y + size * 3, x + side - size * 1.5, y + side - size * 3
    c.label(left + (right - left) * 0.2, y + size * 0.8, font, round(size * 1.3), c.ink(), 4)
    if c.chance(0.2):
        _pie(c, (left + right) / 2, (top + bottom) / 2, (right - left) * 0.42)
        return
    ticks, ink = c.between(4, 8), c.ink(0.9)
    if c.chance(0.3):
        c.block((left, top, right, bottom), fill=c.paper(2))
    for number in range(ticks + 1):
        at = bottom - (bottom - top) * number / ticks
        if c.chance(0.9):
            c.pen.line((left, at, right, at), fill=c.ink(0.2))
        c.text(x + size * 0.8, at - size * 0.6, f"{number * 10 ** c.between(0, 2) / 4:g}"[:5], font, size, ink)
        along = left + (right - left) * number / ticks
        c.pen.line((along, bottom, along, bottom + 4), fill=ink)
        c.text(along - size, bottom + size * 0.5, str(2000 + 3 * number), font, size, ink)
    c.pen.line((left, top, left, bottom, right, bottom), fill=ink)
    series, kind = c.between(1, 5), c.between(0, 3)
    for number in range(series):
        _series(c, (left, top, right, bottom), kind, number, series)
    for number in range(series if c.chance(0.6) else 0):
        down = number * size * 1.5
        c.round_box((right - 110, top + 6 + down, right - 96, top + 16 + down), 0, c.bright())
        c.label(right - 90, top + 2 + down, font, size, ink, 1)


def _series(c: Canvas, box: tuple[float, float, float, float], kind: int, number: int, of: int) -> None:
    left, top, right, bottom = box
    count, colour = c.between(5, 300 if kind == 1 else 60), c.bright()
    walk = np.cumsum(c.rng.normal(size=count))
    values = 0.05 + 0.9 * (walk - walk.min()) / max(np.ptp(walk), 1e-9)
    ys = bottom - (bottom - top) * values
    if kind == 0:
        width = (right - left) / 9
        for place in range(9):
            start = left + width * (place + 0.1 + 0.8 * number / of)
            height = (bottom - top) * c.rng.uniform(0.05, 0.9)
            c.block((start, bottom - height, start + 0.8 * width / of, bottom), fill=colour)
        return
    xs = np.linspace(left, right, count)
    points = list(zip(xs.tolist(), ys.tolist(), strict=True))
    if kind == 1:
        for x, y in points:
            c.disc(x, y, c.rng.uniform(2, 5), colour)
    elif kind == 2 and number == 0:
        c.polygon([(left, bottom), *points, (right, bottom)], c.colour(0.7, 0.5, 1))
    if kind != 1:
        c.line(points, colour, c.rng.uniform(1, 3))


def _pie(c: Canvas, x: float, y: float, radius: float) -> None:
    shares = np.cumsum(c.rng.dirichlet(np.ones(c.between(3, 8)))) * 2 * np.pi
    start = 0.0
    for end in shares.tolist():
        angles = np.linspace(start, end, 40)
        rim = [(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angles.tolist()]
        c.polygon([(x, y), *rim], c.bright())
        start = end
    if c.chance(0.4):
        c.disc(x, y, radius * 0.5, c.paper())


def diagram(canvas: Canvas) -> None:
    """Boxes with words, joined by arrows."""
    c = canvas
    c.fill(c.paper())
    font, size = c.fonts.choose(c.rng, "sans"), c.between(11, 18)
    across = c.between(3, 5)
    step = c.size / across
    plain, fills = c.chance(0.4), [c.colour(0.3 if c.dark else 0.85, 0.6, 1) for _ in range(3)]
    places = [
        (column * step + c.between(5, 25), row * step + c.between(5, 50))
        for row in range(across)
        for column in range(across)
        if c.chance(0.8)
    ]
    width, height = step * 0.7, step * 0.4
    for (x, y), (u, v) in zip(places, places[1:], strict=False):
        bend = [(x + width / 2, y + height / 2), (u + width / 2, y + height / 2), (u + width / 2, v)]
        c.line(bend, c.ink(0.8), c.between(1, 2))
        c.polygon([(u + width / 2, v), (u + width / 2 - 5, v - 10), (u + width / 2 + 5, v - 10)], c.ink(0.8))
    for number, (x, y) in enumerate(places):
        fill = c.paper() if plain else fills[number % 3]
        if c.chance(0.15):
            c.disc(x + width / 2, y + height / 2, width / 2, c.ink(0.8), 0.6)
            c.disc(x + width / 2, y + height / 2, width / 2 - 1.5, fill, 0.6)
        else:
            c.round_box((x, y, x + width, y + height), c.between(0, 10), fill, c.ink(0.8))
        c.paragraph((x + 8, y + 8, x + width - 8, y + height), font, size, c.ink(), 2)


def street_map(canvas: Canvas) -> None:
    """Areas, waters, roads of several widths, houses and names."""
    c = canvas
    c.dark = False
    c.fill((242, 239, 233) if c.chance(0.7) else c.colour(0.9, 0.4, 0))
    ground = [(170, 211, 223), (200, 225, 180), (224, 223, 223), (235, 219, 232), (174, 209, 160)]
    for _ in range(c.between(6, 16)):
        area = blob(c, c.between(0, c.size), c.between(0, c.size), c.between(40, 200), 0.35)
        c.polygon(area, ground[c.between(0, 4)])
    angle, spacing = c.rng.uniform(0, np.pi / 2), c.between(35, 80)
    for turn in (angle, angle + np.pi / 2 + 0.1 * c.rng.normal()):
        for at in np.arange(-c.size, c.size, spacing):
            _road(c, turn, at + 6 * c.rng.normal(), c.rng.choice([2, 3, 3, 5]), WHITE, (205, 200, 195))
    for _ in range(c.between(1, 4)):
        turn, away = c.rng.uniform(0, np.pi), c.rng.normal() * c.size / 4
        _road(c, turn, away, c.between(6, 11), (252, 214, 164), (220, 160, 90))
    for _ in range(c.between(0, 160)):
        x, y, side = c.between(0, c.size), c.between(0, c.size), c.between(5, 14)
        u, v = side * np.cos(angle), side * np.sin(angle)
        c.polygon([(x, y), (x + u, y + v), (x + u - v, y + v + u), (x - v, y + u)], (217, 208, 201))
    font = c.fonts.choose(c.rng, "sans")
    for _ in range(c.between(8, 30)):
        x, y, size = c.between(0, c.size - 50), c.between(0, c.size), c.between(9, 18)
        c.label(x, y, font, size, c.colour(0.25, 0.3, 1), 2)


def _road(c: Canvas, angle: float, away: float, width: float, fill: Colour, edge: Colour) -> None:
    along = np.linspace(-c.size, c.size, 30)
    wave = away + c.rng.normal() * 12 * np.sin(along / c.rng.uniform(80, 300))
    x = c.size / 2 + along * np.cos(angle) - wave * np.sin(angle)
    y = c.size / 2 + along * np.sin(angle) + wave * np.cos(angle)
    points = [(float(u), float(v)) for u, v in zip(x, y, strict=True)]
    inside = [p for p in points if -60 < p[0] < c.size + 60 and -60 < p[1] < c.size + 60]
    if len(inside) > 1:
        c.line(inside, edge, width + 2)
        c.line(inside, fill, width)


def blob(c: Canvas, x: float, y: float, radius: float, rough: float) -> list[tuple[float, float]]:
    """Return a closed wavy outline around a place."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = sum(c.rng.normal() * np.sin(k * angles + c.rng.uniform(0, 6)) / k for k in range(2, 7))
    lengths = radius * np.maximum(0.2, 1 + rough * np.asarray(waves))
    return [(x + r * np.cos(a), y + r * np.sin(a)) for r, a in zip(lengths.tolist(), angles.tolist(), strict=True)]


def line_drawing(canvas: Canvas) -> None:
    """Curves, hatching, circles and straight lines in one ink."""
    c = canvas
    c.fill(c.paper() if c.chance(0.8) else c.colour(0.25, 0.6, 0))
    ink = c.ink() if c.chance(0.8) else c.accent()
    for _ in range(c.between(10, 60)):
        kind, width = c.between(0, 3), c.rng.choice([1, 1, 1.5, 2, 4])
        x, y, reach = c.between(0, c.size), c.between(0, c.size), c.between(20, 220)
        if kind == 0:
            outline = blob(c, x, y, reach, 0.3)
            c.line([*outline, outline[0]], ink, width)
        elif kind == 1:
            turn, gap = c.rng.uniform(0, np.pi), c.between(3, 12)
            for at in range(0, reach, gap):
                start = (x - at * np.sin(turn), y + at * np.cos(turn))
                c.line([start, (start[0] + reach * np.cos(turn), start[1] + reach * np.sin(turn))], ink, 1)
        elif kind == 2:
            path = np.cumsum(c.rng.normal(size=(c.between(4, 40), 2)) * reach / 6, axis=0) + np.array((x, y))
            c.line([(float(u), float(v)) for u, v in path], ink, width)
        else:
            angles = np.linspace(0, 2 * np.pi, 80).tolist()
            c.line([(x + reach / 2 * np.cos(a), y + reach / 2 * np.sin(a)) for a in angles], ink, width)


def cartoon(canvas: Canvas) -> None:
    """Draw a scene of plain shapes with dark outlines or none: sky, hills, trees, houses, faces."""
    c = canvas
    outline = c.between(2, 5) if c.chance(0.6) else 0
    c.gradient((0, 0, c.size, c.size), c.colour(0.55, 0.8), c.colour(0.85, 0.6), np.pi / 2)
    sun = blob(c, c.between(60, c.size - 60), c.between(40, 150), c.between(30, 80), 0)
    _outlined(c, sun, (255, 220, 80), outline)
    for _ in range(c.between(1, 4)):
        cloud = blob(c, c.between(0, c.size), c.between(30, 250), c.between(30, 70), 0.3)
        _outlined(c, cloud, WHITE, outline)
    for layer in range(c.between(2, 4)):
        xs = np.linspace(-20, c.size + 20, 60)
        ys = c.size * (0.45 + 0.15 * layer) + 40 * np.sin(xs / c.between(60, 180) + c.rng.uniform(0, 6))
        hill = [*_pairs(xs, ys), (c.size + 20.0, c.size + 20.0), (-20.0, c.size + 20.0)]
        _outlined(c, hill, c.colour(0.6 - 0.1 * layer, 0.5, 0.3), outline)
    for y in sorted(c.between(c.size * 0.35, c.size * 0.95) for _ in range(c.between(8, 25))):
        x, side = c.between(0, c.size), c.between(30, 60 + y / 6)
        THINGS[c.between(0, len(THINGS) - 1)](c, x, y, side, outline)


def _outlined(c: Canvas, points: list[Point], fill: Colour, width: float) -> None:
    c.polygon(points, fill)
    if width:
        c.line([*points, points[0]], INK, width)


def _tree(c: Canvas, x: float, y: float, side: float, outline: float) -> None:
    _outlined(c, _corners(x - side / 10, y, x + side / 10, y + side), (120, 80, 50), outline)
    _outlined(c, blob(c, x, y - side / 4, side / 2, 0.15), c.colour(0.4, 0.6, 0.1), outline)


def _house(c: Canvas, x: float, y: float, side: float, outline: float) -> None:
    _outlined(c, _corners(x, y, x + side, y + side), c.bright(), outline)
    roof = [(x - side * 0.1, y), (x + side / 2, y - side * 0.6), (x + side * 1.1, y)]
    _outlined(c, roof, c.bright(), outline)
    _outlined(c, _corners(x + side * 0.4, y + side * 0.5, x + side * 0.65, y + side), INK, 0)
    window = _corners(x + side * 0.1, y + side * 0.2, x + side * 0.3, y + side * 0.45)
    _outlined(c, window, (200, 230, 255), outline / 2)


def _face(c: Canvas, x: float, y: float, side: float, outline: float) -> None:
    _outlined(c, blob(c, x, y, side * 0.7, 0.05), c.colour(0.75, 0.6, 0.5), outline)
    for eye in (-0.25, 0.25):
        c.disc(x + eye * side, y - side * 0.15, side * 0.15, WHITE)
        c.disc(x + eye * side, y - side * 0.13, side * 0.07, INK)
    mouth = [(x - side * 0.3, y + side * 0.25), (x, y + side * 0.38), (x + side * 0.3, y + side * 0.25)]
    c.line(mouth, INK, max(2, side / 20))


THINGS = (_tree, _house, _face)
"""What stands on the hills of a cartoon."""


def _corners(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _pairs(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> list[Point]:
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def graphic(canvas: Canvas) -> None:
    """Plain shapes, stripes or tiles in few colours."""
    c = canvas
    colours = [*(c.bright() for _ in range(c.between(2, 5))), c.paper()]
    c.fill(colours[-1])
    kind, step = c.between(0, 3), c.between(16, 130)
    if kind == 0:
        for y in range(0, c.size, step):
            for x in range(0, c.size, step):
                colour = colours[c.between(0, len(colours) - 1)]
                if c.chance(0.4):
                    c.disc(x + step / 2, y + step / 2, step * 0.42, colour)
                elif c.chance(0.5):
                    c.polygon([(x, y), (x + step, y), (x, y + step)], colour)
                else:
                    c.block((x, y, x + step - 1, y + step - 1), fill=colour)
    elif kind == 1:
        lean = np.tan(c.rng.uniform(-1, 1))
        for number, x in enumerate(range(-c.size, 2 * c.size, step)):
            edges = [(x, 0), (x + step, 0), (x + step + lean * c.size, c.size), (x + lean * c.size, c.size)]
            c.polygon(edges, colours[number % len(colours)])
    else:
        for _ in range(c.between(8, 50)):
            x, y, reach = c.between(0, c.size), c.between(0, c.size), c.between(10, 200)
            colour = colours[c.between(0, len(colours) - 1)]
            if kind == 2:
                c.polygon(blob(c, x, y, reach, c.rng.uniform(0, 0.4)), colour)
            else:
                corners = c.rng.normal(size=(c.between(3, 6), 2)) * reach + (x, y)
                c.polygon([(float(u), float(v)) for u, v in corners], colour)


def colours(canvas: Canvas) -> None:
    """Smooth runs of colour, with a few shapes of other runs over them."""
    c = canvas
    levels = Image.fromarray(c.rng.integers(0, 256, (c.between(2, 4), c.between(2, 4), 3), np.uint8))
    c.image.paste(levels.resize((c.size, c.size), Image.Resampling.BICUBIC))
    for _ in range(c.between(0, 6)):
        x, y = c.between(0, c.size - 60), c.between(0, c.size - 60)
        box = (x, y, x + c.between(40, 300), y + c.between(40, 300))
        c.gradient(box, c.bright(), c.bright(), None if c.chance(0.3) else c.rng.uniform(0, 6))


def pixel_art(canvas: Canvas) -> None:
    """Small figures upscaled without smoothing, as in old games."""
    c = canvas
    unit, side = c.between(2, 8), 16
    palette = np.array([*(c.bright() for _ in range(6)), c.paper(), c.ink()], np.uint8)
    ground = palette[c.rng.integers(0, 8, 2)]
    count = c.size // (unit * side) + 1
    tiles = []
    for _ in range(c.between(3, 8)):
        half = c.rng.integers(0, 8, (side, side // 2)) * (c.rng.random((side, side // 2)) < c.rng.uniform(0.2, 0.7))
        half = np.repeat(np.repeat(half[::2, ::2], 2, 0), 2, 1) if c.chance(0.5) else half
        drawn = np.concatenate([half, half[:, ::-1]], axis=1)
        tiles.append(np.where(drawn[..., None] > 0, palette[drawn], ground[c.between(0, 1)]))
    tiles += [np.broadcast_to(one, (side, side, 3)) for one in ground]
    rows = [np.concatenate([tiles[c.between(0, len(tiles) - 1)] for _ in range(count)], axis=1) for _ in range(count)]
    small = Image.fromarray(np.concatenate(rows).astype(np.uint8))
    c.image.paste(small.resize((small.width * unit, small.height * unit), Image.Resampling.NEAREST))
