"""Pictures of a set: originals beside what comes back, a path from one code to another, and one code drawn many times.

Run as `python -m benchmarks.set_sheets KIND... --data FOLDER`; it writes results/sheets/. Rows of the first sheet: the
originals; two draws of the VLAE's file of each; the VAE's picture of a file of as many bits; samples of the prior.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.digits import evenly
from benchmarks.judged import JUDGES
from benchmarks.options import images_option, open_model
from benchmarks.results import FOLDER
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.container.header import TREE_SEARCH
from vlae_codec.io.images import Pixels
from vlae_codec.io.sheets import contact_sheet
from vlae_codec.io.writing import write_picture
from vlae_codec.latents.payload import MAX_BITS, Code, decode, encode
from vlae_codec.model.networks import IntegerModel
from vlae_models.data.sets import Images, load_set

SHEETS = FOLDER / "sheets"
MODELS = {kind: "mnist" if kind == "mnist-static" else kind for kind in JUDGES}
"""The VLAE of each set."""
STEPS = 12
DRAWS = 11
SEED = 5


def latents(model: IntegerModel, codes: list[Code]) -> NDArray[np.int64]:
    """z of each code, (N, D)."""
    return decode(model, [code.mode for code in codes], [code.payload for code in codes])


def prior_samples(model: IntegerModel, count: int) -> NDArray[np.int64]:
    """Latents of the prior: random files are samples of it, since the codes' candidates are."""
    random = np.random.default_rng(SEED)
    payloads = [random.bytes(MAX_BITS // 8) for _ in range(count)]
    return decode(model, [TREE_SEARCH] * count, payloads)


def overview(vlae: IntegerModel, vae: IntegerModel, images: Images) -> list[Pixels]:
    """Rows of the first sheet."""
    codes = encode(vlae, images)
    z = latents(vlae, codes)
    others = [encode(vae, images[i : i + 1], bits=code.payload_bits)[0] for i, code in enumerate(codes)]
    prior = vlae.draw(prior_samples(vlae, len(images)))
    return [images, *(vlae.draw(z, seed=seed) for seed in range(2)), vae.draw(latents(vae, others)), prior]


def path(model: IntegerModel, images: Images) -> list[Pixels]:
    """Draw a row for each pair of neighbours: codes on the straight line between their posterior means."""
    mean = model.posterior(images)[0]
    share = np.linspace(0, 1, STEPS)[:, None]
    lines = [np.rint((1 - share) * a + share * b).astype(np.int64) for a, b in zip(mean[::2], mean[1::2], strict=True)]
    return [model.draw(z) for z in lines]


def many_draws(model: IntegerModel, images: Images) -> list[Pixels]:
    """Draw a row for each image: the original, then pictures of its one code with different seeds."""
    z = latents(model, encode(model, images))
    drawn = [model.draw(z, seed=seed) for seed in range(DRAWS)]
    return [np.stack([image, *(pictures[i] for pictures in drawn)]) for i, image in enumerate(images)]


@click.command()
@click.argument("kinds", nargs=-1, required=True, type=click.Choice(list(MODELS)))
@data_option
@images_option(20)
@exit_on_error
def main(kinds: tuple[str, ...], data: Path, images: int) -> None:
    """Draw the sheets of the sets KINDS."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        test = load_set(kind, data).test
        chosen, few = (test[evenly(count, len(test))] for count in (images, 8))
        vlae, vae = open_model(MODELS[kind]), open_model(f"{MODELS[kind]}-vae")
        sheets = {"sheet": overview(vlae, vae, chosen), "path": path(vlae, few), "draws": many_draws(vlae, few[::2])}
        for name, rows in sheets.items():
            picture = contact_sheet([row * np.uint8(255) for row in rows], columns=len(rows[0]), scale=2)
            write_picture(SHEETS / f"{kind}-{name}.png", picture)
            click.echo(f"{kind}-{name}.png")


if __name__ == "__main__":
    main()
