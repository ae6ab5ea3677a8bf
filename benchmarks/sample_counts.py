"""What more importance samples take off the NLL: 16, 64, 512 and 4,096 of them on the same test images.

Run as `python -m benchmarks.sample_counts MODEL... --data FOLDER`. Where `benchmarks.evaluate` measured a model with
fewer samples on more images, that figure less the difference found here is the estimate for 4,096 on those: the noise
of the images is that of the many, and the difference has hardly any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import click
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.digits import evenly
from benchmarks.options import folder_of, images_option, models_argument, set_of
from benchmarks.results import FOLDER, read_results, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.families.registry import read_model
from vlae_codec.model.networks import IntegerModel
from vlae_models.data.sets import Images, load_set
from vlae_models.nets.vlae import VLAE, as_tensor
from vlae_models.recipe import BILEVEL, read_recipe
from vlae_models.release.layers import restore

COUNTS = (1, 16, 64, 512, 4096)
BATCH = 20
Table: TypeAlias = NDArray[np.float64]


def nested_nll(net: VLAE, images: Images, counts: Sequence[int]) -> Table:
    """-log p(x) of each image, nats, by each of several numbers of importance samples, (len(counts), N).

    All come from one run of the largest number, which every count divides; a smaller one is the mean over its equal
    parts, so that their differences have little noise.

    Args:
        net: a model with latents.
        images: bilevel, (N, 28, 28).
        counts: of samples.
    """
    with torch.no_grad():
        weights = net.importance_weights(as_tensor(images), max(counts)).double()
    parts = [weights.reshape(-1, count, len(images)) for count in counts]
    return np.stack([(math.log(part.shape[1]) - torch.logsumexp(part, 1)).mean(0).numpy() for part in parts])


def nested(net: VLAE, images: Images) -> Table:
    """NLL of each image by each number of samples, (len(COUNTS), N), nats."""
    torch.manual_seed(0)
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    parts = [nested_nll(net, batch, COUNTS) for batch in tqdm(batches, desc="samples", leave=False, disable=None)]
    return np.concatenate(parts, axis=1)


def rows(found: Table) -> list[dict[str, Any]]:
    """Return a row for each number of samples: the NLL, and its excess over that of the most, with standard errors."""
    root = math.sqrt(found.shape[1])
    return [
        {
            "samples": count,
            "nll_nats": round(float(nll.mean()), 4),
            "nll_standard_error": round(float(nll.std()) / root, 4),
            "above_most": round(float(more.mean()), 4),
            "above_most_standard_error": round(float(more.std()) / root, 4),
        }
        for count, nll, more in zip(COUNTS, found, found - found[-1], strict=True)
    ]


def estimate(name: str, found: list[dict[str, Any]], folder: Path = FOLDER) -> dict[str, Any]:
    """Return the NLL by the most samples for the images of the largest evaluation with fewer; nothing without one."""
    above = {row["samples"]: row for row in found}
    evaluations = [r for r in read_results(f"evaluate-{name}", folder) if r["model"] == name and r["samples"] in above]
    if not evaluations:
        return {}
    many = max(evaluations, key=lambda result: (result["nll_images"], result["samples"]))
    row = above[many["samples"]]
    return {
        "estimate_nats": round(many["nll_nats"] - row["above_most"], 3),
        "estimate_standard_error": round(math.hypot(many["nll_standard_error"], row["above_most_standard_error"]), 3),
        "estimate_from_samples": many["samples"],
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
        integer = read_model(folder, IntegerModel)
        net = restore(read_recipe(folder / "recipe.toml", BILEVEL).model, integer.info["shifts"], integer.arrays)
        test = load_set(kind, data).test
        found = rows(nested(net, test[evenly(images, len(test))]))
        result = {"model": integer.name, "set": kind, "images": images, "rows": found}
        result |= estimate(integer.name, found)
        write_result(f"samples-{integer.name}", result)
        click.echo(f"{integer.name}: {result}")


if __name__ == "__main__":
    main()
