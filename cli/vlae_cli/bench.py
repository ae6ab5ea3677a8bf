"""`vlae-bench`: measure a folder of pictures; in a checkout of the repository measure models and rewrite tables."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import click

from .common import command, force_option, json_option, missing, model_option

EPILOG = """\b
Examples:
  vlae-bench                              rewrites the tables in the pages from benchmarks/results
  vlae-bench --html out/                  one HTML file with all tables, figures and sheets
  vlae-bench omniglot --data ~/sets       measures a model again first (an hour)
  vlae-bench ~/scans -m photo             bytes of one's own pictures beside PNG and WebP; needs no checkout
"""
MEASUREMENTS = ("evaluate", "rate_table", "class_kept", "lossless")


@command(EPILOG)
@click.argument("models", nargs=-1, metavar="[MODELS... | FOLDER]")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), envvar="VLAE_DATA")
@click.option("--html", type=click.Path(path_type=Path), help="Folder for a report of one file, index.html.")
@model_option
@json_option
@force_option
def main(models: tuple[str, ...], data: Path | None, html: Path | None, model: str, as_json: bool, force: bool) -> None:
    """Rewrite tables and figures from the results in the repository; measure MODELS anew first, if any are named.

    A FOLDER of pictures instead of models is measured with --model, and nothing is rewritten.
    """
    from vlae_codec.errors import VlaeError

    if len(models) == 1 and is_picture_folder(Path(models[0])):
        measure_own(Path(models[0]), model, as_json)
        return
    if not Path("benchmarks", "render.py").is_file():
        raise VlaeError(f"{Path.cwd()}: no benchmarks/ here; run this in a checkout of vlae-codec's repository")
    if models and data is None:
        raise click.UsageError("to measure models, --data has to name the folder of the data sets")
    if models and importlib.util.find_spec("torch") is None:
        raise VlaeError(missing("torch"))
    for name in MEASUREMENTS if models else ():
        run(name, *models, "--data", str(data))
    run("render")
    if html:
        run("report", str(html), *(["--force"] if force else []))


def is_picture_folder(folder: Path) -> bool:
    """Whether this is a folder, and not one of a model."""
    return folder.is_dir() and not (folder / "model.json").exists()


def measure_own(folder: Path, model: str, as_json: bool) -> None:
    """Print what a folder's pictures cost."""
    from . import own_images
    from .compress import PICTURES

    result = own_images.measure(own_images.find_pictures(folder, PICTURES), model)
    click.echo(json.dumps(result) if as_json else own_images.table(result))


def run(name: str, *arguments: str) -> None:
    """Run one of the repository's measurements; its failure ends the command."""
    code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments]).returncode
    if code:
        sys.exit(code)
