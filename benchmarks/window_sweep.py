"""Which window keeps most meaning a bit: short trainings of the sweep's recipes side by side.

Run as `python -m benchmarks.window_sweep runs/window-4x2 ... --data FOLDER` once
`vlae-train benchmarks/sweep/NAME.toml` has trained each; the run's folder is named after its recipe.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.exported import export_run
from benchmarks.judged import Judged, load_judged
from benchmarks.kept import Setting, measure
from benchmarks.options import images_option
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.families.registry import read_model
from vlae_codec.model.networks import IntegerModel
from vlae_models.recipe import BILEVEL, load_recipe

SWEEP = Path(__file__).resolve().parent / "sweep"
BITS = 24


def last_row(log: Path) -> dict[str, float]:
    """Return the last row of a training's log.csv."""
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: float(value) for key, value in rows[-1].items() if key != "device"}


def measure_run(run: Path, judged: Judged, effort: int) -> dict[str, Any]:
    """One row of the table."""
    recipe = SWEEP / f"{run.name}.toml"
    loaded, trained = load_recipe(str(recipe), BILEVEL), last_row(run / "log.csv")
    with tempfile.TemporaryDirectory() as folder:
        model = read_model(export_run(str(recipe), run, Path(folder)), IntegerModel)
        kept = measure(model, judged, Setting("search", BITS, effort), run.name)
    return {
        "recipe": run.name,
        "window": loaded.model.window,
        "auxiliary": loaded.train.auxiliary,
        "kl_floor_nats": loaded.train.kl_floor,
        "minutes": trained["minutes"],
        "updates": int(trained["step"]),
        "valid_neg_elbo_nats": trained["neg_elbo_nats"],
        "valid_kl_nats": trained["kl_nats"],
        "bits": BITS,
        "effort": effort,
        "images": kept.images,
        "test_kl_bits": kept.kl_bits,
        "class_kept": kept.class_kept,
        "class_kept_other_seed": kept.class_kept_other_seed,
    }


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@data_option
@images_option(500)
@click.option("--effort", type=click.IntRange(1, 9), default=5, show_default=True)
@exit_on_error
def main(runs: tuple[Path, ...], data: Path, images: int, effort: int) -> None:
    """Measure the trained RUNS (folders) of the sweep."""
    judged = load_judged("mnist-static", data, images)
    rows = []
    for run in runs:
        rows.append(measure_run(run, judged, effort))
        click.echo(
            f"{run.name:16} -ELBO {rows[-1]['valid_neg_elbo_nats']:.2f} nats, KL {rows[-1]['test_kl_bits']:.2f} bits,"
            f" class kept at {BITS} bits {100 * rows[-1]['class_kept']:.1f} %"
        )
    write_result("window_sweep", {"rows": rows})


if __name__ == "__main__":
    main()
