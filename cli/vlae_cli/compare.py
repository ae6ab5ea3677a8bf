"""`vlae-compare`: how far a picture is from another one, or from what comes back of its .vlz file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import FiniteRange, command, force_option, json_option, max_pixels_option, seed_option
from .sources import PathOrUrl

if TYPE_CHECKING:
    from vlae_codec.io.images import Picture
    from vlae_codec.report.comparison import Side

EPILOG = """\b
Examples:
  vlae-compare photo.png photo.vlz
  vlae-compare photo.png photo.vlz --diff diff.png --gain 8
  vlae-compare photo.png other.jpg --json
  vlae-compare https://example.org/photo.png photo.vlz
"""


@command(EPILOG)
@click.argument("original", type=PathOrUrl())
@click.argument("other", type=PathOrUrl())
@click.option("--diff", type=click.Path(path_type=Path), help="Write OTHER less ORIGINAL, around a grey of 128, here.")
@click.option(
    "--gain", type=FiniteRange(0, 255, min_open=True), default=4, show_default=True, help="Factor on what --diff shows."
)
@seed_option("Seed of the sampled texture of .vlz files.")
@max_pixels_option
@json_option
@force_option
def main(
    original: Path | str,
    other: Path | str,
    diff: Path | None,
    gain: float,
    seed: int,
    max_pixels: int | None,
    as_json: bool,
    force: bool,
) -> None:
    """Print PSNR, MS-SSIM, SSIMULACRA2 (if its package is installed) and bits a pixel of two pictures.

    Each of them is a picture or a .vlz file of one picture, or the URL of one ('vlae-codec[collections]'); transparent
    ones are laid over white.
    """
    from vlae_codec.io import files, targets, writing
    from vlae_codec.report import comparison

    if diff is not None:
        writing.check_ending(diff)
        for source in (one for one in (original, other) if isinstance(one, Path)):
            targets.check_target(source, diff, force)
    first, second = (_side(path, seed, max_pixels) for path in (original, other))
    found = comparison.compare(first, second)
    if diff is not None:
        writing.write_picture(diff, comparison.difference(first.picture, second.picture, gain))
    on_stderr = diff == files.STREAM
    click.echo(json.dumps(asdict(found)) if as_json else comparison.comparison_table(found), err=on_stderr)


def _side(path: Path | str, seed: int, max_pixels: int | None) -> Side:
    """Read a picture, or draw that of a .vlz file, whatever its name is."""
    from vlae_codec.container import header
    from vlae_codec.errors import VlaeError
    from vlae_codec.io import files, images
    from vlae_codec.report.comparison import Side

    data = files.read_up_to(path, images.MAX_BYTES)
    try:
        if data.startswith(header.MAGIC):
            return Side(str(path), len(data), _drawn(data, seed, max_pixels))
        if not data:
            raise VlaeError("the file is empty, not an image")
        return Side(str(path), len(data), images.decode_image(data, max_pixels or images.MAX_PIXELS))
    except VlaeError as error:
        raise VlaeError(f"{path}: {error}") from error


def _drawn(data: bytes, seed: int, max_pixels: int | None) -> Picture:
    """Draw the picture of a .vlz file."""
    from vlae_codec import api
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel.identify import is_archive
    from vlae_codec.io import images

    if is_archive(data):
        raise VlaeError("an archive: decompress it first, and compare its pictures one by one")
    return images.from_pillow(api.decompress(data, seed, max_pixels=max_pixels))
