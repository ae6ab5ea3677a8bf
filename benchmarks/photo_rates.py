"""Photographs: bytes against PSNR, MS-SSIM and feature distance, beside `rivals` at equal bytes; lossless sizes; times.

Run as `python -m benchmarks.photo_rates --data FOLDER`. The pictures are the development part of Kodak, which no model
was trained on, or with `--set cifar10` the first test images of CIFAR-10. A rival gets the best quality whose file is
no larger than ours, or else its smallest file.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.cifar_windows import as_rgb
from benchmarks.feature_net import distances_if_trained
from benchmarks.results import write_result
from benchmarks.rivals import EXACT_RIVALS, RIVALS, Rival, best_within, encoded, installed, say_missing
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.families.registry import find_model, read_model
from vlae_codec.families.request import Rate
from vlae_codec.families.result import Encoded
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.codec import ORDER
from vlae_codec.families.windowed.model import WindowedModel
from vlae_codec.io.images import Picture
from vlae_codec.report.quality import Levels, ms_ssim, psnr
from vlae_models.data.cifar import TEST, load_cifar

PICTURES = "kodak-dev/*.png"
QUALITIES = (0.0, 20.0, 40.0, 50.0, 70.0, 90.0)
"""Of ours; 50 is the default."""


def kodak(data: Path, count: int) -> list[tuple[str, Levels]]:
    """Names and pixels of photographs.

    Raises:
        VlaeError: there are none.
    """
    paths = sorted(data.glob(PICTURES))[:count]
    if not paths:
        raise VlaeError(f"no {PICTURES} in {data}")
    return [(path.stem, np.asarray(Image.open(path).convert("RGB"))) for path in paths]


def tiny(data: Path, count: int) -> list[tuple[str, Levels]]:
    """Names and pixels of the first test images of CIFAR-10."""
    images = load_cifar(data, TEST)[:count]
    return [(f"{number}", np.ascontiguousarray(image[..., ORDER])) for number, image in enumerate(images)]


SETS = {"kodak-dev": kodak, "cifar10": tiny}


def qualities(model: str) -> tuple[float, ...]:
    """Those of a model, one if it has a single width."""
    coarsest, finest = read_model(find_model(model).folder, WindowedModel).widths
    return QUALITIES if coarsest < finest else (codec.DEFAULT_QUALITY,)


def compressed(original: Levels, model: str, **rate: Any) -> Encoded:
    """Compress a picture; `rate` is the quality, or that it be without loss."""
    return codec.compress_photo(Picture(original), find_model(model), Rate(**rate))


def measure(picture: Levels, lossless: bool, *, model: str, rivals: bool = True) -> dict[str, Any]:
    """All figures of one picture.

    Args:
        picture: uint8 (H, W, 3).
        lossless: measure its exact file, too.
        model: which makes the files.
        rivals: measure the other codecs.
    """
    rows = []
    for quality in qualities(model):
        started = time.monotonic()
        made = compressed(picture, model, quality=quality)
        written = time.monotonic()
        drawn = as_rgb(codec.decompress_photo(made.data)[0])
        done = time.monotonic()
        preview = as_rgb(codec.decompress_photo(made.data, preview=True)[0])
        ours = {"quality": quality, "kl_bits": made.kl_bits, "payload_bits": made.lossy_bits}
        ours |= {"compress_seconds": written - started, "decompress_seconds": done - written}
        ours |= point(picture, drawn, len(made.data))
        shown = point(picture, preview, len(made.data))
        ours |= {f"preview_{key}": value for key, value in shown.items() if key != "bpp"}
        others = {one.name: rival(one, picture, len(made.data)) for one in installed(RIVALS) if rivals}
        rows.append({**ours, "rivals": others})
    return {"rows": rows, "lossless": exact(picture, model)} if lossless else {"rows": rows}


def exact(original: Levels, model: str) -> dict[str, Any]:
    """Bits a subpixel of the exact file, decoded again, and of the rivals'."""
    started = time.monotonic()
    made = compressed(original, model, lossless=True)
    written = time.monotonic()
    again = as_rgb(codec.decompress_photo(made.data)[0])
    seconds = {"compress_seconds": written - started, "decompress_seconds": time.monotonic() - written}
    if (again != original).any():
        raise VlaeError("a lossless file came back as another picture")
    sizes = {"ours": len(made.data), "bound": (made.neg_elbo_bits or 0) / 8}
    sizes |= {one.name: len(encoded(one, original)) for one in installed(EXACT_RIVALS)}
    return {name: 8 * size / original.size for name, size in sizes.items()} | seconds


def point(original: Levels, other: Levels, size: int) -> dict[str, float]:
    """Return a picture's rate and quality."""
    pixels = original.shape[0] * original.shape[1]
    found = {"bpp": 8 * size / pixels, "psnr": psnr(original, other), "ms_ssim": ms_ssim(original, other)}
    distances = distances_if_trained(original[None], other[None])
    return found if distances is None else {**found, "features": float(distances[0])}


def rival(one: Rival, original: Levels, most: int) -> dict[str, float]:
    """Rate and quality of the best of a rival's files within so many bytes."""
    picture, size, quality = best_within(one, original, most)
    return {**point(original, picture, size), "quality": quality}


def means(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the photographs, by quality."""
    table: dict[str, Any] = {}
    for index, quality in enumerate(row["quality"] for row in found[0]["rows"]):
        rows = [one["rows"][index] for one in found]
        keys = [key for key in rows[0] if key not in ("rivals", "quality")]
        mean: dict[str, Any] = {key: float(np.mean([row[key] for row in rows])) for key in keys}
        mean["over_kl"] = sum(row["payload_bits"] for row in rows) / sum(row["kl_bits"] for row in rows)
        mean["rivals"] = {
            name: {key: float(np.mean([row["rivals"][name][key] for row in rows])) for key in one}
            for name, one in rows[0]["rivals"].items()
        }
        table[f"{quality:g}"] = mean
    exacts = [one["lossless"] for one in found if "lossless" in one]
    lossless = {key: float(np.mean([one[key] for one in exacts])) for key in exacts[0]} if exacts else {}
    return {"qualities": table, "lossless": lossless, "lossless_pictures": len(exacts)}


def result_name(model: str, kind: str = "kodak-dev") -> str:
    """Return the name of the result that has a model's figures on a set."""
    if kind != "kodak-dev":
        return f"photo_rates-{kind}-{model}"
    return f"photo_rates-{model}"


@click.command()
@data_option
@click.option("--pictures", type=click.IntRange(1), default=12, show_default=True, help="How many photographs.")
@click.option("--lossless", type=click.IntRange(0), default=12, show_default=True, help="How many of them exactly too.")
@click.option("-m", "--model", default="photo-exact", show_default=True, help="A model of photographs.")
@click.option("--set", "kind", type=click.Choice(list(SETS)), default="kodak-dev", show_default=True)
@click.option("--rivals/--no-rivals", default=True, show_default=True, help="Measure the other codecs as well.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes; times are for 1.")
@exit_on_error
def main(data: Path, pictures: int, lossless: int, model: str, kind: str, rivals: bool, jobs: int) -> None:
    """Measure a model of photographs: the name of a released one, or a folder."""
    chosen = SETS[kind](data, pictures)
    say_missing()
    flags = [number < lossless for number in range(len(chosen))]
    info = find_model(model)
    name = info.name if info else model
    with ProcessPoolExecutor(jobs) as pool:
        work = pool.map(partial(measure, model=model, rivals=rivals), [picture for _, picture in chosen], flags)
        found = list(tqdm(work, total=len(chosen), desc="pictures", unit="picture"))
    tree = {"model": name, "set": kind, "jobs": jobs, **means(found), "pictures": len(found)}
    path = write_result(result_name(name, kind), tree)
    click.echo(path.read_text()[:1500])


if __name__ == "__main__":
    main()
