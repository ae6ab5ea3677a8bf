"""`vlae-export`: a trained network to a model folder of integers that the codec reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from .common import command, data_option

EPILOG = """\b
Examples:
  vlae-export mnist --data ~/sets --run runs/mnist --out mnist
  vlae-compress -m ./mnist digit.png
"""


@command(EPILOG)
@click.argument("recipe")
@data_option
@click.option("--run", type=click.Path(path_type=Path), help="Folder of the training run [default: runs/RECIPE].")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Model folder to write.")
@click.option("--auto/--no-auto", default=True, show_default=True, help="May `-m auto` choose this model?")
@click.option("--force", is_flag=True, help="Overwrite the model folder.")
def main(recipe: str, data: Path, run: Path | None, out: Path, auto: bool, force: bool) -> None:
    """Export the averaged weights that RECIPE was trained to, with settings fitted to its training images."""
    from vlae_codec.errors import ModelError
    from vlae_models.kinds import way_of
    from vlae_models.recipe import write_recipe

    if (out / "model.json").exists() and not force:
        raise ModelError(f"{out}: holds a model already; --force overwrites it")
    way, loaded = way_of(recipe)
    run = run or Path("runs") / loaded.name
    tree = way.release(run, loaded, data, out, auto)
    shutil.copyfile(run / "log.csv", out / "training.csv")
    write_recipe(out / "recipe.toml", recipe)
    click.echo(f"{out}: {tree['name']}, fingerprint {tree['fingerprint'][:16]}")
