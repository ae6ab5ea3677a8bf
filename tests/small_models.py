"""Models, images and data sets small enough to make up in a test; random networks are exported like trained ones."""

from __future__ import annotations

import functools
import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vlae_codec.families.windowed.model import WindowedModel
from vlae_codec.model.folder import fingerprint
from vlae_codec.model.networks import IntegerModel
from vlae_models.nets.vlae import VLAE
from vlae_models.recipe import BilevelRecipe, ModelConfig, TrainConfig
from vlae_models.release.export import export_arrays, model_info
from vlae_models.windowed import export as windowed
from vlae_models.windowed.config import WindowedRecipe
from vlae_models.windowed.vlae import WindowedVLAE

WINDOW_NAMES = ["none", "4x2", "5x3", "7x4", "13x7"]
SHAPES = {"two blocks": ("4x2", 16, 2), "four blocks": ("4x2", 32, 4)}
BACKENDS = ["torch", "cuda"]
"""The devices that have to give what numpy ("cpu") gives."""


def config_of(window: str = "4x2", latent: int = 16, blocks: int = 2, labels: int = 0) -> ModelConfig:
    """Shapes that take milliseconds."""
    return ModelConfig(
        window=window, latent=latent, prior_blocks=blocks, prior_hidden=16,
        coarse=8, fine=8, hidden=16, features=4, local=8, local_layers=2, labels=labels,
    )  # fmt: skip


@functools.cache
def float_model(window: str = "4x2", latent: int = 16, blocks: int = 2, labels: int = 0) -> VLAE:
    """A random model in which every weight and bias matters, unlike in one that training starts from."""
    torch.manual_seed(7)
    model = VLAE(config_of(window, latent, blocks, labels))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.normal_(0, 0.2)
            elif name.startswith(("decoder.label.", "prior.first.", "prior.labels.")):
                parameter.normal_(0, 0.3)  # these start out as nothing
            elif name.endswith(("second.weight", "4.weight")) or name.startswith("local.out"):
                parameter.mul_(3)  # these start out close to nothing
    return model.eval()


@functools.cache
def exported(
    window: str = "4x2", latent: int = 16, blocks: int = 2, labels: int = 0
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The tree of model.json, fingerprint included, and the integer arrays of `float_model`."""
    config = config_of(window, latent, blocks, labels)
    out = export_arrays(float_model(window, latent, blocks, labels))
    info = model_info(BilevelRecipe("tiny", "none", config, TrainConfig(), "made up for a test"), out.shifts)
    return {**info, "fingerprint": fingerprint(info, out.arrays).hex()}, out.arrays


@functools.cache
def tiny_model(
    window: str = "4x2", latent: int = 16, blocks: int = 2, device: str = "cpu", labels: int = 0
) -> IntegerModel:
    """`float_model` in integers."""
    return IntegerModel(*exported(window, latent, blocks, labels), device)


def windowed_model(model: WindowedVLAE, recipe: WindowedRecipe, device: str = "cpu") -> WindowedModel:
    """A windowed model in integers, with no fingerprint."""
    exported = windowed.export_arrays(model)
    return WindowedModel({**windowed.model_info(recipe, exported.shifts), "fingerprint": ""}, exported.arrays, device)


def some_images(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Bilevel pictures of blots, uint8 of 0 and 1, (count, 28, 28)."""
    rng = np.random.default_rng(seed)
    rough = rng.normal(size=(count, 9, 9))
    smooth = rough.repeat(4, axis=1).repeat(4, axis=2)[:, 3:31, 3:31] + 0.3 * rng.normal(size=(count, 28, 28))
    return (smooth > 0.6).astype(np.uint8)


def some_latents(count: int, latent: int = 16, seed: int = 0) -> NDArray[np.int64]:
    """Standard normal latents in units of 2^-10, (count, latent)."""
    return np.rint(np.random.default_rng(seed).normal(size=(count, latent)) * 1024).astype(np.int64)


def write_set(folder: Path, **parts: NDArray[np.uint8]) -> Path:
    """The set "mnist-static" with these images, packed as the real one is."""
    (folder / "mnist-static").mkdir(parents=True, exist_ok=True)
    path = folder / "mnist-static" / "binarized_mnist.npz"
    packed: dict[str, Any] = {k: np.packbits(images.reshape(len(images), -1), axis=1) for k, images in parts.items()}
    np.savez_compressed(path, **packed)
    return path


def distance_from_normal(values: NDArray[np.float64]) -> float:
    """The Kolmogorov-Smirnov statistic times the root of the sample's size; above 1.63 in 1 % of normal samples."""
    ordered = np.sort(values.reshape(-1))
    cdf = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in ordered])
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return float(max(np.abs(cdf - steps[1:]).max(), np.abs(cdf - steps[:-1]).max()) * math.sqrt(len(ordered)))


def write_ink_sets(folder: Path, ink: NDArray[np.uint8]) -> None:
    """The sets "mnist-dynamic" and "omniglot" with these grey images, uint8 (N, 28, 28), as train and as test part."""
    (folder / "mnist").mkdir(parents=True, exist_ok=True)
    for part in ("train", "t10k"):
        shape = b"".join(n.to_bytes(4, "big") for n in ink.shape)
        body = bytes([0, 0, 8, ink.ndim]) + shape + ink.tobytes()
        (folder / "mnist" / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(body))
    (folder / "omniglot").mkdir(exist_ok=True)
    drawers = np.arange(len(ink), dtype=np.uint8) % 15 + 1
    np.savez(folder / "omniglot" / "omniglot28.npz", train=ink, test=ink, train_drawer=drawers)
