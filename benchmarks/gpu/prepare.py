"""The training pictures of photo models in shards, small enough to be carried to another machine.

Run as `python -m benchmarks.gpu.prepare --data FOLDER --out FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import numpy as np

from vlae_cli.common import data_option, exit_on_error
from vlae_models.data.held_out import HELD_OUT, validation_crops
from vlae_models.data.packing import DRAWN_COUNT, LIMIT, QUALITY, training_members, write_shards
from vlae_models.data.shards import load_shards


@click.command()
@data_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/gpu/shards"))
@click.option("--drawn", type=click.IntRange(0), default=DRAWN_COUNT, show_default=True, help="Drawn pictures.")
@click.option("--quality", type=click.IntRange(1, 100), default=QUALITY, show_default=True, help="Of JPEG.")
@click.option("--limit", type=click.IntRange(1), default=LIMIT, show_default=True, help="Bytes of a shard.")
@exit_on_error
def main(data: Path, out: Path, drawn: int, quality: int, limit: int) -> None:
    """Write the shards and the validation crops beside them, and say what is in them."""
    paths = write_shards(out, training_members(data, drawn, quality), limit)
    for path in paths:
        print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")
    np.savez_compressed(out / HELD_OUT, crops=validation_crops(data))
    pictures = load_shards(out)
    pixels = pictures.height * pictures.width / 1e6
    for title, kind in (("drawn pictures", pictures.drawn), ("photographs", ~pictures.drawn)):
        print(f"{np.count_nonzero(kind)} {title}, {pixels[kind].sum():.1f} Mpixel")


if __name__ == "__main__":
    sys.exit(main())
