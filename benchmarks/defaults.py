"""Bytes and errors of pictures of all kinds at the default settings, beside PNG and exact WebP, and what rules gain.

Run as `python -m benchmarks.defaults --data FOLDER` (5 minutes).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.own_pictures import KINDS, Levels
from benchmarks.results import read_result, write_result
from benchmarks.tables import Lines, table
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.families import codec, smooth
from vlae_codec.families.choice import bilevel_models, plan
from vlae_codec.families.family import Job
from vlae_codec.families.registry import AUTO
from vlae_codec.families.request import Draw, Rate
from vlae_codec.families.result import Encoded
from vlae_codec.io.images import Picture, from_array
from vlae_codec.model.info import BILEVEL, PAGE, PHOTO, STORED

LOSSY, FINER, FEWER, EXACT, TWO_LEVELS, INK = "lossy", "finer", "fewer colours", "exact", "two levels", "ink"
WAYS = {PHOTO: LOSSY, STORED: EXACT, PAGE: TWO_LEVELS, BILEVEL: INK}
"""What becomes of a picture, by the family of its file."""
RULES = {
    EXACT: "exact where that takes hardly more bytes",
    FEWER: "fewer colours where it is drawn",
    FINER: "quality 85 where it is smooth",
    TWO_LEVELS: "exact where it has two levels",
    INK: "a bilevel model where it is ink",
    "greys": "no bilevel model where it has many greys",
}
"""What the defaults look for; without that the photo model codes all but 28x28 greys, and a bilevel model those."""
DIGIT = (28, 28)


def measured(kind: str, levels: Levels) -> dict[str, Any]:
    """Return what becomes of a picture: way, bytes, mean error in levels, and the same without rules."""
    picture = from_array(levels)
    made = _coded(picture, AUTO, Rate())
    way = FINER if smooth.NOTICE in made.notices else WAYS[made.model.family]
    if way == EXACT and made.exact is not None:
        way = FEWER
    plain = made if way == LOSSY else _coded(picture, "photo", Rate())
    row: dict[str, Any] = {"kind": kind, "size": list(picture.size), "way": way}
    row |= {"bytes": len(made.data), "error": error(made, levels)}
    row |= {"photo_bytes": len(plain.data), "photo_error": error(plain, levels)}
    if picture.size == DIGIT and levels.ndim == 2:
        forced = codec.compress_one(Job(picture, tuple(bilevel_models()), Rate(), True))
        row |= {"bilevel_bytes": len(forced.data), "bilevel_error": error(forced, levels)}
    return row | {"webp": webp_bytes(levels), "png": png_bytes(levels)}


def _coded(picture: Picture, model: str, rate: Rate) -> Encoded:
    return codec.compress_one(plan(picture, model, rate))


def error(made: Encoded, levels: Levels) -> float:
    """Return the mean error of what a file gives, levels; what is fully transparent does not count."""
    found = codec.decompress_one(made.data, Draw()).pictures[0]
    back = (found * 255 if found.dtype == bool else found).astype(float)
    if levels.ndim == 3 and back.ndim == 2:
        back = back[:, :, None]
    off = abs(back - levels)
    if levels.ndim == 3 and levels.shape[2] == 4:
        off = off[levels[:, :, 3] > 0]
    return round(float(off.mean()), 3)


def webp_bytes(levels: Levels) -> int:
    """Return the bytes of a lossless WebP file of Pillow's default effort."""
    return _size(Image.fromarray(levels), "WEBP", lossless=True)


def png_bytes(levels: Levels) -> int:
    """Return the bytes of an optimised PNG file: of 1 bit, grey or with a palette where that holds the picture."""
    image = Image.fromarray(levels)
    if image.mode == "RGB" and (levels == levels[:, :, :1]).all():
        image = image.convert("L")
    if image.mode == "L" and np.isin(levels, (0, 255)).all():
        image = image.convert("1")
    sizes = [_size(image, "PNG", optimize=True)]
    if image.mode == "RGB" and (colours := image.getcolors(256)):
        sizes.append(_size(image.quantize(max(2, len(colours))), "PNG", optimize=True))
    return min(sizes)


def _size(image: Image.Image, kind: str, **options: Any) -> int:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return len(stream.getvalue())


def by_kind(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the sums of the pictures of each kind, and how many take which way."""
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = [row for row in rows if row["kind"] == kind]
        ways = [row["way"] for row in mine]
        sums = {key: sum(row[key] for row in mine) for key in ("bytes", "webp", "png")}
        yield {
            "kind": kind, "pictures": len(mine), **{way: ways.count(way) for way in dict.fromkeys(ways)}, **sums,
            "error": round(float(np.mean([row["error"] for row in mine])), 3),
            "above_webp": _above(mine, "webp"), "above_png": _above(mine, "png"),
        }  # fmt: skip


def _above(rows: Sequence[Mapping[str, Any]], rival: str) -> int:
    """Count lossy files that are larger than a lossless one of a rival."""
    return sum(row["way"] in (LOSSY, FINER, FEWER) and row["bytes"] > row[rival] for row in rows)


def by_rule(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield, for each rule, the pictures that it decides on: bytes and errors with it and without it."""
    for rule in RULES:
        greys = rule == "greys"
        mine = [row for row in rows if (row["way"] != INK and "bilevel_bytes" in row if greys else row["way"] == rule)]
        if not mine:
            continue
        other = "bilevel" if greys else "photo"
        found: dict[str, Any] = {"rule": rule, "pictures": len(mine)}
        for name, prefix in (("with", ""), ("without", f"{other}_")):
            found[f"{name}_bytes"] = sum(row[f"{prefix}bytes"] for row in mine)
            found[f"{name}_error"] = round(float(np.mean([row[f"{prefix}error"] for row in mine])), 3)
        yield found


def defaults(folder: Path) -> Lines:
    """Format the tables of kinds and of rules."""
    result = read_result("defaults", folder)
    if not result:
        return []
    ways = (LOSSY, FINER, FEWER, EXACT, TWO_LEVELS, INK)
    kinds = [
        [row["kind"], row["pictures"], *(row.get(way, "") for way in ways),
         *(f"{row[key] / row['pictures']:,.0f}" for key in ("bytes", "webp", "png")), f"{row['error']:.2f}"]
        for row in result["kinds"]
    ]  # fmt: skip
    rules = [
        [RULES[row["rule"]], row["pictures"],
         *(f"{row[f'{name}_bytes'] / row['pictures']:,.0f}" for name in ("with", "without")),
         *(f"{row[f'{name}_error']:.2f}" for name in ("with", "without"))]
        for row in result["rules"]
    ]  # fmt: skip
    total = sum(row["pictures"] for row in result["kinds"])
    above = {rival: sum(row[f"above_{rival}"] for row in result["kinds"]) for rival in ("webp", "png")}
    exact = result["exact_beyond_png"]
    return [
        f"{total} pictures at the default settings (`python -m benchmarks.defaults`): how many take which way, bytes a"
        " picture, and the mean error in levels. Finer means quality 85, ink a bilevel model. Lossy files larger than a"
        " lossless WebP file:"
        f" {above['webp']}, larger than an optimised PNG file: {above['png']}. Of the exact ones {exact['files']} take"
        f" more than PNG, at the most {exact['most']} bytes more:",
        "",
        *table(["kind", "pictures", *ways, "bytes", "WebP, exact", "PNG", "error"], kinds),
        "",
        "What the rules behind these defaults gain, on the pictures that each of them decides on; without them a photo"
        " model codes these, and a bilevel model all greys of 28x28 pixels:",
        "",
        *table(["rule", "pictures", "bytes", "without", "error", "without"], rules),
    ]


@click.command()
@data_option
@click.option("--only", help="Kinds whose names begin so; nothing is kept.")
@exit_on_error
def main(data: Path, only: str | None) -> None:
    """Measure all kinds."""
    kinds = [kind for kind in KINDS if kind.startswith(only or "")]
    rows = [measured(kind, one) for kind in tqdm(kinds, unit="kind", disable=None) for one in KINDS[kind](data)]
    beyond = [row["bytes"] - row["png"] for row in rows if row["way"] in (EXACT, TWO_LEVELS)]
    exact = {"files": sum(more > 0 for more in beyond), "most": max(beyond, default=0)}
    larger = [
        row for row in rows if row["way"] in (LOSSY, FINER, FEWER) and row["bytes"] > min(row["webp"], row["png"])
    ]
    result = {
        "kinds": list(by_kind(rows)), "rules": list(by_rule(rows)), "exact_beyond_png": exact, "larger": larger,
    }  # fmt: skip
    for row in (*result["kinds"], *result["rules"], *larger, exact):
        click.echo(row)
    if not only:
        write_result("defaults", result)


if __name__ == "__main__":
    main()
