"""Pages of text: documents, tables, source code and terminals, posters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .canvas import Box, Canvas
from .fonts import phrase, sized, words

KEYWORDS = ["def", "return", "if", "else", "for", "in", "import", "class", "while", "const", "let", "int", "void"]


def document(canvas: Canvas) -> None:
    """Draw a page or a part of one: headings, paragraphs in one to three columns, pictures, rules."""
    c = canvas
    c.dark = c.dark and c.chance(0.2)
    c.fill(c.paper() if c.chance(0.8) else c.colour(0.94, 0.4, 0))
    kind = str(c.rng.choice(["serif", "sans"]))
    body, head = c.fonts.choose(c.rng, kind), c.fonts.choose(c.rng, str(c.rng.choice(["serif", "sans"])))
    size, margin = c.between(9, 22), c.between(10, 80)
    columns = c.between(1, 3) if size < 15 else c.between(1, 2)
    gap, block = c.between(14, 30), c.chance(0.5)
    y = float(c.between(-10, 50))
    if c.chance(0.6):
        c.label(margin, y, head, round(size * c.rng.uniform(1.6, 3)), c.accent() if c.chance(0.3) else c.ink(), 4)
        y += size * 4
    if c.chance(0.3):
        c.pen.line((margin, y, c.size - margin, y), fill=c.ink(0.5))
        y += size
    width = (c.size - 2 * margin - gap * (columns - 1)) / columns
    for column in range(columns):
        left, at = margin + column * (width + gap), y
        while at < c.size:
            at = _block(c, (left, at, left + width, c.size), body, head, size, block)


def _block(c: Canvas, box: Box, body: Path | None, head: Path | None, size: int, block: bool) -> float:
    left, y, right, _ = box
    roll = c.rng.random()
    if roll < 0.08:
        height = (right - left) * c.rng.uniform(0.4, 0.9)
        c.photo((left, y, right, y + height))
        c.label(left, y + height + 4, body, max(8, size - 3), c.ink(0.7), 5)
        return y + height + size * 2.2
    if roll < 0.25:
        c.label(left, y, head, round(size * 1.3), c.ink(), 4)
        return y + size * 2
    if roll < 0.33:
        for _ in range(c.between(2, 6)):
            c.disc(left + size * 0.6, y + size * 0.65, max(1.5, size / 7), c.ink())
            y = c.paragraph((left + size * 1.5, y, right, c.size + 50), body, size, c.ink(), c.between(1, 2))
        return y + size * 0.6
    return c.paragraph((left, y, right, c.size + 50), body, size, c.ink(), c.between(3, 12), block) + size * 0.7


def table(canvas: Canvas) -> None:
    """Draw a spreadsheet or a table of numbers."""
    c = canvas
    c.fill(c.paper())
    font, size = c.fonts.choose(c.rng, str(c.rng.choice(["sans", "sans", "mono", "serif"]))), c.between(10, 18)
    height, y = round(size * c.rng.uniform(1.4, 2.2)), c.between(0, 60)
    edges = np.cumsum([c.between(0, 40), *(c.between(50, 170) for _ in range(14))])
    lines, stripes, header = c.chance(0.6), c.chance(0.4), c.accent() if c.chance(0.5) else c.paper(3)
    numeric = c.rng.random(len(edges)) < 0.6
    for row in range((c.size - y) // height + 1):
        top = y + row * height
        paper = header if row == 0 else c.paper(1) if stripes and row % 2 else c.paper()
        c.block((edges[0], top, c.size, top + height), fill=paper)
        for column, (left, right) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            if left > c.size:
                break
            number = f"{c.rng.normal() * 10.0 ** c.between(0, 4):,.{c.between(0, 2)}f}"
            text = number if row and numeric[column] else phrase(c.rng, 2)
            face = sized(font, size)
            while text and face.getlength(text) > right - left - 8:
                text = text[:-1]
            x = right - 4 - face.getlength(text) if row and numeric[column] else left + 4
            c.text(x, top + (height - size) / 2 - 1, text, font, size, c.ink() if c.chance(0.95) else c.bright())
            if lines:
                c.pen.line((right, top, right, top + height), fill=c.ink(0.2))
        if lines:
            c.pen.line((edges[0], top, c.size, top), fill=c.ink(0.2))


def code(canvas: Canvas) -> None:
    """Draw a text editor with coloured source code."""
    c = canvas
    c.dark = c.chance(0.6)
    code_in(c, (0, 0, c.size, c.size), c.between(10, 20))


def code_in(c: Canvas, box: Box, size: int) -> None:
    """Coloured source code in a box, with numbers of lines now and then."""
    left, top, right, bottom = box
    c.block(box, fill=c.paper())
    font, step = c.fonts.choose(c.rng, "mono"), round(size * c.rng.uniform(1.2, 1.5))
    light = 0.72 if c.dark else 0.38
    colours = [c.colour(light, c.rng.uniform(0.4, 0.9), 1) for _ in range(4)]
    unit, depth, numbered = sized(font, size).getlength("m"), 0, c.chance(0.5)
    for number, y in enumerate(range(int(top) + 4, int(bottom) - step, step)):
        x = left + 6
        if numbered:
            c.text(x, y, f"{number + 1:3d}", font, size, c.ink(0.4))
            x += unit * 5
        depth = min(max(0, depth + c.between(-1, 1)), 5)
        if c.chance(0.12):
            continue
        x += depth * 4 * unit
        for token, kind in _tokens(c):
            end = c.text(x, y, token, font, size, c.ink(0.9) if kind < 0 else colours[kind])
            x = end + unit * (kind >= 0 or c.chance(0.5))
            if x > right - unit * 12:
                break


def _tokens(c: Canvas) -> list[tuple[str, int]]:
    if c.chance(0.15):
        return [("# " + " ".join(words(c.rng, c.between(2, 8))), 0)]
    out = [(str(c.rng.choice(KEYWORDS)), 1)] if c.chance(0.6) else []
    for _ in range(c.between(1, 5)):
        roll, word = c.rng.random(), words(c.rng, 1)[0].lower().strip(",.")
        if roll < 0.2:
            out.append((f'"{phrase(c.rng)}"', 2))
        elif roll < 0.35:
            out.append((str(c.between(0, 4096)), 3))
        else:
            out.append((word + str(c.rng.choice(["", "()", " =", ",", "[i]", ".x", "_" + word, " +", ":", " {"])), -1))
    return out


def terminal(canvas: Canvas) -> None:
    """Draw a terminal: listings, prompts, few colours."""
    c = canvas
    c.dark = c.chance(0.8)
    c.fill((0, 0, 0) if c.dark and c.chance(0.4) else c.paper())
    font, size = c.fonts.choose(c.rng, "mono"), c.between(10, 19)
    colours = [c.bright() for _ in range(5)]
    y = 4
    while y < c.size:
        roll = c.rng.random()
        if roll < 0.15:
            x = c.text(4, y, "user@host:~/" + words(c.rng, 1)[0].lower() + "$ ", font, size, colours[0])
            c.text(x, y, " ".join(words(c.rng, 4)).lower(), font, size, c.ink())
        elif roll < 0.6:
            text = f"-rw-r--r-- 1 user {c.between(1, 10**7):9d} {c.between(1, 12):02d}-{c.between(1, 28):02d} "
            x = c.text(4, y, text, font, size, c.ink(0.85))
            c.text(x, y, "_".join(words(c.rng, 2)).lower() + ".txt", font, size, colours[c.between(0, 4)])
        else:
            c.text(4, y, " ".join(words(c.rng, c.between(1, 12))), font, size, c.ink(0.85))
        y += round(size * 1.25)


def poster(canvas: Canvas) -> None:
    """Few large words on a plain, gradual or photographic background."""
    c = canvas
    whole = (0, 0, c.size, c.size)
    roll = c.rng.random()
    if roll < 0.15:
        c.photo(whole)
    elif roll < 0.6:
        c.gradient(whole, c.bright(), c.bright(), c.rng.uniform(0, 6))
    else:
        c.fill(c.bright() if c.chance(0.5) else c.paper())
    for _ in range(c.between(0, 5)):
        c.disc(c.between(0, c.size), c.between(0, c.size), c.between(20, c.size // 3), c.bright())
    y = float(c.between(10, 100))
    ink = c.ink() if roll >= 0.6 else (255, 255, 255) if c.chance(0.5) else c.colour(0.08, 0.3)
    while y < c.size - 20:
        font, size = c.fonts.choose(c.rng, str(c.rng.choice(["sans", "sans", "serif"]))), c.between(18, 130)
        c.label(c.between(10, 120), y, font, size, ink if c.chance(0.8) else c.bright(), 3)
        y += size * c.rng.uniform(1.2, 1.8)
