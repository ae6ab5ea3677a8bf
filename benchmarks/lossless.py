"""What lossless coding costs against -ELBO, and how fast it is: an archive, chunks, single files, other coders.

Run as `python -m benchmarks.lossless MODEL --data FOLDER`; the parts can be chosen with --parts. Each part is kept as
soon as it is measured. Every archive is decoded again and compared; a picture that does not come back ends the run.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from benchmarks.digits import evenly
from benchmarks.options import models_argument, open_model, set_of
from benchmarks.peers import peers
from benchmarks.results import read_result, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.container.archive import BITS_BACK, write_archive
from vlae_codec.container.header import TREE_SEARCH, write_lossless
from vlae_codec.errors import VlaeError
from vlae_codec.families.bilevel import lossless
from vlae_codec.families.bilevel.lossless_chunk import PRECISION, Spent, decode_chunk, encode_chunk
from vlae_codec.io.images import Pixels
from vlae_codec.latents.payload import decode
from vlae_codec.latents.posterior import posterior_of, rates
from vlae_codec.model.networks import IntegerModel
from vlae_models.data.sets import load_idx, load_set

PARTS = ("archive", "chunks", "single", "peers", "mnist")
CHUNK = 10_000
BATCH = 200


def peak_mebibytes() -> float:
    """Return the most memory that this process has held so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def bound(model: IntegerModel, images: Pixels) -> dict[str, float]:
    """KL, -ELBO and naive length of images, bits an image, by floats and apart from any coding."""
    sums = np.zeros(3)
    for start in tqdm(range(0, len(images), BATCH), desc="-ELBO", leave=False, disable=None):
        batch = images[start : start + BATCH]
        found = rates(model, batch, posterior_of(model, batch))
        sums += [found.kl.sum(), found.neg_elbo.sum(), found.naive.sum()]
    kl, neg_elbo, naive = (sums / len(images)).tolist()
    return {"kl_bits": kl, "neg_elbo_bits": neg_elbo, "naive_bits": naive}


def pack(model: IntegerModel, images: Pixels, chunk: int) -> tuple[bytes, list[bytes], Spent, float]:
    """Return an archive's bytes, its chunks, where the bits went, and seconds."""
    total, chunks, started = Spent(), [], time.monotonic()
    with tqdm(total=len(images), desc="encoding", unit="image", leave=False, disable=None) as bar:

        def advance(done: int) -> None:
            bar.update(done)

        for start in range(0, len(images), chunk):
            data, spent = encode_chunk(model, images[start : start + chunk], progress=advance)
            chunks.append(data)
            total.add(spent)
    data = write_archive(BITS_BACK, model.fingerprint, len(images), chunk, chunks)
    return data, chunks, total, time.monotonic() - started


def unpack(model: IntegerModel, images: Pixels, chunks: list[bytes], chunk: int) -> float:
    """Seconds that decoding takes.

    Raises:
        VlaeError: a picture does not come back.
    """
    started, place = time.monotonic(), 0
    for number, data in enumerate(chunks):
        for batch in decode_chunk(model, data, min(chunk, len(images) - number * chunk)):
            if (batch != images[place : place + len(batch)]).any():
                raise VlaeError(f"pictures {place} to {place + len(batch) - 1} do not come back")
            place += len(batch)
    return time.monotonic() - started


def archive(model: IntegerModel, images: Pixels) -> dict[str, Any]:
    """One archive of all images against their -ELBO; the latents' cost against KL; speed and memory."""
    before = peak_mebibytes()
    data, chunks, spent, encoding = pack(model, images, CHUNK)
    decoding = unpack(model, images, chunks, CHUNK)
    peak, theory, count = peak_mebibytes(), bound(model, images), len(images)
    bits = 8 * len(data) / count
    return {
        "images": count,
        "file_bytes": len(data),
        "written_bits": round(bits, 3),
        "bits_per_pixel": round(bits / (model.height * model.width), 5),
        **{key: round(value, 3) for key, value in theory.items()},
        "neg_elbo_nats": round(theory["neg_elbo_bits"] * math.log(2), 3),
        "over_neg_elbo": round(bits / theory["neg_elbo_bits"], 5),
        "over_neg_elbo_of_its_z": round(8 * len(data) / spent.neg_elbo_bits, 5),
        "naive_latent_bits": round(spent.naive_latent_bits / count, 3),
        "kl_bits_of_its_z": round(spent.kl_bits / count, 3),
        "latent_bits": round(spent.latent_bits / count, 3),
        "latents_over_kl": round(spent.latent_bits / spent.kl_bits, 5),
        "seeds": spent.seeds,
        "precision": PRECISION,
        "encode_per_second": round(count / encoding, 1),
        "decode_per_second": round(count / decoding, 1),
        "peak_mebibytes": peak,
        "mebibytes_before": before,
        "exact": True,
    }


def chunking(model: IntegerModel, images: Pixels) -> list[dict[str, float]]:
    """Measure the cost of smaller chunks."""
    rows = []
    for chunk in (10, 30, 100, 300, 1000, len(images)):
        data, chunks, spent, encoding = pack(model, images, chunk)
        decoding = unpack(model, images, chunks, chunk)
        bits = 8 * len(data) / len(images)
        rows.append(
            {
                "chunk": chunk,
                "images": len(images),
                "written_bits": round(bits, 3),
                "over_neg_elbo_of_its_z": round(8 * len(data) / spent.neg_elbo_bits, 5),
                "encode_per_second": round(len(images) / encoding, 1),
                "decode_per_second": round(len(images) / decoding, 1),
            }
        )
        click.echo(f"{model.name}: chunks of {chunk}: {bits:.2f} bits an image")
    return rows


def single(model: IntegerModel, images: Pixels, effort: int) -> dict[str, Any]:
    """One file an image: payload over the image's own -ELBO."""
    started = time.monotonic()
    with tqdm(total=len(images), desc=f"single files, effort {effort}", leave=False, disable=None) as bar:

        def advance(done: int) -> None:
            bar.update(done)

        codes = lossless.encode(model, images, effort=effort, progress=advance)
    encoding, started = time.monotonic() - started, time.monotonic()
    z = decode(model, [TREE_SEARCH] * len(codes), [code.payload for code in codes])
    exact = bool((lossless.restore(model, z, [code.residual for code in codes]) == images).all())
    if not exact:
        raise VlaeError("a single file does not come back")
    decoding = time.monotonic() - started
    over = np.array([code.payload_bits - code.neg_elbo_bits for code in codes])
    files = [len(write_lossless(model.fingerprint, c.payload, c.residual)) for c in codes]
    return {
        "images": len(images),
        "effort": effort,
        "payload_bits": round(float(np.mean([code.payload_bits for code in codes])), 3),
        "lossy_bits": round(float(np.mean([8 * len(code.payload) for code in codes])), 3),
        "neg_elbo_bits": round(float(np.mean([code.neg_elbo_bits for code in codes])), 3),
        "over_neg_elbo_bits": round(float(over.mean()), 3),
        "over_neg_elbo_90_percent": round(float(np.quantile(over, 0.9)), 3),
        "file_bytes": round(float(np.mean(files)), 3),
        "encode_per_second": round(len(images) / encoding, 2),
        "decode_per_second": round(len(images) / decoding, 2),
        "exact": exact,
    }


def mnist(model: IntegerModel, folder: Path) -> dict[str, Any]:
    """Round trip of all 70,000 grey digits, binarised at half brightness, as one archive."""
    parts = [load_idx(folder / "mnist" / f"{name}-images-idx3-ubyte.gz") for name in ("train", "t10k")]
    images = (np.concatenate(parts) >= 128).astype(np.uint8)
    data, chunks, _, encoding = pack(model, images, CHUNK)
    decoding = unpack(model, images, chunks, CHUNK)
    return {
        "images": len(images),
        "exact": True,
        "written_bits": round(8 * len(data) / len(images), 3),
        "encode_per_second": round(len(images) / encoding, 1),
        "decode_per_second": round(len(images) / decoding, 1),
        "peak_mebibytes": peak_mebibytes(),
    }


@click.command()
@models_argument
@data_option
@click.option("--images", type=click.IntRange(1), default=10_000, show_default=True, help="Of each test set, in order.")
@click.option("--singles", type=click.IntRange(1), default=500, show_default=True, help="Files of one image.")
@click.option("--chunk-images", type=click.IntRange(1), default=1000, show_default=True, help="For what chunks cost.")
@click.option("--parts", default=",".join(PARTS), show_default=True, help="What to measure.")
@exit_on_error
def main(models: tuple[str, ...], data: Path, images: int, singles: int, chunk_images: int, parts: str) -> None:
    """Measure MODELS (names or folders)."""
    wanted = parts.split(",")
    if unknown := set(wanted) - set(PARTS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: not among {', '.join(PARTS)}", param_hint="--parts")
    for name in models:
        model, kind = open_model(name), set_of(name)
        test = load_set(kind, data).test[:images]
        few = test[evenly(min(singles, len(test)), len(test))]
        jobs: dict[str, Callable[[], Any]] = {
            "archive": partial(archive, model, test),
            "chunks": partial(chunking, model, test[:chunk_images]),
            "single": partial(list, (single(model, few, effort) for effort in (1, 5))),
            "peers": partial(peers, test, few),
            "mnist": partial(mnist, model, data),
        }
        for part in wanted:
            stored = read_result(f"lossless-{model.name}") or {}
            stored.pop("metadata", None)
            found = jobs[part]()
            click.echo(f"{model.name} {part}: {found}")
            write_result(f"lossless-{model.name}", {**stored, "model": model.name, "set": kind, part: found})


if __name__ == "__main__":
    main()
