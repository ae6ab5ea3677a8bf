"""Sheets to look at: the original, ours and AVIF in no more bytes, at four rates.

    python -m benchmarks.lossy.sheets --data ../shared/data

They go to benchmarks/results/sheets; the README shows one of them.
"""

from __future__ import annotations

import io
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import vlae_codec
from benchmarks.results import FOLDER
from vlae_cli.common import data_option
from vlae_codec.errors import ImageError

from .photo import pictures

Levels = NDArray[np.uint8]
RATES = (0.03, 0.06, 0.12, 0.3)
SHOWN = ("kodim01", "kodim03", "kodim05", "kodim07", "kodim15", "kodim23", "drawn-01", "drawn-07")
SIDE, LABEL = 256, 14


def ours(levels: Levels, most: int) -> tuple[Image.Image | None, int]:
    """Return our picture in so many bytes, and how many it takes."""
    try:
        data = vlae_codec.compress(levels, target_bytes=most)
    except ImageError:
        return None, 0
    return vlae_codec.decompress(data).convert("RGB"), len(data)


def avif(levels: Levels, most: int) -> tuple[Image.Image | None, int]:
    """Return AVIF's best picture (speed 4, whole or halved) in so many bytes, and how many it takes."""
    image = Image.fromarray(levels)
    best: tuple[float, bytes] | None = None
    for downscale in (1, 2):
        small = (
            image if downscale == 1 else image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
        )
        low, high = 0, 101
        while high - low > 1:
            middle = (low + high) // 2
            stream = io.BytesIO()
            small.save(stream, "AVIF", quality=middle, speed=4)
            if len(stream.getvalue()) > most:
                high = middle
                continue
            low = middle
            drawn = np.asarray(opened(stream.getvalue(), image.size), np.float64)
            error = float(np.square(drawn - levels).mean())
            if best is None or error < best[0]:
                best = error, stream.getvalue()
    return (None, 0) if best is None else (opened(best[1], image.size), len(best[1]))


def opened(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Return the picture of an AVIF file at a size."""
    with Image.open(io.BytesIO(data)) as image:
        drawn: Image.Image = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        return drawn


def sheet(levels: Levels) -> Image.Image:
    """Return the sheet of a picture: a row for each rate."""
    top, left = ((side - SIDE) // 2 for side in levels.shape[:2])
    box = left, top, left + SIDE, top + SIDE
    out = Image.new("RGB", (3 * SIDE, len(RATES) * (SIDE + LABEL)), "white")
    pen = ImageDraw.Draw(out)
    for row, rate in enumerate(RATES):
        most = int(rate * levels[:, :, 0].size / 8)
        cells: list[tuple[str, Image.Image | None, int]] = [("original", Image.fromarray(levels), 0)]
        cells += [(name, *code(levels, most)) for name, code in (("ours", ours), ("AVIF", avif))]
        for column, (name, image, size) in enumerate(cells):
            x, y = column * SIDE, row * (SIDE + LABEL)
            text = f"{name}, {size} bytes" if size else name if image else f"{name}: none in {most} bytes"
            pen.text((x + 2, y + 1), text, fill="black")
            if image:
                out.paste(image.crop(box), (x, y + LABEL))
    return out


@click.command()
@data_option
def main(data: Path) -> None:
    """Draw all sheets."""
    for _, name, levels in pictures(data):
        if name in SHOWN:
            sheet(levels).save(FOLDER / "sheets" / f"lossy-{name}.webp", quality=88, method=6)


if __name__ == "__main__":
    main()
