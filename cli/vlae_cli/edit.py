"""`vlae-edit`: pictures of a code with another class, in another style, or between two codes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import FiniteRange, command, force_option, progress_bar, refuse_together
from .sources import PathOrUrl

if TYPE_CHECKING:
    from vlae_codec.families.bilevel.codec import OpenedFile

MAX_SEED = 2**31 - 1
VLZ = ".vlz"
EPILOG = """\b
Examples:
  vlae-compress -m mnist-label four.png          four.vlz: its class, and how it is written
  vlae-edit four.vlz --class 7 -o seven.png      a 7 in the same hand
  vlae-edit four.vlz --class 7 -o seven.vlz      the same as a file: a few bits differ
  vlae-edit four.vlz --style-of nine.vlz -o other-four.png
  vlae-edit --mix four.vlz nine.vlz --steps 8 -o between.png
  vlae-edit four.vlz nine.vlz --sheet -o sheet.png      all classes, a row for each hand
"""


@command(EPILOG)
@click.argument("inputs", nargs=-1, type=PathOrUrl())
@click.option("--class", "label", type=click.IntRange(0), metavar="NUMBER", help="Hold the style, take this class.")
@click.option("--style-of", "style", type=PathOrUrl(), metavar="FILE", help="Hold the class, take FILE's style.")
@click.option("--mix", type=PathOrUrl(), nargs=2, metavar="FILE FILE", help="Draw what lies between two files.")
@click.option("--steps", type=click.IntRange(2, 256), help="Pictures of --mix, both ends included [default: 8].")
@click.option(
    "--strength",
    type=FiniteRange(min=0, max=2, min_open=True),
    help="Of the style: below 1, nearer to the middle of the class [default: 0.75; of .vlz files 1].",
)
@click.option("--sheet", is_flag=True, help="Draw all classes in the style of each input, a row each.")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A picture; with --class or --style-of and one input, a .vlz file too; - for a PNG on the standard output.",
)
@click.option(
    "--scale", type=click.IntRange(1, 16), default=1, show_default=True, help="Upscale pictures so many times."
)
@click.option("--seed", type=click.IntRange(0, MAX_SEED), help="Seed of the texture [default: 0].")
@force_option
def main(
    inputs: tuple[Path | str, ...],
    label: int | None,
    style: Path | str | None,
    mix: tuple[Path | str, Path | str] | None,
    steps: int | None,
    strength: float | None,
    sheet: bool,
    out: Path,
    scale: int,
    seed: int | None,
    force: bool,
) -> None:
    """Draw edits of .vlz INPUTS of a model with classes, such as mnist-label; --mix takes files of any one model.

    Files may be URLs, with 'vlae-codec[collections]'.
    """
    refuse_together({"--class": label, "--style-of": style, "--mix": mix, "--sheet": sheet or None})
    _check_use(inputs, (label, style, mix, sheet or None), steps, strength, out)
    if out.suffix == VLZ and (scale != 1 or seed is not None or strength is not None):
        raise click.UsageError("--scale, --seed and --strength are of pictures, and a .vlz file is written")
    from vlae_codec.families.bilevel import editing
    from vlae_codec.io import files, targets, writing
    from vlae_codec.io.sheets import contact_sheet

    if out.suffix != VLZ:
        writing.check_ending(out)
    for source in (*inputs, *(mix or ()), *([style] if style else [])):
        if isinstance(source, Path):
            targets.check_target(source, out, force)
    codes = [_read(path) for path in mix or inputs]
    styles = codes if style is None else [_read(style)] * len(codes)
    if out.suffix == VLZ:
        files.write_whole(out, editing.edited(codes[0], styles[0], label).lossy)
        return
    if mix:
        z, columns = editing.mixed(codes[0], codes[1], steps or 8), steps or 8
    else:
        labels = editing.labels_of(codes[0].model) if sheet else [label]
        columns = len(labels) if sheet else len(codes)
        z = editing.restyled(codes, styles, labels, strength or editing.STRENGTH)
    with progress_bar("drawing") as step:
        pictures = editing.draw(codes[0].model, z, seed or 0, step)
    if len(pictures) > 1:
        writing.write_picture(out, contact_sheet([pictures], columns, scale))
    else:
        writing.write_picture(out, pictures[0].repeat(scale, axis=0).repeat(scale, axis=1))


def _read(path: Path | str) -> OpenedFile:
    from vlae_codec.container import header
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel.editing import read_code
    from vlae_codec.io import files

    try:
        return read_code(files.read_by_head(path, header.HEADER.size, header.limit))
    except VlaeError as error:
        raise VlaeError(f"{path}: {error}") from error


def _check_use(
    inputs: tuple[Path | str, ...], edits: tuple[object, ...], steps: int | None, strength: float | None, out: Path
) -> None:
    """Refuse what does not go together, as wrong use; the edits are --class, --style-of, --mix and --sheet."""
    label, style, mix, _ = edits
    if all(edit is None for edit in edits):
        raise click.UsageError("give one of --class, --style-of, --mix and --sheet")
    if bool(inputs) == bool(mix):
        raise click.UsageError("--mix takes both its files itself" if mix else "give the .vlz files to edit")
    if (steps is not None and not mix) or (strength is not None and mix):
        raise click.UsageError("--steps is of --mix, --strength of the other edits")
    if out.suffix == VLZ and ((label is None and style is None) or len(inputs) != 1):
        raise click.UsageError("a .vlz file holds one edited picture: give --class or --style-of and one input")
