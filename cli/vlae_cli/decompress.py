"""`vlae-decompress`: .vlz files to plausible pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .batches import Pair
from .common import Failures, FiniteRange, command, device_option, max_pixels_option, refuse_together, seed_option
from .misuse import refuse_misplaced, refuse_one_name, refuse_terminal
from .output import Output, output_options
from .resources import resource_options
from .sources import Sources, inputs_or_urls_argument, open_sources

if TYPE_CHECKING:
    from vlae_codec.report.records import DrawnRecord

    from .decompressing import DecompressTask

FILES = frozenset({".vlz"})
"""Suffixes of the files that -r decompresses."""

EPILOG = """\b
Examples:
  vlae-decompress digit.vlz                          writes digit.png beside it
  vlae-decompress digit.vlz -o again.png --seed 7    other texture, same digit
  vlae-decompress digit.vlz -o sheet.png --samples 8 eight of them side by side
  vlae-decompress photo.vlz --temperature 0.6        grass and gravel for what is smooth at a low rate
  vlae-decompress exact.vlz --preview                of a lossless file, the lossy picture
  vlae-decompress - -c < x.vlz > x.png               from stream to stream
  vlae-decompress -r small/ --output-dir again/      a tree of folders, mirrored
  vlae-decompress set.vlz -o digits/                 of an archive, every picture: 0000.png, 0001.png ...
  vlae-decompress set.vlz -o some/ --index 10:20     or some of them; of a collection too
  vlae-decompress set.vlz --name a/cat.png -o cat.png
  vlae-decompress https://example.org/digit.vlz      writes digit.png here
"""


@command(EPILOG)
@inputs_or_urls_argument
@seed_option("Seed of the sampled texture; another seed, another plausible picture [default: 0].", None)
@click.option(
    "--samples", type=click.IntRange(1, 256), default=1, show_default=True, help="Plausible pictures of a file, in one."
)
@click.option(
    "--preview",
    is_flag=True,
    help="The lossy picture of a lossless file; of photographs the base reconstruction, at once.",
)
@click.option(
    "--temperature",
    type=FiniteRange(0, 1),
    help="How far the texture of photographs, which no bits were spent on, strays from the base reconstruction: "
    "1 samples it, 0 leaves it out [default: 0; with --samples 0.4].",
)
@click.option("--index", metavar="N|A:B:C", help="Only this picture or slice of an archive or collection, from 0.")
@click.option("--name", help="Only the picture of this name of an archive or collection.")
@click.option("--keep-going", is_flag=True, help="Write what is intact of a damaged archive or collection.")
@device_option
@max_pixels_option
@output_options
@resource_options
def main(
    inputs: tuple[Path | str, ...],
    seed: int | None,
    samples: int,
    preview: bool,
    temperature: float | None,
    index: str | None,
    name: str | None,
    keep_going: bool,
    device: str,
    max_pixels: int | None,
    output: Output,
) -> None:
    """Draw the pictures that .vlz files stand for; a.vlz becomes a.png. One seed gives the same pixels everywhere.

    Lossless files give their exact pixels. The pictures of an archive or collection go to the folder of its name, or
    where -o says; one alone to a file, and those of an archive with -o NAME.npy into one array. URLs need
    'vlae-codec[collections]'.
    """
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel.identify import is_collection
    from vlae_codec.families.request import Draw
    from vlae_codec.io import writing
    from vlae_codec.io.targets import Plan

    from .decompressing import DecompressTask

    sources, paths = open_sources(inputs)
    refuse_together({"--index": index, "--name": name})
    refuse_misplaced([path for path in paths if path not in sources.remote], writing.FORMATS, "the picture")
    refuse_terminal(paths, output)
    refuse_one_name(paths, output, {*writing.FORMATS, ".vlz", ".npy"})
    failures = Failures()
    plan = output.plan(paths, ".png", FILES) if output.recursive else Plan([(path, path) for path in paths], [])
    output.report(plan.problems, failures)
    several = _several(plan.pairs, sources, failures)
    if not several or output.recursive:
        if (index is not None or name is not None) and not several:
            raise click.UsageError("--index and --name are for archives and collections")
        if not output.recursive:
            plan = output.plan(paths, ".png", FILES)
            output.report(plan.problems, failures)
        draw = Draw(seed or 0, samples, temperature, preview, max_pixels, insist=seed is not None)
        task = DecompressTask(draw, device, output, sources)
        singles = [pair for pair in plan.pairs if pair not in several and pair[0] not in failures.paths]
        _decompress(singles, task, failures)
    elif len(inputs) > 1:
        raise VlaeError(f"{several[0][0]}: an archive is decompressed alone, without other inputs (or with -r)")
    elif preview or samples > 1 or temperature is not None:
        raise click.UsageError("--preview, --samples and --temperature are for files of one picture")
    for source, target in several:
        from .archives import ReadTask, decompress_archive
        from .extracting import decompress_collection

        place = target.with_suffix("") if output.recursive else output.out
        with failures.of(source):
            read = ReadTask(index, name, keep_going, seed or 0, device, max_pixels)
            if is_collection(sources.head(source)):
                lost = decompress_collection(source, sources.collection(source), place, read, output)
            else:
                lost = decompress_archive(source, sources.read(source), place, read, output)
            if lost:
                failures.count += lost
                failures.paths.add(source)
    output.end()
    failures.exit(len(plan.pairs) + len(plan.problems))


def _several(pairs: Sequence[Pair], sources: Sources, failures: Failures) -> list[Pair]:
    """Return the inputs that are archives or collections, by their first bytes; report those that cannot be read."""
    from vlae_codec.families.bilevel.identify import is_archive, is_collection

    found = []
    for pair in pairs:
        with failures.of(pair[0]):
            head = sources.head(pair[0])
            found += [pair] if is_collection(head) or is_archive(head) else []
    return found


def _decompress(pairs: Sequence[Pair], task: DecompressTask, failures: Failures) -> None:
    """Write a picture for each file, and report on each."""
    from vlae_codec.report.records import tree

    from .decompressing import decompress_batch

    output = task.output
    records: list[DrawnRecord] = []
    for source, (record, lost) in output.records("drawing", decompress_batch, task, pairs, failures):
        if lost:
            click.echo(f"warning: {source}: {lost}", err=True)
        records.append(record)
        output.line(partial(asdict, record))
    output.result(lambda: tree(records, failures.count), lambda: "")
