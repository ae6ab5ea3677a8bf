"""Export: float networks to a folder of integers that the codec reads without torch (design D5, D11)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vlae_codec.coding.prefix_code import MAX_EXPONENT
from vlae_codec.errors import ModelError
from vlae_codec.exact.layers import FRACTION, WEIGHT_LIMIT
from vlae_codec.model.folder import INFO, WEIGHTS, fingerprint

from ..nets.stack_decoder import StackDecoder
from ..nets.vlae import VLAE
from ..recipe import WINDOWS, BilevelRecipe
from .layers import Layer, layers_of
from .packing import pack

MAX_SHIFT = 14

Arrays = dict[str, NDArray[Any]]


class Exporter:
    """Collects the integer arrays and shifts of a model's layers by name."""

    def __init__(self) -> None:
        self.arrays: Arrays = {}
        self.shifts: dict[str, int] = {}

    def matrix(self, name: str, weight: Tensor, bias: Tensor, less: int = 0, shift: int | None = None) -> None:
        """Store a matrix (inputs, outputs) and its bias as integers.

        Args:
            less: fraction bits that the layer's output has less than its input.
            shift: fraction bits of the weights; by default as many as 16 bits hold.
        """
        w, b = weight.detach().double().numpy(), bias.detach().double().numpy()
        bits = weight_fraction(w) if shift is None else shift
        self.arrays[f"{name}.weight"] = np.rint(w * 2.0**bits).astype(np.int16)
        self.arrays[f"{name}.bias"] = np.rint(b * 2.0 ** (bits + FRACTION)).astype(np.int32)
        self.shifts[name] = bits + less

    def layer(self, layer: Layer) -> None:
        """Store a layer of a float network."""
        shift = None if layer.scale is None else weight_fraction(layer.scale.detach().double().numpy())
        self.matrix(layer.name, *layer.matrix(), layer.less, shift)


def weight_fraction(*weights: NDArray[np.float64]) -> int:
    """Return the most fraction bits with which all these weights fit 16 bits."""
    largest = max((float(np.abs(w).max()) for w in weights if w.size), default=1.0)
    return int(min(MAX_SHIFT, np.floor(np.log2(WEIGHT_LIMIT / max(largest, 1e-9)))))


def export_arrays(model: VLAE) -> Exporter:
    """All layers of a model with latents, as integers.

    Raises:
        ModelError: the model is one of those that serve studies alone.
    """
    if isinstance(model.local, StackDecoder) or model.config.flow_posterior:
        raise ModelError("a decoder of stacked layers or a flow in the posterior cannot be exported: it is for studies")
    out = Exporter()
    for layer in layers_of(model):
        out.layer(layer)
    return out


def model_info(recipe: BilevelRecipe, shifts: dict[str, int], **settings: Any) -> dict[str, Any]:
    """Return the tree of model.json, but for the fingerprint; `settings` add or replace keys."""
    config = recipe.model
    flat = [6] * (MAX_EXPONENT + 1)
    flat[: 64 - len(flat)] = [5] * (64 - len(flat))
    return {
        "format": 1,
        "name": recipe.name,
        "description": recipe.description,
        "height": 28,
        "width": 28,
        "latent": config.latent,
        "prior_blocks": config.prior_blocks,
        "window": list(WINDOWS[config.window]),
        "shifts": shifts,
        "block_shares": [1] * config.prior_blocks,
        "index_lengths": [flat] * 4,
        **({"labels": config.labels} if config.labels else {}),
        **settings,
    }


def with_fingerprint(info: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    """Return the tree of model.json with the fingerprint of a model of these weights."""
    return {**info, "fingerprint": fingerprint(info, arrays).hex()}


def refuse_loss(name: str, loss: float, most: float) -> None:
    """Refuse integers that cost too many more bits than floats.

    Args:
        name: of the recipe.
        loss: more bits, as a share.
        most: of it.

    Raises:
        ModelError: it is more.
    """
    if loss > most:
        raise ModelError(f"{name}: integers cost {100 * loss:.2f} % of the bits, more than {100 * most} %")


def write_model(folder: Path, info: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    """Write weights.npz and model.json; the info with its fingerprint comes back."""
    folder.mkdir(parents=True, exist_ok=True)
    info = with_fingerprint(info, arrays)
    (folder / WEIGHTS).write_bytes(pack(arrays))
    (folder / INFO).write_text(json.dumps(info, indent=1) + "\n")
    return info
