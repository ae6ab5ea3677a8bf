"""What images cost: theory (KL, -ELBO), payload and file, for both codes at two efforts.

Run as `python -m benchmarks.rate_table MODEL... --data FOLDER`. Theory is the mean of all test images of the model's
set, or of 10,000 of them; payloads are of fewer, beside the KL of the very same images.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from benchmarks.digits import evenly
from benchmarks.options import images_option, models_argument, open_model, set_of
from benchmarks.results import read_result, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.container.header import write_container
from vlae_codec.latents.payload import encode
from vlae_codec.latents.posterior import posterior_of, rates
from vlae_codec.latents.target import Target
from vlae_codec.model.networks import IntegerModel
from vlae_models.data.sets import Images, load_set
from vlae_models.release.evaluation import ACTIVE_BITS, kl_per_dim

CHUNK = 200
FLOOR_SAMPLES, FLOOR_IMAGES = 1000, 50
"""Samples of q of an image, and images, that the floor is estimated from."""


def theory(model: IntegerModel, images: Images) -> dict[str, Any]:
    """Mean KL, -ELBO and naive code length of the images in bits, and active dimensions, by the integer model."""
    found = []
    for start in tqdm(range(0, len(images), CHUNK), desc=f"{model.name} theory", leave=False, disable=None):
        batch = images[start : start + CHUNK]
        parts = rates(model, batch, posterior_of(model, batch))
        found.append(np.stack([parts.kl, parts.neg_elbo, parts.naive]))
    kl, neg_elbo, naive = np.concatenate(found, axis=1)
    return {
        "images": len(images),
        "kl_bits": round(float(kl.mean()), 3),
        "kl_bits_deviation": round(float(kl.std()), 3),
        "neg_elbo_bits": round(float(neg_elbo.mean()), 3),
        "neg_elbo_nats": round(float(neg_elbo.mean()) * math.log(2), 3),
        "naive_bits": round(float(naive.mean()), 3),
        "latent_dims": model.latent,
        "active_dims": int((kl_per_dim(model, images) > ACTIVE_BITS).sum()),
    }


def payloads(model: IntegerModel, images: Images, code: str, effort: int) -> dict[str, Any]:
    """Measure what one code at one effort writes for the images; bits and bytes are means."""
    started = time.process_time()
    title = f"{model.name} {code} effort {effort}"
    with tqdm(total=len(images), desc=title, unit="image", leave=False, disable=None) as bar:

        def advance(done: int) -> None:
            bar.update(done)

        codes = encode(model, images, code=code, effort=effort, progress=advance)
    seconds = (time.process_time() - started) / len(images)
    bits = np.array([one.payload_bits for one in codes])
    kl = np.array([one.kl_bits for one in codes])
    files = np.array([len(write_container(one.mode, model.fingerprint, one.payload)) for one in codes])
    around = files - np.array([len(one.payload) for one in codes])
    return {
        "code": code,
        "effort": effort,
        "images": len(images),
        "kl_bits": round(float(kl.mean()), 3),
        "payload_bits": round(float(bits.mean()), 3),
        "over_kl_bits": round(float((bits - kl).mean()), 3),
        "file_bytes": round(float(files.mean()), 3),
        "beyond_payload_bytes": int(around.max()),
        "groups": groups_of([one.mode for one in codes]),
        **(
            {"floor_over_kl_bits": round(floor_over_kl(model, images[:: -(-len(images) // FLOOR_IMAGES)]), 2)}
            if code == "sample"
            else {}
        ),
        "seconds": round(seconds, 4),
    }


def floor_over_kl(model: IntegerModel, images: Images) -> float:
    """Mean of what no code of a sample in one group can do without beyond the KL, bits.

    With w(h) the prior's probability that q / p reaches h, the floor is the integral of -w log2 w (Goc and Flamich, "On
    channel simulation with causal rejection samplers", 2024); w comes from samples of q.
    """
    posterior, none, found = posterior_of(model, images), np.zeros((1, 0), np.int64), []
    for index in range(len(images)):
        target = Target(model, posterior.of(index), 1.0, 0, none, model.blocks)
        ratios = np.sort(target.samples(FLOOR_SAMPLES, index).ratios.sum(axis=1))
        reached = np.minimum(np.cumsum(2.0 ** -ratios[::-1])[::-1] / len(ratios), 1)
        steps = np.diff(2.0**ratios, prepend=0.0)
        found.append(-float((steps * reached * np.log2(reached)).sum()) - float(ratios.mean()))
    return float(np.mean(found))


def groups_of(modes: list[int]) -> dict[str, int]:
    """How many images took each mode."""
    values, counts = np.unique(np.array(modes, np.int64), return_counts=True)
    return {str(value): int(count) for value, count in zip(values, counts, strict=True)}


@click.command()
@models_argument
@data_option
@images_option(10000, "--theory-images", "Test images for KL and -ELBO")
@click.option("--images", type=click.IntRange(0), default=1000, show_default=True, help="Test images at effort 5.")
@click.option("--images9", type=click.IntRange(0), default=100, show_default=True, help="Test images at effort 9.")
@click.option("--samples/--no-samples", default=True, show_default=True, help="Measure relative entropy coding, too.")
@click.option("--again", is_flag=True, help="Measure relative entropy coding alone, and keep the rest.")
@exit_on_error
def main(
    models: tuple[str, ...], data: Path, theory_images: int, images: int, images9: int, samples: bool, again: bool
) -> None:
    """Measure MODELS (names or folders)."""
    for name in models:
        model, kind = open_model(name), set_of(name)
        test = load_set(kind, data).test
        there = read_result(f"rates-{model.name}") if again else None
        efforts = {effort: count for effort, count in ((5, images), (9, images9)) if count}
        kept = there["codes"] if there else []
        codes = [one for one in kept if one["code"] != "sample" or one["effort"] not in efforts]
        expected = there["theory"] if there else theory(model, test[evenly(theory_images, len(test))])
        for effort, count in efforts.items():
            for code in (("sample",) if there else ("search", "sample")) if samples else ("search",):
                entry = payloads(model, test[evenly(count, len(test))], code, effort)
                codes.append(entry)
                click.echo(
                    f"{model.name} {entry['code']:8} effort {effort}: {entry['payload_bits']:.2f} bits,"
                    f" KL {entry['kl_bits']:.2f}, over it {entry['over_kl_bits']:.2f}"
                )
        codes.sort(key=lambda one: (one["effort"], one["code"] == "sample"))
        write_result(f"rates-{model.name}", {"model": model.name, "set": kind, "theory": expected, "codes": codes})


if __name__ == "__main__":
    main()
