"""The paper's decompression sheets of CIFAR-10: originals, and what the codes of each window bring back.

Run as `python -m benchmarks.cifar_sheet --data FOLDER` after `benchmarks.cifar_windows`, whose figures stand under the
pictures. It writes benchmarks/results/sheets/cifar.webp.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.cifar import load_test
from benchmarks.cifar_windows import MODELS, TEMPERATURE, as_rgb
from benchmarks.results import FOLDER, read_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.families.registry import find_model
from vlae_codec.families.windowed import codec
from vlae_codec.io.images import Picture
from vlae_models.data.cifar import SIDE
from vlae_models.data.crops import Levels

SCALE, GAP, CAPTION = 3, 2, 14
DRAWS = 2


def rows_of(name: str, images: Levels) -> list[Levels]:
    """Pictures drawn of the codes of images, RGB: as many rows as there are draws."""
    info = find_model(name)
    files = [codec.compress_photo(Picture(image), info).data for image in images]
    return [
        np.stack([as_rgb(codec.decompress_photo(data, temperature=TEMPERATURE, seed=seed)[0]) for data in files])
        for seed in range(DRAWS)
    ]


def caption(name: str, figures: dict[str, Any]) -> str:
    """Return the caption under a model's pictures."""
    return (
        f"{name}: KL {figures['file_kl_bits']:.0f} bits, payload {figures['payload_bits']:.0f} bits an image,"
        f" {figures['bits']:.3f} bits a subpixel"
    )


def sheet(parts: list[tuple[list[Levels], str]]) -> Image.Image:
    """Rows of pictures with a caption under each part."""
    side = SIDE * SCALE + GAP
    count = len(parts[0][0][0])
    height = sum(len(rows) * side + CAPTION for rows, _ in parts) + GAP
    image = Image.new("RGB", (count * side + GAP, height), "white")
    draw, top = ImageDraw.Draw(image), GAP
    for rows, text in parts:
        for row in rows:
            for number, picture in enumerate(row):
                big = Image.fromarray(picture).resize((SIDE * SCALE, SIDE * SCALE), Image.Resampling.NEAREST)
                image.paste(big, (GAP + number * side, top))
            top += side
        draw.text((GAP, top - 1), text, fill="black")
        top += CAPTION
    return image


@click.command()
@data_option
@click.option("--out", type=click.Path(path_type=Path), default=FOLDER / "sheets" / "cifar.webp", show_default=True)
@click.option("--images", type=click.IntRange(1), default=12, show_default=True, help="Test images.")
@exit_on_error
def main(data: Path, out: Path, images: int) -> None:
    """Draw the sheets."""
    result = read_result("cifar_windows")
    if not result:
        raise VlaeError("no figures yet: run python -m benchmarks.cifar_windows first")
    rgb, _ = load_test(data, images)
    parts = [([rgb], "originals: the first test images")]
    for name in MODELS:
        if name in result["models"]:
            parts.append((rows_of(name, rgb), caption(name, result["models"][name])))
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet(parts).save(out, quality=80, method=6)
    click.echo(str(out))


if __name__ == "__main__":
    main()
