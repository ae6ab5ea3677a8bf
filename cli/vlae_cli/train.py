"""`vlae-train`: train the model of a recipe, or go on with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import FiniteRange, data_option, exit_on_error, version_option
from .misuse import refuse_together

if TYPE_CHECKING:
    from vlae_models.train.loop import Loop

EPILOG = """\b
Examples:
  vlae-train mnist --data ~/sets --out runs/mnist --minutes 60
  vlae-train photo --data ~/sets --plan 90           how far would 90 minutes go?
  vlae-train my-digits.toml --data ~/sets --out runs/mine
"""


@click.command(epilog=EPILOG)
@version_option
@click.argument("recipe")
@data_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder of checkpoint and log [default: runs/RECIPE].")
@click.option("--minutes", type=FiniteRange(min=0, min_open=True), help="Time budget, resumed runs counted in.")
@click.option("--plan", type=FiniteRange(min=0, min_open=True), metavar="MINUTES", help="Say what a budget will reach.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all].")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@exit_on_error
def main(
    recipe: str,
    data: Path,
    out: Path | None,
    minutes: float | None,
    plan: float | None,
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    """Train the model of RECIPE (a shipped name or a .toml file); a checkpoint in --out is continued.

    --plan MINUTES measures some updates, says how many a budget allows, and trains nothing.
    """
    refuse_together({"--minutes": minutes, "--plan": plan})
    from vlae_models.photo.recipe import is_photo_recipe
    from vlae_models.recipe import load_recipe
    from vlae_models.train.bilevel import Trainer
    from vlae_models.train.loop import prepare_torch
    from vlae_models.windowed.recipe import is_windowed_recipe

    device = prepare_torch(device, threads)
    if is_photo_recipe(recipe):
        from vlae_models.photo.recipe import load_photo_recipe
        from vlae_models.photo.training import PhotoTrainer

        photo = load_photo_recipe(recipe)
        _run(
            photo.name, PhotoTrainer(photo, data, out or Path("runs") / photo.name, minutes, device, quiet), plan, quiet
        )
    elif is_windowed_recipe(recipe):
        from vlae_models.windowed.recipe import load_windowed_recipe
        from vlae_models.windowed.training import WindowedTrainer

        windowed = load_windowed_recipe(recipe)
        folder = out or Path("runs") / windowed.name
        _run(windowed.name, WindowedTrainer(windowed, data, folder, minutes, device, quiet), plan, quiet)
    else:
        loaded = load_recipe(recipe)
        _run(loaded.name, Trainer(loaded, data, out or Path("runs") / loaded.name, minutes, device), plan, quiet)


def _run(name: str, trainer: Loop[Any], plan: float | None, quiet: bool) -> None:
    """Train, and print the figures of the last validation; or print what a budget would reach."""
    if plan is not None:
        click.echo(f"{name}: " + ", ".join(f"{key} {value}" for key, value in trainer.plan(plan).items()))
        return
    trainer.run(quiet)
    click.echo(f"{name}: " + ", ".join(f"{key} {value}" for key, value in trainer.state.log[-1].items()))


if __name__ == "__main__":
    main()
