"""Which model `-m auto` would take for the images of each set, if it might choose among the VLAEs of all sets.

Run as `python -m benchmarks.auto_choice --data FOLDER` (a minute). A lossy code is chosen by its length, a lossless
one by -ELBO; the first says little about which model fits the image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.digits import evenly
from benchmarks.options import images_option, open_model
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.latents.posterior import posterior_of, rates
from vlae_models.data.sets import load_set

MODELS = {"mnist-static": "mnist", "omniglot": "omniglot", "caltech": "caltech"}


@click.command()
@data_option
@images_option(300)
@exit_on_error
def main(data: Path, images: int) -> None:
    """Measure by KL and by -ELBO."""
    models = [open_model(name) for name in MODELS.values()]
    rows: list[dict[str, Any]] = []
    for kind, own in MODELS.items():
        test = load_set(kind, data).test
        chosen = test[evenly(images, len(test))]
        found = [rates(model, chosen, posterior_of(model, chosen)) for model in models]
        right = list(MODELS).index(kind)
        by_kl = np.stack([one.kl for one in found]).argmin(0) == right
        by_bound = np.stack([one.neg_elbo for one in found]).argmin(0) == right
        shares = {"own_by_kl": round(float(by_kl.mean()), 4), "own_by_neg_elbo": round(float(by_bound.mean()), 4)}
        rows.append({"set": kind, "model": own, "images": len(chosen), **shares})
        click.echo(f"{kind}: its own model is taken by KL {by_kl.mean():.1%}, by -ELBO {by_bound.mean():.1%}")
    write_result("auto_choice", {"rows": rows})


if __name__ == "__main__":
    main()
