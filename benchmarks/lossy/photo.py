"""Measure codecs on lossy pictures.

    python -m benchmarks.lossy.photo photo plain-rounding --data ../shared/data      # some codecs
    python -m benchmarks.lossy.photo rivals --data ../shared/data                    # all that are not ours

Rows go to benchmarks/results/lossy.csv, those of a codec that is measured again in place of its old ones; tables follow
from it (`tables`). Kodak-dev is validation: no picture of it is trained with, but choices were made by it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image, features
from tqdm import tqdm

from vlae_cli.common import data_option

from .codecs import CODECS, RIVALS, Codec
from .graphics import graphics
from .judges import JUDGES, judged
from .rows import RESULTS, ROWS, SKIES, read_rows, write_rows

Levels = NDArray[np.uint8]
KEYS = ("codec", "set", "picture", "setting", "pixels", "bytes", *JUDGES)
SKY_PATCH = 64
SKY_SETTING = 50
SKY_PICTURES = ("kodim03", "kodim05", "kodim11", "kodim21")


def pictures(data: Path) -> Iterator[tuple[str, str, Levels]]:
    """Yield set, name and levels of the pictures."""
    for path in sorted(data.glob("kodak-dev/*.png")):
        with Image.open(path) as image:
            yield "kodak", path.stem, np.asarray(image.convert("RGB"))
    for name, levels in graphics().items():
        yield "graphics", name, levels


def measured(name: str, codec: Codec, data: Path) -> Iterator[dict[str, str | float]]:
    """Yield a row for each picture and setting."""
    found = [one for one in pictures(data) if one[0] in codec.sets]
    with tempfile.TemporaryDirectory() as folder, tqdm(total=len(found) * len(codec.settings), desc=name) as bar:
        for kind, picture, levels in found:
            for setting in codec.settings:
                size, drawn = codec.code(levels, setting)
                row: dict[str, str | float] = {"codec": name, "set": kind, "picture": picture, "setting": setting}
                yield {**row, "pixels": levels[:, :, 0].size, "bytes": size, **judged(levels, drawn, Path(folder))}
                bar.update()


def flattest(levels: Levels) -> tuple[int, int]:
    """Return row and column of the square of `SKY_PATCH` pixels in which a picture varies least, but is not clipped."""
    grey = levels.astype(np.float64).mean(2)
    best, where = np.inf, (0, 0)
    for top in range(0, grey.shape[0] - SKY_PATCH, SKY_PATCH // 4):
        for left in range(0, grey.shape[1] - SKY_PATCH, SKY_PATCH // 4):
            patch = grey[top : top + SKY_PATCH, left : left + SKY_PATCH]
            if patch.std() < best and patch.min() > 8 and patch.max() < 247:
                best, where = float(patch.std()), (top, left)
    return where


def noise(levels: Levels, where: tuple[int, int]) -> float:
    """Return the standard deviation of a square, in levels, once a plane is taken from each channel."""
    top, left = where
    patch = levels[top : top + SKY_PATCH, left : left + SKY_PATCH].astype(np.float64).reshape(-1, 3)
    rows, columns = np.mgrid[:SKY_PATCH, :SKY_PATCH].reshape(2, -1)
    plane = np.stack([rows, columns, np.ones_like(rows)], 1)
    rest = patch - plane @ np.linalg.lstsq(plane, patch, rcond=None)[0]
    return round(float(rest.std(0).mean()), 3)


def skies(data: Path) -> list[dict[str, str | float]]:
    """Return the noise of flat squares, in the original and as coded at quality 50."""
    rows: list[dict[str, str | float]] = []
    for kind, picture, levels in pictures(data):
        if kind == "kodak" and picture in SKY_PICTURES:
            where = flattest(levels)
            row: dict[str, str | float] = {"picture": picture, "original": noise(levels, where)}
            for name in ("photo", "first", "avif"):
                row[name] = noise(CODECS[name].code(levels, SKY_SETTING)[1], where)
            rows.append(row)
    return rows


def versions() -> str:
    """Return the versions of the libraries that did the rivals' work."""
    parts = [f"Pillow {metadata.version('pillow')}", f"libavif {features.version('avif')}"]
    parts += [f"libwebp {features.version('webp')}", f"libjpeg-turbo {features.version('libjpeg_turbo')}"]
    for package in ("pillow-jxl-plugin", "ssimulacra2"):
        parts.append(f"{package} {metadata.version(package)}")
    return ", ".join(parts)


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice([*CODECS, "rivals"]))
@data_option
def main(names: tuple[str, ...], data: Path) -> None:
    """Measure codecs by NAMES."""
    for name in [one for given in names for one in (RIVALS if given == "rivals" else [given])]:
        rows = list(measured(name, CODECS[name], data))
        # A codec's rows appear once all of them are there; another process may have written in between.
        kept = [row for row in read_rows() if row["codec"] != name]
        write_rows(ROWS, [*kept, *({key: str(row[key]) for key in KEYS} for row in rows)])
    if "photo" in names:
        write_rows(SKIES, skies(data))
    (RESULTS / "lossy_versions.txt").write_text(versions() + "\n")


if __name__ == "__main__":
    main()
