"""Likelihoods of released models and of local decoders without latents, each on the test images of its own set.

Run as `python -m benchmarks.evaluate mnist mnist-vae --data FOLDER`, and `--local runs/mnist-local` for the decoder
without latents, whose NLL is exact. The test images of MNIST's fixed binarisation and of Caltech's silhouettes are
those of published tables; digits binarised anew are one draw of many; OMNIGLOT's split is our own.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_models.data.sets import load_set
from vlae_models.recipe import BILEVEL, load_recipe
from vlae_models.release.evaluation import evaluate_folder, importance_nll
from vlae_models.train.bilevel import load_trained
from vlae_models.train.loop import prepare_torch


@click.command()
@click.argument("models", nargs=-1)
@data_option
@click.option("--samples", type=click.IntRange(1), default=512, show_default=True, help="Importance samples an image.")
@click.option("--subset", type=click.IntRange(1), default=10_000, show_default=True, help="Images that get them.")
@click.option("--images", type=click.IntRange(1), help="Test images, evenly spaced [default: all].")
@click.option("--local", type=click.Path(path_type=Path), help="Training run of the decoder without latents.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all].")
@exit_on_error
def main(
    models: tuple[str, ...],
    data: Path,
    samples: int,
    subset: int,
    images: int | None,
    local: Path | None,
    threads: int | None,
) -> None:
    """Evaluate MODELS."""
    prepare_torch("cpu", threads)
    for model in models:
        result = asdict(evaluate_folder(model, data, samples, subset, images))
        print(result)
        part = (
            ""
            if result["nll_images"] == result["images"] and not images
            else f"-{samples}-samples-{result['nll_images']}-images"
        )
        write_result(f"evaluate-{result['model']}{part}", result)
    if local:
        recipe = load_recipe(local.name, BILEVEL)
        nll = importance_nll(load_trained(local, recipe), load_set(recipe.data, data).test, 1)
        figures = {"nll_nats": float(nll.mean()), "neg_elbo_nats": float(nll.mean()), "kl_bits": 0.0, "active_dims": 0}
        where = {"model": recipe.name, "set": recipe.data, "images": len(nll), "samples": 1}
        write_result(f"evaluate-{recipe.name}", {**where, **figures})
        print(figures)


if __name__ == "__main__":
    main()
