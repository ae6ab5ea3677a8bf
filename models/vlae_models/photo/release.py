"""From a training run to a photo model's folder, with a check of what the integers cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from vlae_codec.families.photo import coding, transform
from vlae_codec.families.photo.model import LEVELS, PhotoModel

from ..data.held_out import validation_crops
from ..data.sampler import Mix, Sampler
from ..data.shards import load_training
from ..release.export import refuse_loss, with_fingerprint, write_model
from ..train.loop import load_average
from .calibration import calibrated
from .config import PhotoRecipe
from .export import export_photo, model_info
from .vlae import PhotoVLAE

CALIBRATED = 12
"""Training crops whose ranges of activations decide fraction bits."""
CHECKED_LEVELS = (64, 128, 192)
MAX_LOSS = 0.02
"""The most that integers may cost against floats, as a share of the bits at equal squared error."""


def release_photo(run: Path, recipe: PhotoRecipe, data: Path, folder: Path, auto: bool = True) -> dict[str, Any]:
    """Write the model folder of a trained network and return its model.json.

    Args:
        run: folder of the training.
        recipe: what it was trained by.
        data: folder of the data sets; training crops calibrate, validation crops are coded.
        folder: where the model goes.
        auto: whether it is one that pictures get which name none.

    Raises:
        ModelError: there is no checkpoint of these shapes, or the integers cost more than `MAX_LOSS`.
    """
    net = load_average(PhotoVLAE(recipe.model, recipe.train.coarsest, recipe.train.log_range), run, recipe)
    train = recipe.train
    sampler = Sampler(load_training(data, run / "shards"), train.crop, Mix(train.drawn, train.grey, train.halved))
    random = torch.Generator().manual_seed(train.seed)
    exported, arrays = export_photo(net, calibrated(net, sampler.crops(CALIBRATED, random).float()))
    info = model_info(recipe, exported) | {"auto": auto}
    loss = integer_loss(net, PhotoModel(with_fingerprint(info, arrays), arrays), validation_crops(data))
    refuse_loss(recipe.name, loss, MAX_LOSS)
    return write_model(folder, {**info, "integer_loss": round(loss, 5)}, arrays)


@torch.no_grad()
def integer_loss(net: PhotoVLAE, model: PhotoModel, crops: np.ndarray[Any, Any]) -> float:
    """Return how many more bits crops (N, S, S, 3) take by the integer model, as a share, at equal squared error.

    A difference of error counts as 6.02 dB a bit of each latent that is not zero would have it: here, as the bits
    that the slope between the checked levels gives for it.
    """
    floats, integers = [], []
    for level in CHECKED_LEVELS:
        levels = torch.from_numpy(crops).permute(0, 3, 1, 2).float()
        parts = net(levels, torch.full((len(levels),), level / LEVELS), hard=True)
        floats.append((float(parts.bits.mean()), float(parts.squared_error.log2().mean())))
        bits, errors = [], []
        for crop in crops:
            latents = transform.analyse(model, crop)
            coded = coding.push(model, latents, level, 1)
            picture = transform.synthesise(model, latents, level, crop.shape[:2])
            bits.append(coded.ideal / crop[:, :, 0].size)
            errors.append(np.log2(np.square(picture.astype(np.float64) - crop).mean()))
        integers.append((float(np.mean(bits)), float(np.mean(errors))))
    slope = np.polyfit([error for _, error in floats], np.log([rate for rate, _ in floats]), 1)[0]
    losses = [
        np.log(found[0] / wanted[0]) - slope * (found[1] - wanted[1])
        for found, wanted in zip(integers, floats, strict=True)
    ]
    return float(np.expm1(np.mean(losses)))
