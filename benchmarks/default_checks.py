"""What made the defaults look bad once: flat areas that shift, text, large gradients, pictures of one row or column.

Run as `python -m benchmarks.default_checks --data FOLDER` (3 minutes); names of parts measure these alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.defaults import png_bytes
from benchmarks.own_pictures import COLOURS, SIDE, Levels, crops, whole
from benchmarks.results import read_result, write_result
from benchmarks.tables import Lines, percent, table
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.families import codec
from vlae_codec.families.choice import plan
from vlae_codec.families.registry import AUTO
from vlae_codec.families.request import Draw, Rate
from vlae_codec.io.images import from_array

Row = dict[str, Any]
EDGE = 16
"""Pixels beside another content that do not count as flat."""
HEIGHT, DIGITS = 14, 400
"""Pixels of the text's height, and how many digits are written."""
COARSE = 10.0
"""A quality at which text suffers."""
LARGE = 2400
"""Pixels of a side of a gradient."""
THIN = ((1, 65_536), (65_536, 1), (8, 65_536))


class Tried(NamedTuple):
    """A picture there and back: its file's bytes, its pixels, whether it is exact, and seconds of a core each way."""

    size: int
    back: NDArray[np.int64]
    exact: bool
    seconds: tuple[float, float]


def tried(levels: Levels, model: str = AUTO, quality: float | None = None) -> Tried:
    """Take a picture there and back."""
    started = time.process_time()
    made = codec.compress_one(plan(from_array(levels), model, Rate(quality=quality)))
    middle = time.process_time()
    found = codec.decompress_one(made.data, Draw()).pictures[0].astype(np.int64)
    seconds = middle - started, time.process_time() - middle
    back = found if found.ndim == levels.ndim else np.repeat(found[:, :, None], 3, axis=2)
    return Tried(len(made.data), back, bool((back == levels).all()), seconds)


def flat(data: Path) -> Iterator[Row]:
    """Shift of flat colours, alone and beside a photograph, and the error of a checkerboard of single pixels."""
    photo = next(crops(data))
    rows, columns = np.mgrid[:64, :64]
    board = np.where((rows + columns) % 2, np.uint8(255), np.uint8(0))
    for model in (AUTO, "photo"):
        for quality in (90.0, 100.0):
            shifts = dict[str, list[float]]()
            for colour in COLOURS.values():
                alone = np.full((SIDE, SIDE, 3), colour, np.uint8)
                beside = np.where(np.arange(SIDE)[:, None] < SIDE // 2, alone, photo)
                for place, levels in (("alone", alone), ("beside", beside)):
                    area = tried(levels, model, quality).back[EDGE:-EDGE, EDGE : SIDE // 2 - EDGE]
                    shifts.setdefault(place, []).append(float(abs(area.mean((0, 1)) - colour).max()))
            row: Row = {"model": model, "quality": quality}
            row |= {f"shift_{place}": round(max(found), 3) for place, found in shifts.items()}
            made = tried(board, model, quality)
            error = float(((made.back - board) ** 2).mean())
            yield row | {"board_psnr": round(10 * math.log10(255**2 / error), 2) if error else None}


def small(data: Path) -> Iterator[Row]:
    """Bytes of a flat picture and a checkerboard of 64x64 pixels beside PNG's."""
    rows, columns = np.mgrid[:64, :64]
    board = np.where((rows + columns) % 2, np.uint8(255), np.uint8(0))
    for name, levels in (("red", np.full((64, 64, 3), COLOURS["red"], np.uint8)), ("checkerboard", board)):
        found = tried(levels)
        yield {"picture": name, "bytes": found.size, "png": png_bytes(levels), "exact": found.exact}


def text(data: Path) -> Iterator[Row]:
    """Digits of 14 pixels that are read wrongly, on paper alone, beside and over photographs."""
    photos = [picture[:512, :512] for picture in whole(data) if picture.shape[0] == 512]
    font = ImageFont.load_default(HEIGHT)
    for name, ink, paper, share in (
        ("black on white", "black", "white", 0), ("black on white, beside a photograph", "black", "white", 256),
        ("cream on teal, beside a photograph", "cream", "teal", 256),
        ("grey on white, beside a photograph", "grey", "white", 256),
        ("red on cream, beside a photograph", "red", "cream", 256), ("white over a photograph", "white", "", 512),
    ):  # fmt: skip
        ground = photos[1].copy()
        if paper:
            ground[:, : 512 - share] = COLOURS[paper]
        picture, cells = written(ground, font, COLOURS[ink], 512 - share if paper else 512)
        for quality in (None, COARSE):
            found = tried(np.asarray(picture), AUTO, quality)
            wrong = sum(read(found.back, ground, font, COLOURS[ink], spot) != digit for spot, digit in cells)
            changed, inked = flipped(np.asarray(picture), found.back, ground, COLOURS[ink])
            yield {
                "text": name, "quality": quality, "digits": len(cells), "wrong": wrong, "ink": inked,
                "changed": changed, "exact": found.exact, "bytes": found.size,
            }  # fmt: skip


Spot = tuple[int, int]
Colour = tuple[int, int, int]


def written(ground: Levels, font: Any, ink: Colour, width: int) -> tuple[Image.Image, list[tuple[Spot, int]]]:
    """Write digits over the left part of a picture; where each stands comes with it."""
    rng, image = np.random.default_rng(14), Image.fromarray(ground)
    draw = ImageDraw.Draw(image)
    across = (width - 16) // 10
    cells = list[tuple[Spot, int]]()
    for number in range(DIGITS):
        row, column = divmod(number, across)
        if 20 * row > 470:
            break
        spot, digit = (8 + 10 * column, 8 + 20 * row), int(rng.integers(10))
        draw.text(spot, str(digit), ink, font)
        cells.append((spot, digit))
    return image, cells


def read(back: NDArray[np.int64], ground: Levels, font: Any, ink: Colour, spot: Spot) -> int:
    """Return the digit that is nearest to what stands at a spot, each written over the same ground."""
    left, top = spot
    area = slice(top, top + 20), slice(left, left + 10)
    errors = []
    for digit in range(10):
        image = Image.fromarray(ground[area])
        ImageDraw.Draw(image).text((0, 0), str(digit), ink, font)
        errors.append(int(((np.asarray(image).astype(np.int64) - back[area]) ** 2).sum()))
    return int(np.argmin(errors))


def flipped(levels: Levels, back: NDArray[np.int64], ground: Levels, ink: Colour) -> tuple[int, int]:
    """Count pixels that were nearer to the ink than to the ground and are not any more, and all that were."""

    def inked(picture: NDArray[Any]) -> NDArray[np.bool_]:
        to_ink, to_ground = (((picture.astype(np.int64) - one) ** 2).sum(2) for one in (np.array(ink), ground))
        nearer: NDArray[np.bool_] = to_ink < to_ground
        return nearer

    before = inked(levels) & (levels != ground).any(2)
    return int((before & ~inked(back)).sum()), int(before.sum())


def gradients(data: Path) -> Iterator[Row]:
    """Seconds, bytes and error of large gradients at the default."""
    rows, columns = np.mgrid[:LARGE, :LARGE] / (LARGE - 1)
    distance = np.hypot(rows - 0.5, columns - 0.4)
    for name, shape, first, last in (
        ("down, grey", rows, "black", "white"), ("down, sky", rows, "blue", "cream"),
        ("across both ways, colours", (rows + columns) / 2, "teal", "cream"),
        ("round, grey", distance / distance.max(), "white", "black"),
        ("round, colours", distance / distance.max(), "cream", "teal"),
    ):  # fmt: skip
        one, other = (np.array(COLOURS[colour]) for colour in (first, last))
        levels = np.rint(one + shape[:, :, None] * (other - one)).astype(np.uint8)
        found = tried(levels)
        off = abs(found.back - levels)
        yield {
            "gradient": name, "seconds": [round(one, 2) for one in found.seconds], "bytes": found.size,
            "png": png_bytes(levels), "mean_error": round(float(off.mean()), 3), "largest_error": int(off.max()),
        }  # fmt: skip


def thin(data: Path) -> Iterator[Row]:
    """Seconds of pictures of few rows or columns of noise, by the photo model and by the default."""
    for height, width in THIN:
        levels = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
        for model in ("photo", AUTO):
            found = tried(levels, model)
            yield {"size": [height, width], "model": model, "seconds": [round(one, 2) for one in found.seconds]}


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "flat": flat, "small": small, "text": text, "gradients": gradients, "thin": thin,
}  # fmt: skip


def default_checks(folder: Path) -> Lines:
    """Format what was measured."""
    result = read_result("default_checks", folder)
    if not result:
        return []
    return [*_flat(result), "", *_text(result["text"]), "", *_large(result)]


def _flat(result: Mapping[str, Sequence[Row]]) -> Lines:
    rows = [
        [
            "`-m auto`" if row["model"] == AUTO else "`-m photo`", f"{row['quality']:.0f}",
            f"{row['shift_alone']:.2f}", f"{row['shift_beside']:.2f}",
            "exact" if row["board_psnr"] is None else f"{row['board_psnr']:.1f} dB",
        ]
        for row in result["flat"]
    ]  # fmt: skip
    small = (f"{row['picture']} {row['bytes']} bytes (PNG {row['png']})" for row in result["small"])
    head = ["model", "quality", "alone", "beside a photograph", "checkerboard of single pixels"]
    return [
        f"Flat areas of {len(COLOURS)} colours: by how many levels the mean of a channel shifts at the most."
        f" By itself, of 64x64 pixels, at the default: {', '.join(small)}.",
        "",
        *table(head, rows),
    ]


def _text(rows: Sequence[Row]) -> Lines:
    head = [f"text of {HEIGHT} pixels", "quality", "bytes", "digits", "read wrongly", "pixels of ink lost"]
    body = [
        [
            row["text"], f"{row['quality']:.0f}" if row["quality"] else "default", f"{row['bytes']:,}",
            row["digits"], row["wrong"],
            "none, exact" if row["exact"] else percent(row["changed"] / row["ink"]),
        ]
        for row in rows
    ]  # fmt: skip
    title = "Text on a page or a screen by `-m auto`; a digit is read as the nearest of ten, pixel by pixel:"
    return [title, "", *table(head, body)]


def _large(result: Mapping[str, Sequence[Row]]) -> Lines:
    head = ["gradient", "s in", "s out", "bytes", "PNG", "mean error", "largest"]
    body = [
        [row["gradient"], *(f"{one:.2f}" for one in row["seconds"]),
         f"{row['bytes']:,}", f"{row['png']:,}", f"{row['mean_error']:.2f}",
         row["largest_error"]]
        for row in result["gradients"]
    ]  # fmt: skip
    thin = [
        f"{row['size'][1]} x {row['size'][0]} by `-m {row['model']}` "
        + " and ".join(f"{one:.2f}" for one in row["seconds"])
        for row in result["thin"]
    ]
    return [
        f"Gradients of {LARGE} x {LARGE} pixels at the default:", "", *table(head, body), "",
        f"Seconds of thin pictures of noise, in and out: {'; '.join(thin)}.",
    ]  # fmt: skip


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@data_option
@exit_on_error
def main(parts: tuple[str, ...], data: Path) -> None:
    """Measure."""
    result = {name: rows for name, rows in (read_result("default_checks") or {}).items() if name in PARTS}
    for part in parts or PARTS:
        result[part] = []
        for row in PARTS[part](data):
            click.echo(f"{part}: {row}")
            result[part].append(row)
    write_result("default_checks", result)


if __name__ == "__main__":
    main()
