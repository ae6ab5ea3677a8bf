"""From a training run to a released model folder: export, settings fitted to training images, a check, a card."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vlae_codec.coding.prefix_code import MAX_EXPONENT, fit_lengths
from vlae_codec.errors import ModelError
from vlae_codec.exact.layers import FRACTION
from vlae_codec.exact.philox import private_uniforms
from vlae_codec.families.registry import read_model
from vlae_codec.latents.posterior import (
    Floats,
    Posterior,
    gaussian_kl,
    gaussian_log_density,
    posterior_of,
    prior_conditionals,
    rates,
    sample,
)
from vlae_codec.latents.relative_entropy import MAX_GROUPS, choose_groups, group_sizes
from vlae_codec.model.networks import IntegerModel, Integers

from ..data.sets import Images
from ..nets.label import one_hot
from ..nets.prior import gaussian_kl as float_kl
from ..nets.vlae import VLAE, as_tensor
from ..recipe import BilevelRecipe
from .export import export_arrays, model_info, with_fingerprint, write_model

CALIBRATION_IMAGES = 1000
REACHES = (14, 17, 20, 24)
"""KL (bits) up to which one group is taken, that the index code is fitted to."""
MAX_LOSS_NATS = 0.1
"""The most that integers may cost against floats, nats an image."""


def release(net: VLAE, recipe: BilevelRecipe, images: Images, folder: Path, **settings: Any) -> dict[str, Any]:
    """Write the model folder of a trained network; its model.json comes back.

    Args:
        net: the averaged network.
        recipe: what it was trained by.
        images: training images, (N, 28, 28); settings of the code are fitted to some of them.
        folder: where the model goes.
        settings: further keys of model.json.

    Raises:
        ModelError: the integers lose more than 0.1 nat an image.
    """
    exported = export_arrays(net)
    chosen = images[np.linspace(0, len(images) - 1, CALIBRATION_IMAGES).astype(int)]
    info = model_info(recipe, exported.shifts, **settings)
    model = IntegerModel(with_fingerprint(info, exported.arrays), exported.arrays)
    posterior, labels = posterior_of(model, chosen), model.likely_labels(chosen) if model.labels else None
    kl_blocks = rates(model, chosen, posterior).kl_blocks
    info["block_shares"] = [max(1, round(100 * float(share))) for share in kl_blocks.mean(0) / kl_blocks.mean(0).sum()]
    info["index_lengths"] = fit_index_lengths(model, posterior, kl_blocks, labels)
    loss = integer_loss(net, model, chosen)
    if loss > MAX_LOSS_NATS:
        raise ModelError(f"{recipe.name}: integers cost {loss:.3f} nats an image, more than {MAX_LOSS_NATS}")
    info["integer_loss_nats"] = round(loss, 4)
    written = write_model(folder, info, exported.arrays)
    read_model(folder, IntegerModel)
    return written


def fit_index_lengths(
    model: IntegerModel, posterior: Posterior, kl_blocks: Floats, labels: Integers | None = None
) -> list[list[int]]:
    """Huffman lengths of the candidate numbers' exponents, for codes of one to four groups.

    No search is needed for the numbers' distribution: given that the search ends at z, the number
    is geometric with a mean of about q(z|x) / p(z) (Li and El Gamal, 2018), and z is a sample of q.
    """
    exponents: list[list[int]] = [[] for _ in range(MAX_GROUPS)]
    uniforms = iter(private_uniforms(1 << 20, 0))
    for number in range(4):
        ratios = log2_ratios(model, posterior, sample(posterior, number), labels)
        for i, reach in itertools.product(range(len(ratios)), REACHES):
            sizes = group_sizes(model.blocks, choose_groups(kl_blocks[i], reach))
            for group in np.split(ratios[i], np.cumsum(sizes)[:-1]):
                candidate = -np.log(next(uniforms)) * 2.0 ** group.sum()
                exponents[len(sizes) - 1].append(min(MAX_EXPONENT, int(np.log2(1 + candidate))))
    return [fit_lengths(found) for found in exponents]


def log2_ratios(model: IntegerModel, posterior: Posterior, z: Integers, labels: Integers | None = None) -> Floats:
    """log2 q(z_b|x) / p(z_b|z_<b) of every block, (B, blocks), given labels where the model has them."""
    value = z / 2.0**FRACTION
    ratio = posterior.log_density(value) - gaussian_log_density(value, *prior_conditionals(model, z, labels))
    return np.asarray(ratio.reshape(len(z), model.blocks, -1).sum(axis=2) / math.log(2))


def integer_loss(net: VLAE, model: IntegerModel, images: Images) -> float:
    """-ELBO of the integer model minus that of the float network at the same samples of z, nats an image."""
    posterior = posterior_of(model, images)
    z = sample(posterior, 0)
    labels = model.likely_labels(images) if model.labels else None
    rate = gaussian_kl(posterior, *prior_conditionals(model, z, labels)).sum(axis=1)
    integers = rate + model.distortion_bits(images, z if labels is None else model.joined(z, labels)) * math.log(2)
    with torch.no_grad():
        x, value = as_tensor(images), torch.from_numpy(z / 2.0**FRACTION).float()
        label = None if labels is None else one_hot(torch.from_numpy(labels), model.labels)
        mean, log_scale = net.encoder(x)
        prior_mean, prior_log_scale = net.prior.conditionals(value, label)
        float_rate = float_kl(mean, log_scale, prior_mean, prior_log_scale).sum(1)
        floats = float_rate + net.distortion(x, net.decoder(value, label))
    return float(integers.mean()) - float(floats.mean())
