"""`vlae-export`: a trained network to a model folder of integers that the codec reads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from .common import data_option, exit_on_error, version_option

EPILOG = """\b
Examples:
  vlae-export mnist --data ~/sets --run runs/mnist --out mnist
  vlae-compress -m ./mnist digit.png
"""


@click.command(epilog=EPILOG)
@version_option
@click.argument("recipe")
@data_option
@click.option("--run", type=click.Path(path_type=Path), help="Folder of the training run [default: runs/RECIPE].")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Model folder to write.")
@click.option("--auto/--no-auto", default=True, show_default=True, help="May `-m auto` choose this model?")
@click.option("--force", is_flag=True, help="Overwrite the model folder.")
@exit_on_error
def main(recipe: str, data: Path, run: Path | None, out: Path, auto: bool, force: bool) -> None:
    """Export the averaged weights that RECIPE was trained to, with settings fitted to its training images."""
    from vlae_codec.errors import ModelError
    from vlae_models.data.sets import load_set
    from vlae_models.photo.recipe import is_photo_recipe
    from vlae_models.recipe import load_recipe
    from vlae_models.release.release import release
    from vlae_models.train.bilevel import load_trained
    from vlae_models.windowed.recipe import is_windowed_recipe

    if (out / "model.json").exists() and not force:
        raise ModelError(f"{out}: holds a model already; --force overwrites it")
    if is_photo_recipe(recipe):
        from vlae_models.photo import recipe as photo_recipe
        from vlae_models.photo import release as photo_release

        photo = photo_recipe.load_photo_recipe(recipe)
        run = run or Path("runs") / photo.name
        _finish(recipe, run, out, photo_release.release_photo(run, photo, data, out, auto))
        return
    if is_windowed_recipe(recipe):
        from vlae_models.windowed.recipe import load_windowed_recipe
        from vlae_models.windowed.release import release_photo

        windowed = load_windowed_recipe(recipe)
        run = run or Path("runs") / windowed.name
        _finish(recipe, run, out, release_photo(run, windowed, data, out, auto))
        return
    loaded = load_recipe(recipe)
    run = run or Path("runs") / loaded.name
    images = load_set(loaded.data, data).train
    info = release(load_trained(run, loaded), loaded, images, out, auto=auto)
    _finish(recipe, run, out, info)


def _finish(recipe: str, run: Path, out: Path, tree: dict[str, Any]) -> None:
    """Lay log and recipe beside a model, and say what it is."""
    from vlae_models.recipe import write_recipe

    shutil.copyfile(run / "log.csv", out / "training.csv")
    write_recipe(out / "recipe.toml", recipe)
    click.echo(f"{out}: {tree['name']}, fingerprint {tree['fingerprint'][:16]}")


if __name__ == "__main__":
    main()
