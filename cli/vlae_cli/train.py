"""`vlae-train`: train the model of a recipe, or go on with it."""

from __future__ import annotations

from pathlib import Path

import click

from .common import data_option, exit_on_error, version_option

EPILOG = """\b
Examples:
  vlae-train mnist --data ~/sets --out runs/mnist --minutes 60
  vlae-train my-digits.toml --data ~/sets --out runs/mine
"""


@click.command(epilog=EPILOG)
@version_option
@click.argument("recipe")
@data_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder of checkpoint and log [default: runs/RECIPE].")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Time budget, resumed runs counted in.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all].")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@exit_on_error
def main(
    recipe: str, data: Path, out: Path | None, minutes: float | None, device: str, threads: int | None, quiet: bool
) -> None:
    """Train the model of RECIPE (a shipped name or a .toml file); a checkpoint in --out is continued."""
    from vlae_models.recipe import load_recipe
    from vlae_models.train.bilevel import Trainer
    from vlae_models.train.loop import prepare_torch
    from vlae_models.windowed.recipe import is_photo_recipe

    if is_photo_recipe(recipe):
        _train_photo(recipe, data, out, minutes, prepare_torch(device, threads), quiet)
        return
    loaded = load_recipe(recipe)
    device = prepare_torch(device, threads)
    trainer = Trainer(loaded, data, out or Path("runs") / loaded.name, minutes, device)
    trainer.run(quiet)
    row = trainer.state.log[-1]
    done = f"{row['step']} steps, {row['minutes']} min"
    click.echo(f"{loaded.name}: {done}, valid -ELBO {row['neg_elbo_nats']} nats, KL {row['kl_nats']} nats")


def _train_photo(recipe: str, data: Path, out: Path | None, minutes: float | None, device: str, quiet: bool) -> None:
    from vlae_models.windowed.recipe import load_photo_recipe
    from vlae_models.windowed.training import PhotoTrainer

    loaded = load_photo_recipe(recipe)
    trainer = PhotoTrainer(loaded, data, out or Path("runs") / loaded.name, minutes, device, quiet)
    trainer.run(quiet)
    row = trainer.state.log[-1]
    figures = ", ".join(f"{key} {value}" for key, value in row.items())
    click.echo(f"{loaded.name}: {figures}")


if __name__ == "__main__":
    main()
