"""`vlae-train`: train the model of a recipe, or go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from .common import FiniteRange, command, data_option, refuse_together

EPILOG = """\b
Examples:
  vlae-train mnist --data ~/sets --out runs/mnist --minutes 60
  vlae-train photo --data ~/sets --plan 90           how far would 90 minutes go?
  vlae-train my-digits.toml --data ~/sets --out runs/mine
"""


@command(EPILOG)
@click.argument("recipe")
@data_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder of checkpoint and log [default: runs/RECIPE].")
@click.option("--minutes", type=FiniteRange(min=0, min_open=True), help="Time budget, resumed runs counted in.")
@click.option("--plan", type=FiniteRange(min=0, min_open=True), metavar="MINUTES", help="Say what a budget will reach.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all].")
@click.option("--quiet", is_flag=True, help="No progress bar.")
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
    from vlae_models.kinds import way_of
    from vlae_models.train.loop import prepare_torch

    way, loaded = way_of(recipe)
    folder = out or Path("runs") / loaded.name
    trainer = way.trainer(loaded, data, folder, minutes, prepare_torch(device, threads), quiet)
    if plan is None:
        trainer.run(quiet)
    figures: Mapping[str, object] = trainer.state.log[-1] if plan is None else trainer.plan(plan)
    click.echo(f"{loaded.name}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))
