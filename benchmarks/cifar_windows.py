"""CIFAR-10: what the decoder's window leaves to the code (Chen et al., section 4.3), and a sheet to look at.

Run as `python -m benchmarks.cifar_windows --data FOLDER --local RUN --local RUN ...`. The bound of the first 1,000 test
images is that of the float networks with the released integers' weights; files are those of the codec. Decoders without
latents are not released: a RUN is a training folder of the recipe of its name, `cifar-local` or one of the sweep.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.cifar_tables import LOCAL
from benchmarks.results import read_result, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.families.registry import find_model, list_models
from vlae_codec.families.request import Rate
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.codec import ORDER
from vlae_codec.io.images import Picture
from vlae_models.data.cifar import SIDE, TEST, load_cifar
from vlae_models.data.crops import Levels
from vlae_models.recipe import load_recipe, read_recipe
from vlae_models.train.loop import load_average
from vlae_models.windowed.config import WINDOWED
from vlae_models.windowed.restore import start_from
from vlae_models.windowed.vlae import WindowedVLAE

MODELS = ("cifar-4x2", "cifar-5x3", "cifar-7x4", "cifar-7x4-grey", "cifar-vae", "cifar-7x4-bound")
SWEEP = Path(__file__).resolve().parent / "sweep"
SUBPIXELS = 3 * SIDE * SIDE
BATCH = 50
SAMPLES = 2
"""Of z for each image's bound."""
BLOCK = 4
"""Side of the blocks whose mean colours are compared."""
TEMPERATURE = 1.0
CHROMA = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
LUMA = np.array([[0.299, 0.587, 0.114]])

Floats = NDArray[np.float64]


@torch.no_grad()
def bound(net: WindowedVLAE, images: Levels, log_width: float) -> dict[str, float]:
    """KL and -ELBO of images (N, 32, 32, 3), green, red, blue, in bits a subpixel, mean over them.

    The logarithm of the width is the only one that these models are trained for.
    """
    torch.manual_seed(0)
    places = torch.arange(SIDE * SIDE)
    rates, totals = [], []
    for first in tqdm(range(0, len(images), BATCH), desc="bound", unit="batch"):
        x = torch.from_numpy(images[first : first + BATCH]).permute(0, 3, 1, 2).float()
        widths, none = x.new_full((len(x),), log_width), x.new_zeros(len(x))
        for _ in range(SAMPLES if net.config.latent else 1):
            rate, distortion, _ = net(x, widths, x, none, places.expand(len(x), -1))
            rates.append(rate.numpy() / 3)
            totals.append((rate + distortion).numpy() / 3)
    total = np.concatenate(totals)
    error = float(total.reshape(len(images), -1).mean(1).std() / len(images) ** 0.5)
    return {"kl": float(np.mean(np.concatenate(rates))), "bits": float(total.mean()), "standard_error": error}


def coded(name: str, images: Levels) -> tuple[dict[str, float], Levels]:
    """Means of the codec's files of images, RGB, and one picture drawn of each."""
    info = find_model(name)
    rows, drawn = [], []
    for number, image in enumerate(tqdm(images, desc=name, unit="image")):
        lossy, exact = (codec.compress_photo(Picture(image), info, Rate(lossless=flag)) for flag in (False, True))
        if (as_rgb(codec.decompress_photo(exact.data)[0]) != image).any():
            raise VlaeError(f"{name}: a lossless file came back as another picture")
        rows.append((lossy.kl_bits, lossy.lossy_bits, 8 * len(lossy.data), 8 * len(exact.data) / image.size))
        drawn.append(as_rgb(codec.decompress_photo(lossy.data, temperature=TEMPERATURE, number=number)[0]))
    means = np.mean(rows, axis=0)
    keys = ("file_kl_bits", "payload_bits", "file_bits", "lossless_bits_subpixel")
    return dict(zip(keys, map(float, means), strict=True)), np.stack(drawn)


def as_rgb(picture: Levels) -> Levels:
    """Return the picture with three channels; one without colour comes back with one."""
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def kept(images: Levels, drawn: Levels, weights: Floats) -> float:
    """Return the share of variance of blocks' mean colours (RGB times weights) kept: 1 - error / variance."""
    means = [block_means(one) @ weights.T for one in (images, drawn)]
    error = ((means[0] - means[1]) ** 2).sum()
    return float(1 - error / ((means[0] - means[0].mean((0, 1, 2))) ** 2).sum())


def block_means(images: Levels) -> Floats:
    """Mean colours of blocks, (N, rows, columns, 3)."""
    count, side = len(images), SIDE // BLOCK
    return np.asarray(images.reshape(count, side, BLOCK, side, BLOCK, 3).mean((2, 4)))


def measure(name: str, test: Levels, files: int) -> dict[str, Any]:
    """All figures of a released model."""
    info = find_model(name)
    recipe = read_recipe(info.folder / "recipe.toml", WINDOWED)
    net, width = WindowedVLAE(recipe.model), recipe.train.finest
    start_from(net, name)
    net.eval()
    rgb = np.ascontiguousarray(test[:files][..., ORDER])
    figures, drawn = coded(name, rgb)
    colours = {"luma_kept": kept(rgb, drawn, LUMA), "chroma_kept": kept(rgb, drawn, CHROMA)}
    about = {"fingerprint": info.fingerprint, "window": net.config.window}
    return {**about, **bound(net, test, width), **figures, **colours}


def kept_row(stored: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return the stored figures of a model, unless they are those of one that it has superseded."""
    info, row = find_model(name), stored.get(name)
    return row if row and row["fingerprint"] == info.fingerprint else None


def measure_local(run: Path, test: Levels) -> dict[str, Any]:
    """Measure the bound of a decoder without latents, of its training's checkpoint."""
    swept = SWEEP / f"{run.name}.toml"
    recipe = load_recipe(str(swept) if swept.exists() else run.name, WINDOWED)
    net = load_average(WindowedVLAE(recipe.model), run, recipe)
    return {"window": recipe.model.window, **bound(net, test, recipe.train.finest)}


@click.command()
@data_option
@click.option("--local", type=click.Path(path_type=Path), multiple=True, help="Run of a decoder without latents.")
@click.option("--images", type=click.IntRange(1), default=1000, show_default=True, help="Test images for the bound.")
@click.option("--files", type=click.IntRange(1), default=100, show_default=True, help="Of them, made into files.")
@click.option("--add", is_flag=True, help="Only what is not stored yet.")
@exit_on_error
def main(data: Path, local: tuple[Path, ...], images: int, files: int, add: bool) -> None:
    """Measure the released models of CIFAR-10."""
    test = load_cifar(data, TEST)[:images]
    stored = (read_result("cifar_windows") or {}).get("models", {}) if add else {}
    installed = {info.name for info in list_models()}
    wanted = [name for name in MODELS if name in installed]
    found = {name: kept_row(stored, name) or measure(name, test, min(files, images)) for name in wanted}
    found |= {name: row for name, row in stored.items() if name.startswith(LOCAL)}
    found |= {run.name: measure_local(run, test) for run in local}
    path = write_result("cifar_windows", {"images": len(test), "files": min(files, images), "models": found})
    click.echo(path.read_text()[:3000])


if __name__ == "__main__":
    main()
