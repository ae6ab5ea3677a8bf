"""Files of the photo models, and the pictures that they must give for ever, for `tests/golden/photo`.

Run as `python -m benchmarks.make_photo_golden` once a model is released; what is there already is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from vlae_codec.container.header import WINDOWED, parse_head
from vlae_codec.families import codec
from vlae_codec.families.family import Job
from vlae_codec.families.registry import list_models
from vlae_codec.families.request import Draw, Rate
from vlae_codec.io.images import Picture
from vlae_codec.model.info import BILEVEL, PAGE, PHOTO, ModelInfo
from vlae_codec.report.quality import Levels

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "golden" / "photo"
SIZES = {"": (37, 52), "-tiny": (20, 18), "-small": (21, 17)}
"""Rows and columns, by what is added to a file's name; the tiny ones are for the independent reader, which is slow."""
PAGE_SIZES = {"": (81, 90), "-tiny": (37, 52)}
"""Those of pages: more pixels, and fewer, than one exact number codes."""
MAIN, OF_MAIN, OF_OTHERS = "photo-exact", ("", "-tiny"), ("-small",)
"""The model of most files, and which files it and the others have."""
KINDS: dict[str, dict[str, Any]] = {"lossy": {"quality": 100}, "shrunk": {}, "lossless": {"lossless": True}}
"""How each kind of file is made; a model that downscales nothing has none that is "shrunk"."""
TEMPERATURE = 0.7


def picture(grey: bool, size: tuple[int, int]) -> Levels:
    """Draw a picture: waves of colour, and an edge."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    waves = [(7 * rows + 3 * columns) % 256, (5 * columns) % 256, 255 - (4 * rows) % 256]
    levels = np.stack(waves, axis=-1).astype(np.uint8)
    levels[rows > columns] //= 2
    return levels[:, :, 0].copy() if grey else levels


def two_levels(grey: bool, size: tuple[int, int]) -> Levels:
    """Draw the picture in two levels: black and white, or two colours."""
    ink = picture(True, size) > 110
    levels = np.array([(255, 255, 255), (0, 0, 0)] if grey else [(250, 240, 230), (10, 20, 90)], np.uint8)
    found = levels[ink.astype(np.uint8)]
    return found[:, :, 0].copy() if grey else found


def decode(data: bytes, device: str = "cpu") -> Levels:
    """Decode a golden file: drawn with noise, or the exact picture."""
    temperature = TEMPERATURE if parse_head(data)[0] == WINDOWED else None
    return codec.decompress_one(data, Draw(11, temperature=temperature), device).pictures[0]


@click.command()
def main() -> None:
    """Make the golden files that are not there yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for info in (one for one in list_models() if one.shipped and one.family != BILEVEL):
        if info.family == PAGE:
            make_pages(info)
        else:
            make(info, OF_MAIN if info.name == MAIN else OF_OTHERS)


def make_pages(info: ModelInfo) -> None:
    """Make the files of a page model."""
    for added, grey in product(PAGE_SIZES, (False, True)):
        path = FOLDER / f"{info.fingerprint[:12]}-{'grey' if grey else 'colour'}-page{added}.vlz"
        if not path.exists():
            write(path, codec.compress_one(Job(Picture(two_levels(grey, PAGE_SIZES[added])), (info,), Rate())).data)


def make(info: ModelInfo, sizes: Sequence[str]) -> None:
    """Make the files of one model."""
    kinds = ("lossy",) if info.family == PHOTO else tuple(KINDS)
    for added, grey, kind in product(sizes, (False, True), kinds):
        path = FOLDER / f"{info.fingerprint[:12]}-{'grey' if grey else 'colour'}-{kind}{added}.vlz"
        if path.exists():
            continue
        made = codec.compress_one(Job(Picture(picture(grey, SIZES[added])), (info,), Rate(**KINDS[kind])))
        if kind == "shrunk" and made.coded_size == made.size:
            continue
        write(path, made.data)


def write(path: Path, data: bytes) -> None:
    """Write a file, and the picture that it gives."""
    path.write_bytes(data)
    Image.fromarray(decode(data)).save(path.with_suffix(".png"), optimize=True)
    click.echo(f"{path.name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
