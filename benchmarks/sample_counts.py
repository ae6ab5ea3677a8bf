"""What more importance samples take off the NLL: 64, 512 and 4,096 of them on the same test images.

Run as `python -m benchmarks.sample_counts MODEL... --data FOLDER`. Where `benchmarks.evaluate` measured a model with
64 samples on more images, that figure less the difference found here is the estimate for 4,096 on those: the noise of
the images is that of the many, and the difference has hardly any.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from tqdm import tqdm

from benchmarks.digits import evenly
from benchmarks.options import folder_of, images_option, models_argument, set_of
from benchmarks.results import read_results, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.integer_model import load_model
from vlae_models.data import Images, load_set
from vlae_models.evaluation import nested_nll
from vlae_models.recipe import read_recipe
from vlae_models.restore import restore
from vlae_models.vlae import VLAE

COUNTS = (1, 64, 512, 4096)
BASE = 64
BATCH = 20


def rows(net: VLAE, images: Images) -> list[dict[str, Any]]:
    """A row for each number of samples: the NLL, and how far it is below that of 64, nats, with standard errors."""
    torch.manual_seed(0)
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    parts = [nested_nll(net, batch, COUNTS) for batch in tqdm(batches, desc="samples", leave=False, disable=None)]
    found = np.concatenate(parts, axis=1)
    below = found[COUNTS.index(BASE)] - found
    root = math.sqrt(len(images))
    return [
        {
            "samples": count,
            "nll_nats": round(float(nll.mean()), 4),
            "nll_standard_error": round(float(nll.std()) / root, 4),
            "below_base": round(float(less.mean()), 4),
            "below_base_standard_error": round(float(less.std()) / root, 4),
        }
        for count, nll, less in zip(COUNTS, found, below, strict=True)
    ]


def all_images(name: str, last: dict[str, Any]) -> dict[str, Any]:
    """The estimate for the most samples on as many images as had 64; nothing if no evaluation had just 64."""
    evaluations = [r for r in read_results(f"evaluate-{name}") if r["model"] == name and r["samples"] == BASE]
    if not evaluations:
        return {}
    many = max(evaluations, key=lambda result: result["nll_images"])
    errors = many["nll_standard_error"], last["below_base_standard_error"]
    return {
        "estimate_nats": round(many["nll_nats"] - last["below_base"], 3),
        "estimate_standard_error": round(math.hypot(*errors), 3),
        "estimate_images": many["nll_images"],
    }


@click.command()
@models_argument
@data_option
@images_option(100)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@exit_on_error
def main(models: tuple[str, ...], data: Path, images: int, threads: int) -> None:
    """Measure MODELS (names or folders)."""
    torch.set_num_threads(threads)
    for name in models:
        folder, kind = folder_of(name), set_of(name)
        integer = load_model(folder)
        net = restore(read_recipe(folder / "recipe.toml").model, integer.info["shifts"], integer.arrays)
        test = load_set(kind, data).test
        found = rows(net, test[evenly(images, len(test))])
        result = {"model": integer.name, "set": kind, "images": images, "base": BASE, "rows": found}
        result |= all_images(integer.name, found[-1])
        write_result(f"samples-{integer.name}", result)
        click.echo(f"{integer.name}: {result}")


if __name__ == "__main__":
    main()
