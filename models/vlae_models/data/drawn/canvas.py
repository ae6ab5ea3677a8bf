"""A surface to draw on, with smooth or hard edges, and colours that go together."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .fonts import Fonts, phrase, sized, words

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

SMOOTH = 4
"""Times as large is a shape drawn that gets smooth edges."""
STRIPES = np.array([1, 2, 3, 2, 1]) / 9
"""The filter along a row for text on the red, green and blue stripes of a screen."""


class Canvas:
    """A square picture that is being drawn.

    Args:
        rng: decides all.
        size: pixels of a side.
        fonts: to write with.
        photos: RGB pictures to paste; there may be none.
    """

    def __init__(self, rng: np.random.Generator, size: int, fonts: Fonts, photos: Sequence[Image.Image]):
        self.rng, self.size, self.fonts, self.photos = rng, size, fonts, photos
        self.image = Image.new("RGB", (size, size), "white")
        self.pen = ImageDraw.Draw(self.image)
        self.smooth = bool(rng.random() < 0.85)
        self.text_mode = str(rng.choice(["grey", "stripes", "hard"], p=[0.72, 0.2, 0.08]))
        self.dark = bool(rng.random() < 0.35)
        self.hue = float(rng.random())

    def between(self, low: float, high: float) -> int:
        """Draw a whole number in low ... high, both possible."""
        return int(self.rng.integers(int(low), max(int(low), int(high)) + 1))

    def chance(self, share: float) -> bool:
        """Return True with this probability."""
        return bool(self.rng.random() < share)

    def colour(self, light: float, strength: float = 0.0, near: float = 0.04) -> Colour:
        """Return a colour near the picture's hue, or anywhere with `near` = 1; `light` and `strength` in 0 ... 1."""
        hue = self.hue + near * self.rng.normal()
        red, green, blue = colorsys.hls_to_rgb(hue % 1, min(max(light, 0), 1), min(max(strength, 0), 1))
        return round(red * 255), round(green * 255), round(blue * 255)

    def bright(self) -> Colour:
        """Return a strong colour of any hue."""
        return self.colour(self.rng.uniform(0.35, 0.7), self.rng.uniform(0.5, 1), 1)

    def paper(self, step: int = 0) -> Colour:
        """Return the background of a light or dark theme; steps are layers above it."""
        light = 0.1 + 0.05 * step if self.dark else 1 - 0.035 * step
        return self.colour(light, 0.1, 0)

    def ink(self, strength: float = 1.0) -> Colour:
        """Return the colour of writing on it; weaker ink is nearer to the paper."""
        light = 0.1 + 0.8 * strength if self.dark else 0.95 - 0.85 * strength
        return self.colour(light, 0.1, 0)

    def accent(self) -> Colour:
        """Return the theme's colour for what matters."""
        return self.colour(0.5, 0.75)

    def fill(self, colour: Colour) -> None:
        """Paint all of it."""
        self.pen.rectangle((0, 0, self.size, self.size), fill=colour)

    def gradient(self, box: Box, first: Colour, last: Colour, angle: float | None = None) -> None:
        """Paint a box with a run of colours; around its middle where no angle is given."""
        left, top, right, bottom = (round(side) for side in box)
        if right <= left or bottom <= top:
            return
        y, x = np.mgrid[-1 : 1 : 1j * (bottom - top), -1 : 1 : 1j * (right - left)]
        if angle is None:
            place = np.hypot(x, y) / np.sqrt(2)
        else:
            along = x * np.cos(angle) + y * np.sin(angle)
            place = (along / (abs(np.cos(angle)) + abs(np.sin(angle))) + 1) / 2
        levels = np.array(first) + place[..., None] * (np.array(last, float) - first)
        self.image.paste(Image.fromarray(np.rint(levels).astype(np.uint8)), (left, top))

    def block(self, box: Box, fill: Colour) -> None:
        """Draw a box with hard edges; nothing where it has no inside."""
        if box[2] >= box[0] and box[3] >= box[1]:
            self.pen.rectangle(box, fill=fill)

    def round_box(self, box: Box, radius: float, fill: Colour | None, outline: Colour | None = None) -> None:
        """Draw a box with round corners."""
        if box[2] - box[0] < 2 or box[3] - box[1] < 2:
            return
        if outline:
            self._shape(box, lambda pen, b, u: pen.rounded_rectangle(b, radius * u, fill=255), outline)
            box = (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)
        if fill:
            self._shape(box, lambda pen, b, u: pen.rounded_rectangle(b, radius * u, fill=255), fill)

    def disc(self, x: float, y: float, radius: float, fill: Colour, flat: float = 1.0) -> None:
        """Draw a disc, or an ellipse of another height."""
        box = (x - radius, y - radius * flat, x + radius, y + radius * flat)
        self._shape(box, lambda pen, b, _: pen.ellipse(b, fill=255), fill)

    def polygon(self, points: Sequence[tuple[float, float]], fill: Colour) -> None:
        """Draw a filled polygon."""
        xs, ys = zip(*points, strict=True)
        box = (min(xs), min(ys), max(xs), max(ys))

        def draw(pen: ImageDraw.ImageDraw, inner: Box, unit: int) -> None:
            moved = [((x - box[0]) * unit + inner[0], (y - box[1]) * unit + inner[1]) for x, y in points]
            pen.polygon(moved, fill=255)

        self._shape(box, draw, fill)

    def line(self, points: Sequence[tuple[float, float]], fill: Colour, width: float = 1) -> None:
        """Draw a line through points, with round corners where it is wide."""
        xs, ys = zip(*points, strict=True)
        reach = width
        box = (min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)

        def draw(pen: ImageDraw.ImageDraw, inner: Box, unit: int) -> None:
            moved = [((x - box[0]) * unit + inner[0], (y - box[1]) * unit + inner[1]) for x, y in points]
            pen.line(moved, fill=255, width=max(1, round(width * unit)), joint="curve")

        self._shape(box, draw, fill)

    def shadow(self, box: Box, radius: float, strength: float = 0.35) -> None:
        """Draw a soft shadow of a box."""
        mask = Image.new("L", self.image.size)
        left, top, right, bottom = box
        ImageDraw.Draw(mask).rectangle((left, top + radius / 2, right, bottom + radius / 2), fill=round(255 * strength))
        self.image.paste((0, 0, 0), mask=mask.filter(ImageFilter.GaussianBlur(radius)))

    def photo(self, box: Box) -> None:
        """Draw a photograph that fills a box, or now and then a run of colours."""
        left, top, right, bottom = (round(side) for side in box)
        width, height = right - left, bottom - top
        if width < 4 or height < 4:
            return
        if not self.photos or self.chance(0.4):
            self.gradient(box, self.bright(), self.bright(), self.rng.uniform(0, 6))
            return
        photo = self.photos[self.between(0, len(self.photos) - 1)]
        scale = max(width / photo.width, height / photo.height) * self.rng.uniform(1, 1.3)
        cut = (min(width / scale, photo.width), min(height / scale, photo.height))
        x, y = ((whole - part) * self.rng.random() for whole, part in zip(photo.size, cut, strict=True))
        part = photo.resize((width, height), Image.Resampling.LANCZOS, (x, y, x + cut[0], y + cut[1]), reducing_gap=3)
        self.image.paste(part, (left, top))

    def text(self, x: float, y: float, text: str, font: Path | None, size: int, fill: Colour) -> float:
        """Write one line, x and y its upper left corner; returns where it ends."""
        face = sized(font, size)
        end = x + face.getlength(text)
        if not (-size < y < self.size and x < self.size and end > 0):
            return end
        if self.text_mode == "stripes" and size < 40:
            self._striped(round(x), round(y), text, font, size, fill)
        else:
            self.pen.fontmode = "1" if self.text_mode == "hard" else "L"
            self.pen.text((x, round(y)), text, font=face, fill=fill)
        return end

    def label(self, x: float, y: float, font: Path | None, size: int, fill: Colour, most: int = 3) -> float:
        """Write a few words; returns where they end."""
        return self.text(x, y, phrase(self.rng, most), font, size, fill)

    def paragraph(self, box: Box, font: Path | None, size: int, fill: Colour, lines: int, block: bool = False) -> float:
        """Write up to so many lines of words inside a box; returns y below them."""
        face = sized(font, size)
        left, y, right, bottom = box
        step = round(size * 1.35)
        room, space = right - left, face.getlength(" ")
        for number in range(lines):
            if y + step > min(bottom, self.size + step):
                break
            row: list[str] = []
            used = -space
            for word in words(self.rng, max(1, int(room / size * 2))):
                used += space + face.getlength(word)
                if used > room:
                    used -= space + face.getlength(word)
                    break
                row.append(word)
            last = number == lines - 1
            gap = space + ((room - used) / (len(row) - 1) if block and not last and len(row) > 1 else 0)
            x = left
            if block:
                for word in row:
                    x = self.text(x, y, word, font, size, fill) + gap
            else:
                self.text(x, y, " ".join(row[: self.between(1, len(row))] if last else row), font, size, fill)
            y += step
        return y

    def _shape(self, box: Box, draw: Callable[[ImageDraw.ImageDraw, Box, int], None], fill: Colour) -> None:
        left, top = (int(np.floor(side)) - 1 for side in box[:2])
        right, bottom = (int(np.ceil(side)) + 2 for side in box[2:])
        unit = SMOOTH if self.smooth else 1
        if right <= 0 or bottom <= 0 or left >= self.size or top >= self.size:
            return
        mask = Image.new("L", ((right - left) * unit, (bottom - top) * unit))
        inner = ((box[0] - left) * unit, (box[1] - top) * unit, (box[2] - left) * unit, (box[3] - top) * unit)
        draw(ImageDraw.Draw(mask), inner, unit)
        self.image.paste(fill, (left, top, right, bottom), mask.reduce(unit) if unit > 1 else mask)

    def _striped(self, x: int, y: int, text: str, font: Path | None, size: int, fill: Colour) -> None:
        face = sized(font, 3 * size)
        width, height = int(face.getlength(text) / 3) + 3, 2 * size
        mask = Image.new("L", (3 * width, 3 * height))
        ImageDraw.Draw(mask).text((3, 0), text, font=face, fill=255)
        rows = np.asarray(mask.resize((3 * width, height), Image.Resampling.BOX), float) / 255
        rows = np.apply_along_axis(np.convolve, 1, rows, STRIPES, "same") if rows.size else rows
        cover = rows.reshape(height, width, 3)
        box = (x - 1, y, x - 1 + width, y + height)
        below = np.asarray(self.image.crop(box), float)
        self.image.paste(Image.fromarray(np.rint(below + cover * (np.array(fill) - below)).astype(np.uint8)), box[:2])
