"""What a model is worth on a test set: -ELBO, importance-sampled NLL, KL, active dimensions.

The -ELBO and KL are those of the integer model that the codec runs. Importance sampling takes
thousands of decoder passes an image and uses the same weights in ordinary float arithmetic; the two
-ELBOs stand side by side in the result, which shows what the integers cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from vlae_codec.errors import ModelError
from vlae_codec.families.registry import find_model, read_model
from vlae_codec.latents.posterior import gaussian_kl, posterior_of, prior_conditionals, rates, sample
from vlae_codec.model import info as names
from vlae_codec.model.networks import IntegerModel

from ..data.sets import Images, load_set
from ..nets.vlae import VLAE, as_tensor
from ..recipe import BILEVEL, read_recipe
from .layers import restore

ACTIVE_BITS = 0.01
"""A dimension with more KL than this, on average over the set, counts as active."""


@dataclass(frozen=True)
class Evaluation:
    """Averages over the images of a set; nats unless the name says bits."""

    model: str
    set: str
    images: int
    neg_elbo_nats: float
    neg_elbo_float_nats: float
    kl_nats: float
    kl_bits: float
    kl_bits_sd: float
    nll_nats: float
    nll_standard_error: float
    nll_images: int
    samples: int
    bits_per_pixel: float
    active_dims: int


def evaluate(model: IntegerModel, net: VLAE, images: Images, name: str, samples: int, subset: int) -> Evaluation:
    """Evaluate a released model.

    Args:
        model: the integer model.
        net: the same weights as a float network.
        images: bilevel test images, (N, 28, 28).
        name: of the set, for the record.
        samples: importance samples an image.
        subset: importance-sample this many images, evenly spaced; the rest is evaluated without.
    """
    posterior = posterior_of(model, images)
    theory = rates(model, images, posterior)
    torch.manual_seed(0)
    with torch.no_grad():
        parts = [net(part) for part in torch.split(as_tensor(images), 250)]
        neg_elbo_float = float(torch.cat([part.rate + part.distortion for part in parts]).mean())
        chosen = images[np.linspace(0, len(images) - 1, subset).astype(int)]
        nll = importance_nll(net, chosen, samples)
    return Evaluation(
        model=model.name,
        set=name,
        images=len(images),
        neg_elbo_nats=float(theory.neg_elbo.mean()) * math.log(2),
        neg_elbo_float_nats=neg_elbo_float,
        kl_nats=float(theory.kl.mean()) * math.log(2),
        kl_bits=float(theory.kl.mean()),
        kl_bits_sd=float(theory.kl.std()),
        nll_nats=float(nll.mean()),
        nll_standard_error=float(nll.std() / math.sqrt(len(nll))),
        nll_images=len(nll),
        samples=samples,
        bits_per_pixel=float(nll.mean()) / math.log(2) / images[0].size,
        active_dims=int((kl_per_dim(model, images) > ACTIVE_BITS).sum()),
    )


def evaluate_folder(model: str, data: Path, samples: int, subset: int, count: int | None = None) -> Evaluation:
    """Evaluate a model on the test images of the set that its recipe names.

    Args:
        model: shipped name or folder.
        data: folder of the data sets.
        samples, subset: as in `evaluate`.
        count: of the test images, evenly spaced; None for all.

    Raises:
        VlaeError: there is no such model, it is of another family, its recipe is missing, or the set is not there.
    """
    info = find_model(model)
    if info.family != names.BILEVEL:
        raise ModelError(f"model {info.name} is of the {info.family} family: bilevel models are evaluated")
    folder = info.folder
    recipe = read_recipe(folder / "recipe.toml", BILEVEL)
    images = load_set(recipe.data, data).test
    images = images[np.linspace(0, len(images) - 1, min(count or len(images), len(images))).astype(int)]
    integer = read_model(folder, IntegerModel)
    net = restore(recipe.model, integer.info["shifts"], integer.arrays)
    return evaluate(integer, net, images, recipe.data, samples, min(subset, len(images)))


def importance_nll(net: VLAE, images: Images, samples: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """-log p(x) of each image, nats, by importance sampling (exact for a model without latents)."""
    parts = []
    with torch.no_grad(), tqdm(total=len(images), unit="image", desc=f"{samples} samples", disable=None) as bar:
        for part in torch.split(as_tensor(images), 100):
            parts.append(net.importance_bound(part, samples) if net.config.latent else net(part).distortion)
            bar.update(len(part))
    return torch.cat(parts).double().numpy()


def kl_per_dim(model: IntegerModel, images: Images) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean KL of every latent dimension, bits, (D,)."""
    posterior = posterior_of(model, images)
    labels = model.likely_labels(images) if model.labels else None
    conditionals = prior_conditionals(model, sample(posterior, 0), labels)
    return np.asarray(gaussian_kl(posterior, *conditionals).mean(axis=0) / math.log(2))
