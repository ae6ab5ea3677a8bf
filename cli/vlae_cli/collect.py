"""`vlae-collect`: many pictures, of any model and size, in one file that any of them can be read from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from vlae_codec.io.urls import name_of

from .collecting import Engine, make_collection
from .common import (
    Failures,
    FiniteRange,
    exit_on_error,
    force_option,
    json_option,
    model_option,
    progress_bar,
    seed_option,
    version_option,
)
from .sources import PathOrUrl, inputs_or_urls_argument

EPILOG = """\b
Examples:
  vlae-collect make pictures/ -o set.vlz -j 4     all pictures below the folder, under their names
  vlae-collect make more/ -o more.vlz --lossless
  vlae-collect make train-*.parquet -o train.vlz --column image --engine ray -j 8
  vlae-collect make shard-*.tar -o shards.vlz     pictures of WebDataset's tars
  vlae-collect join set.vlz more.vlz -o all.vlz   collections and single .vlz files in one
  vlae-collect append set.vlz more.vlz            to the end of set.vlz
  vlae-collect list all.vlz                       numbers, names and bytes
  vlae-collect extract all.vlz -o some/ --index 10:20
  vlae-collect recover set.vlz                    after its writer was stopped

A job that was stopped goes on where it was, if it is started again: parts that are done lie in the folder NAME.parts.
"""
out_option = click.option(
    "-o", "--out", required=True, type=PathOrUrl(), help="The collection, a path or URL; it must not exist."
)
collection_argument = click.argument("collection", type=click.Path(path_type=Path))
collection_or_url_argument = click.argument("collection", type=PathOrUrl())


@click.group(epilog=EPILOG)
@version_option
def main() -> None:
    """Make, join, list and unpack collections."""


@main.command()
@inputs_or_urls_argument
@out_option
@model_option
@click.option("--lossless", is_flag=True, help="Keep the exact pixels.")
@click.option("--quality", type=FiniteRange(0, 100), help="0 to 100; 50 is the default.")
@click.option("--effort", type=click.IntRange(1, 9), help="Time spent on fewer bytes [default: 5].")
@click.option("--pack", type=click.IntRange(1), default=1, show_default=True, help="Bilevel pictures in an archive.")
@click.option("--part", type=click.IntRange(1), default=1000, show_default=True, help="Pictures that are done at once.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes or actors.")
@click.option(
    "--engine", type=click.Choice([one.value for one in Engine]), default="processes", show_default=True,
    help="Who shares out the work; ray needs 'vlae-codec[ray]', dask 'vlae-codec[dask]'.",
)  # fmt: skip
@click.option("--column", help="Pictures in Parquet files; image is the default.")
@click.option("--name-column", help="Names of pictures in Parquet files; by default their numbers.")
@click.option("--errors", type=click.Path(path_type=Path), help="Write a line of JSON here for each bad picture.")
@json_option
@exit_on_error
def make(
    inputs: tuple[Path | str, ...], out: Path | str, as_json: bool, engine: str, errors: Path | None,
    column: str | None, name_column: str | None, **rest: Any,
) -> None:  # fmt: skip
    """Make a collection of pictures: files, folders, tars (WebDataset), columns of Parquet files, and URLs of these.

    Bad pictures are left out, each is a line on stderr, and the exit code is 1.
    """
    if (column or name_column) and not any(name_of(one).suffix.lower() == ".parquet" for one in inputs):
        raise click.UsageError("--column and --name-column are for Parquet files")
    given = {name: rest[name] for name in ("quality", "effort") if rest[name] is not None}
    options = {"lossless": rest["lossless"], "pack": rest["pack"], **given}
    made = make_collection(
        inputs, out, rest["model"], options, part=rest["part"], jobs=rest["jobs"], engine=Engine(engine),
        column=column or "image", names=name_column,
    )  # fmt: skip
    if errors is not None:
        lines = [json.dumps({"name": name, "error": error}) + "\n" for name, error in made.failed]
        errors.write_text("".join(lines))
    record = asdict(made) | {"failed": len(made.failed), "bits_a_picture": made.bits_a_picture}
    if as_json:
        click.echo(json.dumps(record, indent=2))
    else:
        click.echo("\n".join(f"{name.replace('_', ' '):20}{value}" for name, value in record.items()))
    failures = Failures()
    for name, error in made.failed:
        failures.add(Path(name), error)
    failures.exit(made.pictures + len(made.failed))


@main.command()
@inputs_or_urls_argument
@click.option("-o", "--out", required=True, type=PathOrUrl(), help="The collection, a path or URL.")
@force_option
@exit_on_error
def join(inputs: tuple[Path | str, ...], out: Path | str, force: bool) -> None:
    """Join collections, archives and single files; the inputs stay as they are."""
    from vlae_codec import collections

    click.echo(f"{collections.join(inputs, out, force=force)} pictures")


@main.command()
@collection_argument
@inputs_or_urls_argument
@exit_on_error
def append(collection: Path, inputs: tuple[Path | str, ...]) -> None:
    """Append collections to the end of one; what is there stays as it is."""
    from vlae_codec import collections

    for path in inputs:
        count = collections.append(collection, path)
    click.echo(f"{count} pictures")


@main.command("list")
@collection_or_url_argument
@json_option
@exit_on_error
def list_(collection: Path | str, as_json: bool) -> None:
    """List the files of a collection: the number of the first picture, how many, bytes and name."""
    from vlae_codec.collections import Collection

    with Collection(collection) as found:
        for number, count, size, name in found.listing():
            row = {"number": number, "pictures": count, "bytes": size, "name": name}
            click.echo(json.dumps(row) if as_json else f"{number:>9} {count:>7} {size:>10}  {name}")


@main.command()
@collection_or_url_argument
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder for the pictures.")
@click.option("--index", metavar="N|A:B:C", default=":", help="This picture or slice alone.")
@seed_option("Seed of the sampled texture in lossy files.")
@force_option
@exit_on_error
def extract(collection: Path | str, out: Path, index: str, seed: int, force: bool) -> None:
    """Write pictures as PNG files, under their names or numbers."""
    from .archives import ReadTask
    from .extracting import extract_pictures

    with progress_bar("decoding") as step:
        written = extract_pictures(collection, out, ReadTask(index, seed=seed), force=force, step=step)
    click.echo(f"{written} pictures")


@main.command()
@collection_argument
@exit_on_error
def recover(collection: Path) -> None:
    """Mend a collection whose writer was stopped: all whole files stay."""
    from vlae_codec import collections

    lost = collections.recover(collection)
    click.echo(f"{lost} bytes were cut off, and are kept in {collection.name}.lost" if lost else "nothing is missing")
