"""Bytes of lossless files of single digits by each model that `-m auto` may choose for them, and by the shortest.

Run as `python -m benchmarks.auto_lossless --data FOLDER` (a minute).
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from benchmarks.digits import evenly
from benchmarks.options import images_option, open_model
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.container.header import AROUND
from vlae_codec.families.bilevel import lossless
from vlae_models.data.sets import load_set

MODELS = ("mnist", "mnist-fine")


@click.command()
@data_option
@images_option(100)
@exit_on_error
def main(data: Path, images: int) -> None:
    """Measure by whole files."""
    test = load_set("mnist-static", data).test
    chosen = test[evenly(images, len(test))]
    codes = [lossless.encode(open_model(name), chosen) for name in MODELS]
    sizes = np.array([[AROUND + code.payload_bits / 8 for code in found] for found in codes])
    means = dict(zip(MODELS, sizes.mean(axis=1), strict=True)) | {"shortest": sizes.min(axis=0).mean()}
    rows = [{"model": name, "file_bytes": round(float(size), 3)} for name, size in means.items()]
    bounds = [float(np.mean([code.neg_elbo_bits for code in found])) for found in codes]
    for row, bound in zip(rows, bounds, strict=False):
        row["neg_elbo_bits"] = round(bound, 3)
    write_result("auto_lossless", {"images": len(chosen), "rows": rows})
    click.echo(", ".join(f"{name} {size:.2f} bytes" for name, size in means.items()))


if __name__ == "__main__":
    main()
