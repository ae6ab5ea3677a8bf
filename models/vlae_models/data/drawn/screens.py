"""Screens: desktops with windows, web pages, forms, small screens with lists."""

from __future__ import annotations

from pathlib import Path

from .canvas import Box, Canvas
from .fonts import phrase, sized
from .pages import code_in


def desktop(canvas: Canvas) -> None:
    """Windows over a background, with a bar of icons."""
    c = canvas
    whole = (0, 0, c.size, c.size)
    roll = c.rng.random()
    if roll < 0.2:
        c.photo(whole)
    elif roll < 0.75:
        c.gradient(whole, c.colour(0.3, 0.5), c.colour(0.6, 0.6, 0.2), c.rng.uniform(0, 6))
    else:
        c.fill(c.colour(0.35, 0.3))
    font, size = c.fonts.choose(c.rng, "sans"), c.between(11, 16)
    for row in range(c.between(0, 6)):
        icon(c, 30, 40 + row * 90, 44)
        c.label(14, 90 + row * 90, font, size, (255, 255, 255), 1)
    radius = int(c.rng.choice([0, 0, 6, 10]))
    for _ in range(c.between(1, 3)):
        left, top = c.between(-60, c.size // 2), c.between(0, c.size // 2)
        box = (left, top, left + c.between(280, c.size), top + c.between(220, c.size * 0.8))
        c.shadow(box, 12)
        window(c, box, font, size, radius)
    if c.chance(0.7):
        bar = c.size - c.between(28, 48)
        c.block((0, bar, c.size, c.size), fill=c.paper(2))
        for number in range(c.between(3, 9)):
            icon(c, 8 + number * 46, bar + 5, c.size - bar - 10)
        c.text(c.size - 60, bar + 8, f"{c.between(0, 23)}:{c.between(0, 59):02d}", font, size, c.ink())


def window(c: Canvas, box: Box, font: Path | None, size: int, radius: float) -> None:
    """Draw a window with title, menu and contents."""
    left, top, right, bottom = box
    c.round_box(box, radius, c.paper(1), c.ink(0.3))
    bar = top + size * 2.2
    if c.chance(0.4):
        c.block((left + 1, top + radius + 1, right - 1, bar), fill=c.accent())
    c.label(left + size * 5, top + size * 0.5, font, size, c.ink(), 3)
    for number, colour in enumerate([(255, 95, 86), (255, 189, 46), (39, 201, 63)] if c.chance(0.4) else []):
        c.disc(left + 16 + number * 18, top + size, 6, colour)
    c.pen.line((right - 22, top + 10, right - 12, top + 20), fill=c.ink())
    c.pen.line((right - 12, top + 10, right - 22, top + 20), fill=c.ink())
    if c.chance(0.6):
        x = left + 10.0
        while x < right - 80:
            x = c.label(x, bar + 4, font, size, c.ink(), 1) + size
        bar += size * 2
    inside = (left + 1, bar, right - 1, bottom - max(2, radius))
    CONTENTS[c.between(0, len(CONTENTS) - 1)](c, inside, font, size)


def button(c: Canvas, x: float, y: float, font: Path | None, size: int, text: str | None = None) -> float:
    """Draw a button; return where it ends."""
    text = text or phrase(c.rng, 2)
    width = sized(font, size).getlength(text) + 2 * size
    strong = c.chance(0.4)
    fill = c.accent() if strong else c.paper(3)
    c.round_box((x, y, x + width, y + size * 2), c.between(0, 8), fill, None if strong else c.ink(0.3))
    c.text(x + size, y + size * 0.4, text, font, size, (255, 255, 255) if strong else c.ink())
    return x + width


def icon(c: Canvas, x: float, y: float, side: float) -> None:
    """Draw a small sign: a tile, a disc, a sheet of paper, a folder, an arrow."""
    kind, colour = c.between(0, 5), c.bright()
    middle = (x + side / 2, y + side / 2)
    if kind == 0:
        c.round_box((x, y, x + side, y + side), side / 5, colour)
        c.disc(*middle, side / 4, (255, 255, 255))
    elif kind == 1:
        c.disc(*middle, side / 2, colour)
        tick = [(x + side * 0.3, middle[1]), (x + side * 0.45, y + side * 0.68), (x + side * 0.72, y + side * 0.3)]
        c.line(tick, (255, 255, 255), side / 12)
    elif kind == 2:
        c.round_box((x + side * 0.15, y, x + side * 0.85, y + side), 2, (250, 250, 250), (120, 120, 120))
        for number in range(4):
            row = y + side * (0.25 + number * 0.16)
            c.pen.line((x + side * 0.25, row, x + side * 0.75, row), fill=(130, 130, 130))
    elif kind == 3:
        c.round_box((x, y + side * 0.15, x + side * 0.5, y + side * 0.4), 3, c.colour(0.5, 0.8))
        c.round_box((x, y + side * 0.25, x + side, y + side * 0.85), 3, c.colour(0.65, 0.8))
    elif kind == 4:
        c.polygon([(x, y + side), (x + side / 2, y), (x + side, y + side)], colour)
    else:
        c.line([(x, y + side * 0.3), (x + side, y + side * 0.3)], colour, side / 10)
        c.line([(x, y + side * 0.7), (x + side, y + side * 0.7)], colour, side / 10)
        c.disc(x + side * 0.3, y + side * 0.3, side / 7, colour)
        c.disc(x + side * 0.7, y + side * 0.7, side / 7, colour)


def web(canvas: Canvas) -> None:
    """Draw a web page: head, large picture, cards, text, foot."""
    c = canvas
    c.fill(c.paper(c.between(0, 1)))
    font, size = c.fonts.choose(c.rng, "sans"), c.between(12, 18)
    height = c.between(40, 70)
    c.block((0, 0, c.size, height), fill=c.accent() if c.chance(0.4) else c.paper(2))
    icon(c, 16, height / 2 - 13, 26)
    x = 60.0
    while x < c.size - 120:
        x = c.label(x, height / 2 - size * 0.6, font, size, c.ink(), 1) + 24
    y = float(height)
    if c.chance(0.6):
        tall = c.between(140, 300)
        c.photo((0, y, c.size, y + tall))
        title, white = c.fonts.choose(c.rng, "sans"), (255, 255, 255)
        c.label(40, y + tall * 0.3, title, c.between(30, 54), white, 3)
        button(c, 40, y + tall * 0.65, font, size)
        y += tall
    cards, gap, radius = c.between(2, 4), c.between(10, 26), c.between(0, 12)
    width = (c.size - gap * (cards + 1)) / cards
    while y < c.size:
        y += gap
        low = y + width * c.rng.uniform(0.8, 1.5)
        for number in range(cards):
            left = gap + number * (width + gap)
            card(c, (left, y, left + width, low), font, size, radius)
        y = low


def card(c: Canvas, box: Box, font: Path | None, size: int, radius: float) -> None:
    """Draw a small sheet with a picture and a few lines."""
    left, top, right, bottom = box
    if c.chance(0.5):
        c.shadow(box, 6, 0.25)
    c.round_box(box, radius, c.paper(), c.ink(0.15))
    y = top + 10
    if c.chance(0.5):
        middle = top + (bottom - top) * 0.5
        c.photo((left + 1, top + radius, right - 1, middle))
        y = middle + 8
    c.label(left + 10, y, font, round(size * 1.2), c.ink(), 2)
    y = c.paragraph((left + 10, y + size * 2, right - 10, bottom - size * 2.4), font, size, c.ink(0.7), 5)
    if bottom - y > size * 2.5 and c.chance(0.6):
        button(c, left + 10, bottom - size * 2.4, font, size)


def small_screen(canvas: Canvas) -> None:
    """Draw a list or a talk as on a telephone, in two or three columns."""
    c = canvas
    c.fill(c.paper(1))
    columns = c.between(1, 2)
    width = c.size / columns
    for column in range(columns):
        inside = (column * width + 4, 0, (column + 1) * width - 4, c.size)
        font, size = c.fonts.choose(c.rng, "sans"), c.between(13, 22)
        (_talk if c.chance(0.5) else _list)(c, inside, font, size)


def _talk(c: Canvas, box: Box, font: Path | None, size: int) -> None:
    left, y, right, bottom = box
    while y < bottom:
        own, lines = c.chance(0.5), c.between(1, 4)
        width = (right - left) * c.rng.uniform(0.45, 0.75)
        x = right - width - 8 if own else left + 8
        height = lines * round(size * 1.35) + size
        fill = c.accent() if own else c.paper(3)
        c.round_box((x, y + 6, x + width, y + 6 + height), size * 0.8, fill)
        ink = (255, 255, 255) if own else c.ink()
        c.paragraph((x + size * 0.7, y + 6 + size * 0.4, x + width - size * 0.7, bottom), font, size, ink, lines)
        y += height + 12


def _list(c: Canvas, box: Box, font: Path | None, size: int) -> None:
    left, y, right, bottom = box
    step = round(size * c.rng.uniform(1.8, 3.6))
    while y + step < bottom:
        if c.chance(0.08):
            c.block((left, y, right, y + step), fill=c.accent())
        icon(c, left + 8, y + step * 0.2, step * 0.6)
        c.label(left + step + 12, y + step * 0.15, font, size, c.ink(), 4)
        if step > size * 2.6:
            c.label(left + step + 12, y + step * 0.55, font, max(9, size - 3), c.ink(0.6), 5)
        c.pen.line((left, y + step, right, y + step), fill=c.ink(0.15))
        y += step


def _form(c: Canvas, box: Box, font: Path | None, size: int) -> None:
    left, y, right, bottom = box
    y += size
    while y + size * 4 < bottom:
        kind = c.between(0, 3)
        c.label(left + 14, y + size * 0.3, font, size, c.ink(), 2)
        x = left + (right - left) * 0.4
        if kind == 0:
            c.round_box((x, y, right - 14, y + size * 2), 3, c.paper(), c.ink(0.4))
            c.label(x + 6, y + size * 0.4, font, size, c.ink(0.8), 2)
        elif kind == 1:
            c.round_box((x, y + 3, x + size * 1.3, y + 3 + size * 1.3), 2, c.paper(), c.ink(0.5))
            tick = [(x + 3, y + size * 0.8), (x + size * 0.55, y + size * 1.2), (x + size * 1.1, y + size * 0.5)]
            c.line(tick, c.accent(), 2)
        elif kind == 2:
            c.line([(x, y + size), (right - 20, y + size)], c.ink(0.3), 3)
            at = x + (right - 20 - x) * c.rng.random()
            c.line([(x, y + size), (at, y + size)], c.accent(), 3)
            c.disc(at, y + size, size * 0.6, c.accent())
        else:
            c.round_box((x, y, x + size * 3, y + size * 1.6), size * 0.8, c.accent() if c.chance(0.5) else c.ink(0.3))
            c.disc(x + size * (0.8 if c.chance(0.5) else 2.2), y + size * 0.8, size * 0.65, (255, 255, 255))
        y += size * 2.8
    x = button(c, left + 14, bottom - size * 2.6, font, size, "OK")
    button(c, x + 10, bottom - size * 2.6, font, size, "Cancel")


def _icons(c: Canvas, box: Box, font: Path | None, size: int) -> None:
    left, top, right, bottom = box
    side = c.between(24, 64)
    for y in range(int(top) + 10, int(bottom - side - size * 2), round(side + size * 2.6)):
        for x in range(int(left) + 14, int(right - side), side + 36):
            if c.photos and c.chance(0.25):
                c.photo((x, y, x + side, y + side))
            else:
                icon(c, x, y, side)
            c.label(x - 4, y + side + 3, font, size - 1, c.ink(), 1)


def _text(c: Canvas, box: Box, font: Path | None, size: int) -> None:
    left, y, right, bottom = box
    c.block(box, fill=c.paper())
    while y < bottom - size * 3:
        y = c.paragraph((left + 12, y + 8, right - 12, bottom), font, size, c.ink(), c.between(2, 8)) + size * 0.6


def _code(c: Canvas, box: Box, font: Path | None, size: int) -> None:
    if box[2] - box[0] > 40 and box[3] - box[1] > 40:
        code_in(c, box, size)


def _picture(c: Canvas, box: Box, font: Path | None, size: int) -> None:
    c.photo(box)
    c.label(box[0] + 10, box[3] - size * 2, font, size, (255, 255, 255), 3)


CONTENTS = (_form, _list, _icons, _text, _code, _picture)
"""What a window may hold."""
