"""Drawn pictures for training: text, documents, screens, charts, maps, line drawings, cartoons, plain graphics."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from . import figures, pages, screens
from .canvas import Canvas
from .fonts import Fonts, find_fonts

__all__ = ["KINDS", "Fonts", "draw", "find_fonts"]

KINDS: tuple[tuple[Callable[[Canvas], None], int], ...] = (
    (pages.document, 5),
    (pages.table, 2),
    (pages.code, 2),
    (pages.terminal, 1),
    (pages.poster, 2),
    (screens.desktop, 4),
    (screens.web, 4),
    (screens.small_screen, 2),
    (figures.chart, 3),
    (figures.diagram, 1),
    (figures.street_map, 2),
    (figures.line_drawing, 2),
    (figures.cartoon, 3),
    (figures.graphic, 2),
    (figures.colours, 1),
    (figures.pixel_art, 1),
)
"""What is drawn, and how often."""


def draw(seed: int, size: int, fonts: Fonts, photos: Sequence[Image.Image] = ()) -> Image.Image:
    """Draw a picture of size x size pixels, RGB; the same for the same seed, size, fonts and photographs.

    Args:
        seed: decides all; seeds in a row go through the kinds of pictures.
        size: pixels of a side, 160 or more.
        fonts: to write with.
        photos: RGB pictures that are pasted into pages and screens.
    """
    turn = [draw_one for draw_one, often in KINDS for _ in range(often)]
    canvas = Canvas(np.random.default_rng(seed), size, fonts, photos)
    turn[seed % len(turn)](canvas)
    return canvas.image
