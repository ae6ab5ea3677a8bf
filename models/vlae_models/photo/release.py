"""From a training run to a colour model's folder, with a check of what the integers cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vlae_codec.errors import ModelError
from vlae_codec.integer_model import fingerprint
from vlae_codec.photo import grid, pixels
from vlae_codec.photo.bits import Writer
from vlae_codec.photo.model import PhotoModel, log_width
from vlae_codec.photo.store import INFO, WEIGHTS

from ..export import pack
from ..training import read_checkpoint
from .crops import load_validation
from .export import export_arrays, model_info
from .recipe import PhotoRecipe
from .vlae import PhotoVLAE

CHECKED = 64
"""Side of the crops that are coded to see what the integers cost."""
CHECKED_WIDTH = 14
MAX_LOSS = 0.01
"""The most that integers may cost against floats, as a share of the bits."""


def release_photo(run: Path, recipe: PhotoRecipe, data: Path, folder: Path) -> dict[str, Any]:
    """Write the model folder of a trained network; its photo.json comes back.

    Args:
        run: folder of the training.
        recipe: what it was trained by.
        data: folder of the data sets; validation crops are coded.
        folder: where the model goes.

    Raises:
        ModelError: there is no checkpoint of these shapes, or the integers cost more than 1 % of the bits.
    """
    path = run / "checkpoint.pt"
    if not path.exists():
        raise ModelError(f"{path}: no such checkpoint; train it first: vlae-train {recipe.name} --out {run}")
    net = PhotoVLAE(recipe.model)
    net.load_state_dict(read_checkpoint(path, recipe, "cpu")["average"])
    net.eval()
    exported = export_arrays(net)
    info = model_info(recipe, exported.shifts)
    info["fingerprint"] = fingerprint(info, exported.arrays).hex()
    loss = integer_loss(net, PhotoModel(info, exported.arrays), load_validation(data)[:, :CHECKED, :CHECKED])
    if loss > MAX_LOSS:
        raise ModelError(f"{recipe.name}: integers cost {100 * loss:.2f} % of the bits, more than {100 * MAX_LOSS} %")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(pack(exported.arrays))
    (folder / INFO).write_text(json.dumps({**info, "integer_loss": round(loss, 5)}, indent=1) + "\n")
    return info


def integer_loss(net: PhotoVLAE, model: PhotoModel, crops: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    """How many more bits the exact code of crops (N, H, W, 3) takes by the integer model, as a share."""
    integers = floats = 0.0
    for crop in crops:
        exact = Writer(pixels.decisions(CHECKED, CHECKED, False))
        latents = Writer(grid.decisions(model, *(side // 16 for side in crop.shape[:2])))
        z = grid.push_grid(model, latents, model.encode(crop), CHECKED_WIDTH)
        pixels.push_pixels(model, exact, crop, z, CHECKED_WIDTH, False, None)
        integers += latents.spent + exact.spent
        with torch.no_grad():
            x = torch.from_numpy(crop.copy()).permute(2, 0, 1)[None].float()
            value = torch.from_numpy(z / 1024).float().permute(2, 0, 1)[None]
            log = torch.tensor([log_width(CHECKED_WIDTH) / 1024])
            places = torch.arange(CHECKED * CHECKED)[None]
            floats += float(net.rate(value, log)) * z.shape[0] * z.shape[1]
            features = net.synthesis(value, log)
            floats += float(net.distortion(x, features, x, torch.zeros(1), places)) * CHECKED * CHECKED
    return integers / floats - 1
