"""Kinds of bilevel pages: text, scans of it, handwriting, sheets of small pictures, halftones, drawings; ink is 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from vlae_codec.errors import VlaeError

from ..data.drawn import Fonts, figures, find_fonts, pages
from ..data.drawn.canvas import Canvas
from ..data.sets import load_set

Bits = NDArray[np.uint8]
HELD_OUT = ("LiberationSerif", "DejaVuSans", "Roboto")
"""Beginnings of names of fonts that pages for tests are written with, and no others."""
PHOTOS = {True: "photos/imagenet-sample/*.JPEG", False: "kodak-dev/*.png"}
CHARACTER = 28


@dataclass(frozen=True)
class Sources:
    """What pages are made of, for training or for tests.

    Attributes:
        fonts: to write with.
        digits, characters, silhouettes: bilevel pictures of 0 and 1, (N, 28, 28).
        photos: files of photographs.
    """

    fonts: Fonts
    digits: Bits
    characters: Bits
    silhouettes: Bits
    photos: list[Path]


def load_sources(data: Path, training: bool) -> Sources:
    """Return fonts and pictures that are for training, or those for tests.

    Args:
        data: folder of the data sets.
        training: which ones.

    Raises:
        VlaeError: a set is not there.
    """
    files = find_fonts()
    fonts = [path for path in files if path.name.startswith(HELD_OUT) != training]
    part = 0 if training else 2
    digits, characters, silhouettes = (load_set(name, data)[part] for name in ("mnist-dynamic", "omniglot", "caltech"))
    photos = sorted(data.glob(PHOTOS[training]))
    if not photos:
        raise VlaeError(f"no {PHOTOS[training]} in {data}; give the folder of the data sets with --data")
    return Sources(Fonts(fonts), digits, characters, silhouettes, photos)


Draw = Callable[[np.random.Generator, Sources, int, int], Bits]
"""Draws a page of a height and width; of drawings and halftones the size is that of what they are made of."""


def _written(random: np.random.Generator, sources: Sources, height: int, width: int, dpi: int) -> Image.Image:
    """Write a page of text in one or two columns, grey, of so many pixels an inch."""
    canvas = Canvas(random, max(height, width), sources.fonts, [])
    canvas.text_mode = "grey"
    body = sources.fonts.choose(random, str(random.choice(["serif", "serif", "sans", "mono"])))
    head = sources.fonts.choose(random, "sans")
    size, margin = round(dpi * random.uniform(9, 12) / 72), round(dpi * random.uniform(0.5, 1.1))
    columns, gap = canvas.between(1, 2), round(dpi * 0.3)
    column = (width - 2 * margin - gap * (columns - 1)) / columns
    for number in range(columns):
        left, y = margin + number * (column + gap), float(margin)
        while y < height - margin:
            if canvas.chance(0.2):
                canvas.label(left, y, head, round(size * 1.4), (0, 0, 0), 4)
                y += size * 2.2
            box = (left, y, left + column, float(height - margin))
            y = canvas.paragraph(box, body, size, (0, 0, 0), canvas.between(3, 12), canvas.chance(0.5)) + size * 0.8
    return canvas.image.crop((0, 0, width, height)).convert("L")


def _ink(image: Image.Image, threshold: float = 128) -> Bits:
    return (np.asarray(image.convert("L")) < threshold).astype(np.uint8)


def text(dpi: int) -> Draw:
    """Return a kind: text as a program draws it, of so many pixels an inch."""
    return lambda random, sources, height, width: _ink(
        _written(random, sources, height, width, dpi), random.uniform(100, 200)
    )


def scan(dpi: int) -> Draw:
    """Return a kind: text that was printed and scanned, a little turned, blurred and noisy."""

    def draw(random: np.random.Generator, sources: Sources, height: int, width: int) -> Bits:
        page = _written(random, sources, height, width, dpi)
        page = page.rotate(random.uniform(-1, 1), Image.Resampling.BICUBIC, fillcolor=255)
        levels = np.asarray(page.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 1.2))), np.float64)
        noise = random.normal(size=levels.shape) * random.uniform(8, 28)
        return (levels + noise < random.uniform(110, 170)).astype(np.uint8)

    return draw


def _sheet(random: np.random.Generator, pictures: Bits, height: int, width: int) -> Bits:
    rows, columns = max(1, height // CHARACTER), max(1, width // CHARACTER)
    chosen = pictures[random.integers(len(pictures), size=rows * columns)].reshape(rows, columns, CHARACTER, CHARACTER)
    sheet: Bits = chosen.transpose(0, 2, 1, 3).reshape(rows * CHARACTER, columns * CHARACTER)
    return sheet


def _handwriting(random: np.random.Generator, sources: Sources, height: int, width: int) -> Bits:
    """Draw characters of handwriting, upscaled smoothly, in rows."""
    side = round(CHARACTER * random.uniform(2, 3.5))
    page = np.zeros((height, width), np.uint8)
    for top in range(side, height - 2 * side, round(side * 1.3)):
        left = side
        while left < width - 2 * side:
            character = Image.fromarray(255 * sources.characters[random.integers(len(sources.characters))])
            smooth = character.filter(ImageFilter.GaussianBlur(0.7)).resize((side, side), Image.Resampling.BICUBIC)
            page[top : top + side, left : left + side] |= np.asarray(smooth) > 110
            left += round(side * random.uniform(0.8, 1.3))
    return page


def _photo(random: np.random.Generator, sources: Sources, height: int, width: int) -> Image.Image:
    with Image.open(sources.photos[random.integers(len(sources.photos))]) as image:
        grey: Image.Image = image.convert("L")
    return grey.crop((0, 0, min(width, grey.width), min(height, grey.height)))


def _diffused(random: np.random.Generator, sources: Sources, height: int, width: int) -> Bits:
    """Draw a halftone by error diffusion (Floyd and Steinberg)."""
    return 1 - np.asarray(_photo(random, sources, height, width).convert("1"), np.uint8)


def ordered(side: int) -> Draw:
    """Return a kind: halftones by a dispersed-dot matrix (Bayer) of a side of a power of two."""
    matrix = np.zeros((1, 1))
    while len(matrix) < side:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return _screened((matrix + 0.5) / matrix.size * 256)


def clustered(side: int) -> Draw:
    """Return a kind: halftones by dots of a side that grow with the darkness, as printers make them."""
    y, x = np.mgrid[:side, :side] + 0.5
    height = np.cos(2 * np.pi * x / side) + np.cos(2 * np.pi * y / side) + 0.001 * x + 0.0003 * y
    rank = np.argsort(np.argsort(height.ravel())).reshape(side, side)
    return _screened((rank + 0.5) / rank.size * 256)


def _screened(matrix: NDArray[np.float64]) -> Draw:
    def draw(random: np.random.Generator, sources: Sources, height: int, width: int) -> Bits:
        levels = np.asarray(_photo(random, sources, height, width))
        repeats = [-(-whole // len(matrix)) for whole in levels.shape]
        return (levels < np.tile(matrix, repeats)[: levels.shape[0], : levels.shape[1]]).astype(np.uint8)

    return draw


def _drawing(draw_on: Callable[[Canvas], None]) -> Draw:
    def draw(random: np.random.Generator, sources: Sources, height: int, width: int) -> Bits:
        canvas = Canvas(random, max(height, width), sources.fonts, [])
        canvas.dark = False
        draw_on(canvas)
        return _ink(canvas.image.crop((0, 0, width, height)), random.uniform(100, 200))

    return draw


KINDS: Mapping[str, tuple[Draw, int, int]] = MappingProxyType(
    {
        "text, 200 dpi": (text(200), 2339, 1654),
        "text, 300 dpi": (text(300), 3508, 2480),
        "scan, 200 dpi": (scan(200), 2339, 1654),
        "scan, 300 dpi": (scan(300), 3508, 2480),
        "document, 100 dpi": (_drawing(pages.document), 1169, 827),
        "handwriting": (_handwriting, 2339, 1654),
        "digits": (lambda random, sources, *size: _sheet(random, sources.digits, *size), 840, 840),
        "characters": (lambda random, sources, *size: _sheet(random, sources.characters, *size), 840, 840),
        "silhouettes": (lambda random, sources, *size: _sheet(random, sources.silhouettes, *size), 840, 840),
        "error diffusion": (_diffused, 768, 768),
        "ordered dither, 4": (ordered(4), 768, 768),
        "ordered dither, 8": (ordered(8), 768, 768),
        "clustered dots, 5": (clustered(5), 768, 768),
        "clustered dots, 8": (clustered(8), 768, 768),
        "line drawing": (_drawing(figures.line_drawing), 1200, 1200),
        "street map": (_drawing(figures.street_map), 1200, 1200),
        "diagram": (_drawing(figures.diagram), 1200, 1200),
        "chart": (_drawing(figures.chart), 1200, 1200),
    }
)
"""How a kind is drawn, and the height and width of its pages."""
