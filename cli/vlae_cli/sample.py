"""`vlae-sample`: pictures that a model makes up, z drawn from its prior."""

from __future__ import annotations

from math import isqrt
from pathlib import Path

import click

from .common import command, device_option, force_option, model_option, progress_bar, seed_option

MAX_SEED = 2**31 - 1
EPILOG = """\b
Examples:
  vlae-sample -m mnist -n 64 -o sheet.png      8 rows of 8 digits
  vlae-sample -m mnist-label -n 64 --class 3 -o threes.png
  vlae-sample -m omniglot -n 20 --columns 10 -o characters.png --seed 3
"""


@command(EPILOG)
@model_option
@click.option(
    "-n", "--number", type=click.IntRange(1, 10_000), default=64, show_default=True, help="How many pictures."
)
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="The sheet; - for the standard output."
)
@click.option("--columns", type=click.IntRange(1), help="Pictures in a row; by default as many as there are rows.")
@click.option(
    "--scale", type=click.IntRange(1, 16), default=2, show_default=True, help="Upscale pictures so many times."
)
@seed_option("Seed of z and texture; another seed, other pictures.", most=MAX_SEED)
@click.option(
    "--class", "label", type=click.IntRange(0), metavar="NUMBER", help="Of all pictures [default: each class in turn]."
)
@device_option
@force_option
def main(
    model: str,
    number: int,
    out: Path,
    columns: int | None,
    scale: int,
    seed: int,
    label: int | None,
    device: str,
    force: bool,
) -> None:
    """Draw a sheet of pictures that a model of one size makes up: z from p(z), then pixels from p(x|z)."""
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel import codec
    from vlae_codec.families.choice import bilevel_models
    from vlae_codec.io import files, sheets, targets, writing

    models = bilevel_models(model)
    if not models:
        raise VlaeError(
            f"model {model} is of pictures of any size: vlae-sample takes models of one size, such as mnist"
        )
    writing.check_ending(out)
    targets.check_target(files.STREAM, out, force)
    with progress_bar("drawing") as step:
        drawn = codec.draw_prior(models[0], number, seed=seed, label=label, device=device, progress=step)
    sheet = sheets.contact_sheet([255 * drawn], columns=columns or isqrt(number - 1) + 1, scale=scale)
    writing.write_picture(out, sheet)
