"""Sheets for people to look at: photographs at 0.03 to 0.2 bits a pixel by us, JPEG, WebP and AVIF.

Run as `python -m benchmarks.photo_sheet --data FOLDER`; a sheet for each photograph goes to `results/sheets`. A codec
that cannot go so low shows its smallest file, and each picture says how many bits it took. The README's three
pictures, docs/photo.png, are made too.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from benchmarks.image_quality import Levels, psnr
from benchmarks.results import FOLDER
from benchmarks.rivals import RIVALS, best_within, installed
from benchmarks.tables import ROOT
from vlae_cli.common import data_option, exit_on_error
from vlae_codec import api
from vlae_codec.errors import ImageError, VlaeError
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.store import find_photo_model
from vlae_codec.io.images import Picture

NAMES = ("kodim03", "kodim07", "kodim15", "kodim23")
RATES = (0.03, 0.05, 0.1, 0.2)
SHOWN = ("JPEG", "WEBP", "AVIF", "JPEG XL")
README = "kodim23"
"""The photograph of the README."""
SHOWN_QUALITIES = (50, 80)
SMALLER = 2
"""Pictures are shown shrunk by this."""
LABEL = 16
QUALITY = 90
"""Of the sheet itself, a JPEG."""


def ours(model: str, original: Levels, most: int) -> tuple[Levels, int]:
    """What our file within so many bytes shows, and its bytes; the smallest if there is none."""
    picture, info = Picture(original), find_photo_model(model)
    if info is None:
        raise VlaeError(f"{model}: no such model of photographs")
    try:
        made = codec.compress_photo(picture, info, target_bytes=most)
    except ImageError:
        made = codec.compress_photo(picture, info, quality=0)
    return codec.decompress_photo(made.data)[0], len(made.data)


def cell(picture: Levels, text: str) -> Image.Image:
    """A picture with a line of text above it."""
    image = Image.fromarray(picture)
    image = image.resize((image.width // SMALLER, image.height // SMALLER), Image.Resampling.BOX)
    whole = Image.new("RGB", (image.width, image.height + LABEL), "white")
    whole.paste(image, (0, LABEL))
    ImageDraw.Draw(whole).text((3, 2), text, fill="black")
    return whole


def sheet(model: str, original: Levels) -> Image.Image:
    """Rows of rates, columns of codecs, the original first."""
    pixels = original.shape[0] * original.shape[1]
    rows = []
    for rate in RATES:
        most = int(rate * pixels / 8)
        made = {"ours": ours(model, original, most)}
        made |= {one.name: best_within(one, original, most)[:2] for one in installed(RIVALS) if one.name in SHOWN}
        texts = {
            name: f"{name}: {8 * size / pixels:.3f} bits a pixel, {psnr(original, picture):.1f} dB"
            for name, (picture, size) in made.items()
        }
        cells = [cell(original, f"original; the others at {rate:g} bits a pixel")]
        rows.append(cells + [cell(made[name][0], text) for name, text in texts.items()])
    width, height = rows[0][0].size
    whole = Image.new("RGB", (width * len(rows[0]), height * len(rows)), "white")
    for down, row in enumerate(rows):
        for across, image in enumerate(row):
            whole.paste(image, (across * width, down * height))
    return whole


def triple(original: Levels) -> Image.Image:
    """A photograph and what its files of two qualities show, shrunk, each by the model that is chosen for it."""
    files = [api.compress(original, quality=quality) for quality in SHOWN_QUALITIES]
    drawn = [np.asarray(api.decompress(file)) for file in files]
    whole = Image.fromarray(np.concatenate([original, *drawn], axis=1))
    return whole.resize((whole.width // SMALLER, whole.height // SMALLER), Image.Resampling.BOX)


@click.command()
@data_option
@click.option("-m", "--model", default="auto", show_default=True, help="A model of photographs.")
@exit_on_error
def main(data: Path, model: str) -> None:
    """Draw the sheets."""
    folder = FOLDER / "sheets"
    folder.mkdir(exist_ok=True)
    for name in tqdm(NAMES, desc="sheets", unit="sheet"):
        path = data / "kodak-dev" / f"{name}.png"
        if not path.exists():
            raise VlaeError(f"{path}: no such photograph")
        original = np.asarray(Image.open(path).convert("RGB"))
        sheet(model, original).save(folder / f"photo-{name}.jpg", quality=QUALITY)
        if name == README:
            triple(original).save(ROOT / "docs" / "photo.png", optimize=True)


if __name__ == "__main__":
    main()
