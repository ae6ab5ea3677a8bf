"""The loss of bits-back coding by the fineness of its integers: bins of z, their masses, pixel probabilities.

Run as `python -m benchmarks.grid_precision MODEL --data FOLDER`. A coarse grid of z has a smaller KL and worse pixels,
so what counts is their sum; it is a mean over images with a standard error, since each takes one z. The coder's own
loss, what the stack takes beyond the logarithms of the masses, has no such noise. The cost of starting a chunk grows
with the bins: a batch needs all its bins' bits on the stack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.digits import evenly
from benchmarks.options import images_option, models_argument, open_model
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.coding.ans import Stack
from vlae_codec.coding.precision import PRECISION
from vlae_codec.exact.layers import FRACTION
from vlae_codec.exact.tables import EXP_FRACTION, EXP_MIN, load_tables
from vlae_codec.families.bilevel.bits_back import needed_bits
from vlae_codec.latents.bins import MASS_BITS, Grid, latents
from vlae_codec.latents.posterior import Posterior, gaussian_kl
from vlae_codec.model.networks import IntegerModel, Integers, spent_bits
from vlae_models.data.sets import Images, load_set

PRECISIONS = (6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
MASSES = (1, 2, 4, 6, 8, 10, 12)
PIXELS = (8, 10, 12, 14, 16, 20, 24)
CHOSEN = 12
SEED = 1


class Popped(NamedTuple):
    """z of images and what it took.

    Attributes:
        z: latents, (B, D).
        ideal: log2 of mass over prior mass, bits (B,).
        spent: bits that the stack lost less those that pushing z under the prior gives back, of all images.
        kl: in closed form, bits (B,).
    """

    z: Integers
    ideal: NDArray[np.float64]
    spent: float
    kl: NDArray[np.float64]


def pop_latents(model: IntegerModel, q: tuple[Integers, Integers], precision: int, mass_bits: int) -> Popped:
    """Pop z of images, whose q(z|x) is given, from random bits."""
    count = len(q[0])
    random = np.random.default_rng(SEED).integers(1, 256, count * (needed_bits(model, 16) + 64) // 8, np.uint8)
    stack = Stack(random.tobytes())
    posterior = Posterior(q[0] / 2.0**FRACTION, load_tables().exp[q[1] - EXP_MIN] / 2.0**EXP_FRACTION)
    z, kl, ideal, start = np.zeros((count, 0), np.int64), np.zeros(count), np.zeros(count), stack.bits
    for block in range(model.blocks):
        dims = slice(block * model.block_size, (block + 1) * model.block_size)
        mean, scale = model.prior_block(block, z)
        grid = Grid(precision, (mean, scale), (q[0][:, dims], q[1][:, dims]), mass_bits)
        bins = grid.pop(stack)
        mass = grid.start(bins.reshape(-1) + 1) - grid.start(bins.reshape(-1))
        ideal += (np.log2(mass) - mass_bits).reshape(count, -1).sum(axis=1)
        here = Posterior(posterior.mean[:, dims], posterior.scale[:, dims])
        kl += gaussian_kl(here, mean / 2.0**FRACTION, scale / 2.0**EXP_FRACTION).sum(axis=1) / np.log(2)
        z = np.concatenate([z, latents(precision, bins, mean, scale)], axis=1)
    return Popped(z, ideal, precision * z.size - (start - stack.bits), kl)


def measure(model: IntegerModel, images: Images, precision: int, mass_bits: int = MASS_BITS) -> dict[str, float]:
    """Bits an image of latents, their KL and the pixels at one precision."""
    popped = pop_latents(model, model.posterior(images), precision, mass_bits)
    pixels = spent_bits(images, model.likelihoods(images, popped.z))
    total = popped.ideal + pixels
    coder = (popped.spent - popped.ideal.sum()) / len(images)
    return {
        "precision": precision,
        "mass_bits": mass_bits,
        "latent_bits": round(float(popped.ideal.mean()), 4),
        "kl_bits": round(float(popped.kl.mean()), 4),
        "pixel_bits": round(float(pixels.mean()), 4),
        "coder_bits": round(coder, 4),
        "total_bits": round(float(total.mean()) + coder, 4),
        "standard_error": round(float(total.std()) / len(images) ** 0.5, 4),
        "needed_bits": model.latent * precision + model.block_size * mass_bits,
    }


def pixel_precision(model: IntegerModel, images: Images) -> list[dict[str, float]]:
    """Bits an image of the pixels if their probabilities had fewer bits than 24."""
    z = pop_latents(model, model.posterior(images), CHOSEN, MASS_BITS).z
    ones = model.likelihoods(images, z)
    rows = []
    for bits in PIXELS:
        unit = 1 << (PRECISION - bits)
        coarse = np.clip((ones + unit // 2) // unit, 1, (1 << bits) - 1) * unit
        rows.append({"bits": bits, "pixel_bits": round(float(spent_bits(images, coarse).mean()), 4)})
    return rows


@click.command()
@models_argument
@data_option
@images_option(2000)
@exit_on_error
def main(models: tuple[str, ...], data: Path, images: int) -> None:
    """Measure MODELS (names or folders)."""
    test = load_set("mnist-static", data).test
    chosen = test[evenly(images, len(test))]
    for name in models:
        model = open_model(name)
        bins = [measure(model, chosen, precision) for precision in PRECISIONS]
        masses = [measure(model, chosen, CHOSEN, bits) for bits in MASSES]
        pixels = pixel_precision(model, chosen)
        for row in [*bins, *masses, *pixels]:
            click.echo(f"{model.name}: {row}")
        result: dict[str, Any] = {"model": model.name, "images": len(chosen), "bins": bins, "masses": masses}
        write_result(f"grid-{model.name}", {**result, "pixels": pixels})


if __name__ == "__main__":
    main()
