"""`vlae-compress`: pictures to .vlz files of a few bytes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vlae_codec.container.archive import MAX_IMAGES

from .common import (
    Failures,
    FiniteRange,
    command,
    device_option,
    max_pixels_option,
    model_option,
    parsed,
    refuse_together,
)
from .misuse import refuse_ending, refuse_misplaced, refuse_one_name, refuse_terminal
from .output import Output, output_options
from .resources import resource_options
from .sources import Sources, inputs_or_urls_argument, name_sources

if TYPE_CHECKING:
    from vlae_codec.io.adjust import Colour, Size
    from vlae_codec.io.metadata import Keeping
    from vlae_codec.report.records import ImageRecord

    from .compressing import CompressTask

PICTURES = frozenset({
    ".avif", ".bmp", ".gif", ".j2k", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif",
    ".tiff", ".webp",
})  # fmt: skip
"""Suffixes of the files that -r compresses."""
NOT_VLZ = PICTURES | {".heic", ".heif", ".jxl", ".pdf", ".svg", ".txt", ".npy", ".npz", ".zip"}
"""Suffixes of outputs that say that something else than a .vlz file is expected."""

EPILOG = """\b
Examples:
  vlae-compress digit.png                  writes digit.vlz beside it
  vlae-compress *.png -o small/ --json     a folder of files, a report for programs
  vlae-compress - -c < digit.png > x.vlz   from stream to stream
  vlae-compress -r scans/ --output-dir small/ -j 4   a tree of folders, mirrored, in 4 processes
  vlae-compress scan.tif --all-frames      every page: scan-0000.vlz and so on; --frame 2 takes one
  vlae-compress digit.png --bits 40        more bits, more of the picture kept
  vlae-compress photo.jpg                  a picture of any size, transparent or not
  vlae-compress photo.jpg --target-bytes 2000
  vlae-compress huge.tif --max-memory 1G   refused at once if it would take more
  vlae-compress scan.png --fit -m mnist    resize to the model's size first
  vlae-compress digit.png --lossless       the same code, and the exact pixels behind it
  vlae-compress photo.jpg --keep icc,exif  the profile and the EXIF data too, the place in them
  vlae-compress digits/ --lossless -o set.vlz    many pictures, one file, at their -ELBO
  vlae-compress stack.npy -o set.vlz       many lossy codes in one file
  vlae-compress https://example.org/digit.png        writes digit.vlz here
"""


@command(EPILOG)
@inputs_or_urls_argument
@model_option
@click.option(
    "--bits",
    type=click.IntRange(1),
    help="Bits of the code of each 28x28 image; a file of one rounds them up to bytes.",
)
@click.option(
    "--quality",
    type=FiniteRange(0, 100),
    help="Higher is a larger file and a closer picture; at 100 photographs are kept without loss, unless a model is "
    "named [default: photographs 70; 28x28 images 50, about their KL].",
)
@click.option(
    "--effort",
    type=click.IntRange(1, 9),
    help="Time to spend on better codes; at 9 photographs take minutes a megapixel, and torch [default: 5].",
)
@click.option(
    "--code",
    type=click.Choice(["search", "sample"]),
    help="Code of a 28x28 image: the best by tree search, or a true sample of q(z|x) by relative entropy coding "
    "[default: search].",
)
@click.option("--fit", is_flag=True, help="Resize pictures of another size to that of the model.")
@click.option("--lossless", is_flag=True, help="Keep the exact pixels, in a larger file.")
@click.option("--binarise", is_flag=True, help="With --lossless: round grey pixels to black and white first.")
@click.option("--target-bytes", type=click.IntRange(1), help="The best quality of a photograph within these bytes.")
@click.option("--target-bpp", type=FiniteRange(0, min_open=True), help="As --target-bytes, in bits a pixel.")
@click.option("--chunk", type=click.IntRange(1, MAX_IMAGES), help="Pictures of an archive that are coded together.")
@click.option("--names", is_flag=True, help="Keep the pictures' names in an archive.")
@click.option(
    "--resize", callback=parsed("parse_size"), metavar="WxH", help="Resize first; Wx or xH keeps the proportions."
)
@click.option(
    "--background", callback=parsed("parse_colour"), metavar="COLOUR", help="Lay transparent pictures over this colour."
)
@click.option("--frame", type=click.IntRange(0), help="Take this frame or page of an animation or document, from 0.")
@click.option("--all-frames", is_flag=True, help="Take every frame or page: x-0000.vlz and so on, or -o NAME.vlz.")
@click.option(
    "--keep",
    callback=parsed("parse_kinds", "io.metadata"),
    metavar="KINDS",
    help="Metadata: all, none, or some of icc,exif,xmp,dpi,texts [default: all with --lossless, else none].",
)
@device_option
@max_pixels_option
@click.option("--verify", is_flag=True, help="Decode each code again before it is written.")
@output_options
@resource_options
def main(
    inputs: tuple[Path | str, ...],
    model: str,
    bits: int | None,
    quality: float | None,
    effort: int | None,
    code: str | None,
    fit: bool,
    lossless: bool,
    binarise: bool,
    target_bytes: int | None,
    target_bpp: float | None,
    chunk: int | None,
    names: bool,
    frame: int | None,
    all_frames: bool,
    resize: Size | None,
    background: Colour | None,
    keep: frozenset[str] | None,
    device: str,
    max_pixels: int | None,
    verify: bool,
    output: Output,
) -> None:
    """Compress pictures; a.png becomes a.vlz. What comes back later is a plausible picture, not the same pixels.

    Handwriting and silhouettes of 28 x 28 pixels go to the bilevel models, all others to the one for
    photographs. With --lossless the same pixels come back. Many pictures (several files, a folder, a .npy or .npz
    array, an idx file of MNIST) go to one archive if the output is a .vlz file: -o set.vlz. URLs need
    'vlae-codec[collections]'.
    """
    from vlae_codec.families.request import Rate
    from vlae_codec.latents.payload import MAX_BITS

    from .compressing import SEARCHED, CompressTask, search_of

    if bits is not None and bits > MAX_BITS:
        raise click.BadParameter(f"{bits} is more than a code can have, {MAX_BITS}", param_hint="--bits")
    sizes = {"--quality": quality, "--target-bytes": target_bytes, "--target-bpp": target_bpp}
    refuse_together({"--bits": bits, **sizes})
    refuse_together({"--lossless": lossless, "--code": code is not None})
    for name, value in sizes.items():
        refuse_together({"--lossless": lossless, name: value})
    refuse_together({"--frame": frame, "--all-frames": all_frames})
    sources, paths = name_sources(inputs)
    refuse_misplaced([path for path in paths if path not in sources.remote], {".vlz"}, "the .vlz file")
    refuse_terminal(paths, output)
    if not output.mirrored and not output.recursive and len(paths) == 1:
        refuse_ending(output.out, NOT_VLZ)
    refuse_one_name(paths, output, NOT_VLZ)
    rate = Rate(
        bits, quality, target_bytes, lossless, effort, code, fit, binarise, search_of if effort == SEARCHED else None
    )
    task = CompressTask(
        model, rate, device, output, sources, verify, max_pixels, target_bpp, resize, background, frame, all_frames,
        keep=_keeping(keep, lossless),
    )  # fmt: skip
    counts = _count_frames(paths, sources) if all_frames and not output.recursive else {}
    if _makes_archive(paths, output, any(count > 1 for count in counts.values())):
        if lossless and bits is not None:
            raise click.UsageError("a lossless archive takes the bits that it needs: leave out --bits")
        if keep:
            raise click.UsageError("--keep is for files of one picture, and archives hold no metadata")
        from .archives import compress_to_archive

        compress_to_archive(paths, task, chunk=chunk, names=names)
        return
    if chunk or names:
        raise click.UsageError("--chunk and --names are for archives: several pictures and -o NAME.vlz")
    _compress(paths, task)


def _makes_archive(inputs: Sequence[Path], output: Output, several: bool) -> bool:
    """Whether an output is an archive: a .vlz file for several inputs, or for one that may hold several pictures."""
    from vlae_codec.io.datasets import is_stack

    out = output.out
    if out is None or output.mirrored or output.recursive or out.suffix != ".vlz" or os.path.isdir(out):
        return False
    return len(inputs) > 1 or several or is_stack(inputs[0])


def _keeping(kinds: frozenset[str] | None, lossless: bool) -> Keeping:
    """Return what is kept beside pixels; None of the kinds means the default."""
    from vlae_codec.io.metadata import Keeping, parse_kinds

    return Keeping(parse_kinds("all" if lossless else "none") if kinds is None else kinds, lossless)


def _count_frames(inputs: Sequence[Path], sources: Sources) -> dict[Path, int]:
    """How many frames the inputs have; a stream is read but once, so their number is unknown."""
    from vlae_codec.io import files, opening

    if files.STREAM in inputs:
        raise click.UsageError("--all-frames needs files, not the standard input")
    return {path: opening.count_frames(sources.where(path)) for path in inputs}


def _compress(inputs: tuple[Path, ...], task: CompressTask) -> None:
    """Write a file for each picture, and report on each."""
    from vlae_codec.families.choice import candidates
    from vlae_codec.io import targets
    from vlae_codec.report.records import image_table, notice_lines, tree

    from .compressing import compress_batch, reason

    candidates(task.model)  # an unknown model is an error of the command, not of each input
    output, failures = task.output, Failures()
    records: list[ImageRecord] = []
    plan = output.plan(inputs, ".vlz", PICTURES)
    if task.every_frame:
        plan, frames = targets.spread(plan, _count_frames([source for source, _ in plan.pairs], task.sources))
        task = replace(task, frames=frames)
    output.report(plan.problems, failures)
    for _, record in output.records("compressing", compress_batch, task, plan.pairs, failures):
        records.append(record)
        output.line(asdict(record), reason(task, record))
    output.result(lambda: tree(records, failures.count), lambda: image_table(records) if records else "")
    for line in notice_lines(records):
        output.note(line)
    output.end()
    failures.exit(len(plan.pairs) + len(plan.problems))
