"""`vlae-evaluate`: what a model is worth on a test set."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from .common import command, data_option, json_option

EPILOG = """\b
Examples:
  vlae-evaluate mnist --data ~/sets
  vlae-evaluate ./my-model --data ~/sets --samples 512 --subset 1000 --json
"""


@command(EPILOG)
@click.argument("model")
@data_option
@click.option(
    "--samples",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    help="Importance samples of each image for its NLL.",
)
@click.option(
    "--subset",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Images whose NLL is estimated; -ELBO and KL are of all.",
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all].")
@json_option
def main(model: str, data: Path, samples: int, subset: int, threads: int | None, as_json: bool) -> None:
    """Print -ELBO, importance-sampled NLL, KL, active dimensions and bits per pixel of MODEL on its test set."""
    from vlae_models.release.evaluation import evaluate_folder
    from vlae_models.train.loop import prepare_torch

    prepare_torch("cpu", threads)
    result = asdict(evaluate_folder(model, data, samples, subset))
    if as_json:
        click.echo(json.dumps(result))
        return
    for key, value in result.items():
        click.echo(f"{key:22}{value:.4f}" if isinstance(value, float) else f"{key:22}{value}")
