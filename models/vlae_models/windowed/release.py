"""From a training run to a windowed model's folder, with a check of what the integers cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vlae_codec.coding.binary_coder import Writer
from vlae_codec.families.windowed import grid, pixels
from vlae_codec.families.windowed.model import WindowedModel, log_width

from ..data.crops import Levels, load_validation
from ..release.export import refuse_loss, with_fingerprint, write_model
from ..train.loop import load_average
from .config import WindowedRecipe
from .export import export_arrays, model_info
from .vlae import WindowedVLAE

CHECKED, CHECKED_CROPS = 64, 16
"""Side of the crops that are coded to see what the integers cost, and the most of them."""
CHECKED_WIDTH = 14
"""Index of the quantisation step, or the nearest that the model has."""
MAX_LOSS = 0.01
"""The most that integers may cost against floats, as a share of the bits."""


def release_windowed(run: Path, recipe: WindowedRecipe, data: Path, folder: Path, auto: bool = True) -> dict[str, Any]:
    """Write the model folder of a trained network; its model.json comes back.

    Args:
        run: folder of the training.
        recipe: what it was trained by.
        data: folder of the data sets; validation crops are coded.
        folder: where the model goes.
        auto: whether it is one that pictures get which name none.

    Raises:
        ModelError: there is no checkpoint of these shapes, or the integers cost more than 1 % of the bits.
    """
    net = load_average(WindowedVLAE(recipe.model), run, recipe)
    exported = export_arrays(net)
    info = model_info(recipe, exported.shifts) | {"auto": auto}
    crops = load_validation(recipe.data, data)[:CHECKED_CROPS, :CHECKED, :CHECKED]
    model = WindowedModel(with_fingerprint(info, exported.arrays), exported.arrays)
    loss = integer_loss(net, model, crops)
    refuse_loss(recipe.name, loss, MAX_LOSS)
    return write_model(folder, {**info, "integer_loss": round(loss, 5)}, exported.arrays)


def integer_loss(net: WindowedVLAE, model: WindowedModel, crops: Levels) -> float:
    """How many more bits the exact code of crops (N, H, W, 3) takes by the integer model, as a share."""
    integers = floats = 0.0
    side, width = crops.shape[1], sorted((CHECKED_WIDTH, *model.widths))[1]
    for crop in crops:
        exact = Writer(pixels.decisions(side, side, False))
        latents = Writer(grid.decisions(model, side // model.patch, side // model.patch))
        z = grid.push_grid(model, latents, model.sent(model.encode(crop), width), width)
        pixels.push_pixels(model, exact, crop, z, width, False, None)
        integers += latents.spent + exact.spent
        with torch.no_grad():
            x = torch.from_numpy(crop.copy()).permute(2, 0, 1)[None].float()
            value = torch.from_numpy(z / 1024).float().permute(2, 0, 1)[None]
            log = torch.tensor([log_width(width) / 1024])
            positions = torch.arange(side * side)[None]
            floats += float(net.rate(value, log)) * z.shape[0] * z.shape[1]
            features = net.synthesis(value, log)
            floats += float(net.distortion(x, features, x, torch.zeros(1), positions)) * side * side
    return integers / floats - 1
