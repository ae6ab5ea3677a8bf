"""The paper's ablations as short trainings of equal length: the prior, the flow's place, and the decoder's window.

Run as `python -m benchmarks.ablations runs/plain-* --data FOLDER` once `vlae-train benchmarks/sweep/NAME.toml` has
trained each (`plain-5x3` is the one that all are compared with, and is needed); the run's folder is named after its
recipe. All see the plain bound: the KL's weight rises from a tenth to one in the first updates, and nothing holds
the KL up. Figures are those of the float networks, with the same images and noise for all.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.digits import evenly
from benchmarks.options import images_option
from benchmarks.results import write_result
from benchmarks.window_sweep import SWEEP, last_row
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_models.data.sets import Images, load_set
from vlae_models.nets.vlae import VLAE, as_tensor
from vlae_models.recipe import BILEVEL, STACKS, WINDOWS, BilevelRecipe, load_recipe
from vlae_models.release.evaluation import ACTIVE_BITS, importance_nll
from vlae_models.train.bilevel import load_trained

BASE = "plain-5x3"


def window_pixels(recipe: BilevelRecipe) -> int:
    """Return how many pixels the decoder reads in the middle of an image, away from its border."""
    name = recipe.model.window
    above, left, right = WINDOWS.get(name) or (sum(STACKS[name]),) * 3
    return min(above, 14) * (min(left, 14) + 1 + min(right, 13)) + min(left, 14)


def bounds(net: VLAE, images: Images) -> dict[str, float]:
    """-ELBO and KL, nats, and active dimensions, by one sample of z an image."""
    torch.manual_seed(0)
    with torch.no_grad():
        parts = [net(part) for part in torch.split(as_tensor(images), 250)]
    rate = torch.cat([part.rate for part in parts]).double()
    distortion = torch.cat([part.distortion for part in parts]).double()
    per_dim = torch.cat([part.rate_per_dim for part in parts]).mean(0) / math.log(2)
    return {
        "neg_elbo_nats": round(float((rate + distortion).mean()), 3),
        "kl_nats": round(float(rate.mean()), 3),
        "active_dims": int((per_dim > ACTIVE_BITS).sum()),
    }


def measure_run(run: Path, images: Images, few: Images, samples: int) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """One row of the table, and the NLL of each of the few images."""
    recipe, trained = load_recipe(str(SWEEP / f"{run.name}.toml"), BILEVEL), last_row(run / "log.csv")
    net = load_trained(run, recipe)
    torch.manual_seed(1)
    nll = importance_nll(net, few, samples)
    row = {
        "recipe": run.name,
        "window": recipe.model.window,
        "window_pixels": window_pixels(recipe),
        "prior_blocks": recipe.model.prior_blocks,
        "flow_posterior": recipe.model.flow_posterior,
        "local": recipe.model.local,
        "updates": int(trained["step"]),
        "batch": recipe.train.batch,
        "minutes": trained["minutes"],
        "images": len(images),
        **bounds(net, images),
        "samples": samples,
        "nll_images": len(few),
        "nll_nats": round(float(nll.mean()), 3),
        "nll_standard_error": round(standard_error(nll), 3),
    }
    return row, nll


def standard_error(values: NDArray[np.float64]) -> float:
    """Of the values' mean."""
    return float(values.std() / math.sqrt(len(values)))


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@data_option
@images_option(1000, text="Test images for the NLL")
@images_option(10_000, "--bound-images", "Test images for -ELBO and KL")
@click.option("--samples", type=click.IntRange(1), default=64, show_default=True, help="Importance samples an image.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@exit_on_error
def main(runs: tuple[Path, ...], data: Path, images: int, bound_images: int, samples: int, threads: int) -> None:
    """Measure the trained RUNS (folders)."""
    torch.set_num_threads(threads)
    if BASE not in [run.name for run in runs]:
        raise VlaeError(f"{BASE} is not among the runs; the others are compared with it")
    test = load_set("mnist-static", data).test
    many, few = (test[evenly(count, len(test))] for count in (bound_images, images))
    rows, found = [], {}
    for run in runs:
        row, found[run.name] = measure_run(run, many, few, samples)
        rows.append(row)
        click.echo(
            f"{run.name:14} NLL {row['nll_nats']:.2f}, -ELBO {row['neg_elbo_nats']:.2f}, KL {row['kl_nats']:.2f}"
        )
    for row in rows:
        difference = found[row["recipe"]] - found[BASE]
        row["nll_over_base"] = round(float(difference.mean()), 3)
        row["nll_over_base_standard_error"] = round(standard_error(difference), 3)
    write_result("ablations", {"set": "mnist-static", "base": BASE, "rows": rows})


if __name__ == "__main__":
    main()
