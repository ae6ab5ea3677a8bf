"""Export: float networks to a folder of integers that the codec reads without torch (design D5, D11)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vlae_codec.coding.prefix_code import MAX_EXPONENT
from vlae_codec.errors import ModelError
from vlae_codec.exact.layers import FRACTION, WEIGHT_LIMIT
from vlae_codec.model.folder import fingerprint

from ..nets.layers import Residual
from ..nets.pixelcnn import LocalDecoder
from ..nets.prior import BlockPrior
from ..nets.stack_decoder import StackDecoder
from ..nets.vlae import VLAE
from ..recipe import WINDOWS, BilevelRecipe
from .packing import pack

LOGIT_SHIFT = FRACTION - 6
"""The last layer's logits index the sigmoid table in steps of 1/64."""
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

    def layer(self, name: str, layer: nn.Module) -> None:
        """Store a convolution or fully connected layer, channels last."""
        assert isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None
        weight = layer.weight
        if weight.ndim == 4:
            weight = weight.permute(2, 3, 1, 0).reshape(-1, weight.shape[0])
        else:
            weight = weight.T
        self.matrix(name, weight, layer.bias)

    def residuals(self, name: str, blocks: nn.ModuleList) -> None:
        """Store residual blocks as name.0.first, name.0.second, ..."""
        for index, block in enumerate(blocks):
            assert isinstance(block, Residual)
            self.layer(f"{name}.{index}.first", block.first)
            self.layer(f"{name}.{index}.second", block.second)


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
    encoder, decoder = model.encoder, model.decoder
    for name in ("stem", "down", "squeeze"):
        out.layer(f"encoder.{name}", getattr(encoder, name))
    for side, part in (("encoder", encoder), ("decoder", decoder)):
        out.residuals(f"{side}.fine", part.fine)
        out.residuals(f"{side}.coarse", part.coarse)
    # torch flattens (C, H, W), the integer nets (H, W, C).
    out.matrix("encoder.full", _by_pixel(encoder.full.weight), encoder.full.bias)
    if model.config.labels:
        first, last = model.label[0], model.label[-1]
        assert isinstance(first, nn.Linear)
        out.matrix("label.0", _by_pixel(first.weight), first.bias)
        out.layer("label.1", last)
    bias = encoder.out.bias.detach().clone()
    bias[model.config.latent :] -= 1  # the encoder's own offset of log_scale
    out.matrix("encoder.out", encoder.out.weight.T, bias)
    _export_prior(out, model.prior)
    out.matrix("decoder.full", _with_label(decoder.full.weight.T, decoder.label), decoder.full.bias)
    spread = decoder.spread.weight.reshape(16, 7, 7, -1).permute(3, 1, 2, 0).flatten(1)
    out.matrix("decoder.spread", spread, decoder.spread.bias.reshape(16, 7, 7).permute(1, 2, 0).flatten())
    for name in ("widen", "up", "out"):
        out.layer(f"decoder.{name}", getattr(decoder, name))
    _export_local(out, model.local)
    return out


def _export_prior(out: Exporter, prior: BlockPrior) -> None:
    if prior.first is not None:
        weight = prior.first.weight.T
        out.matrix("prior.0", weight, torch.zeros(weight.shape[1]))
    for index, net in enumerate(prior.nets, start=1):
        assert isinstance(net, nn.Sequential)
        first, label = net[0], prior.labels[index - 1] if prior.labels else None
        assert isinstance(first, nn.Linear) and (label is None or isinstance(label, nn.Linear))
        out.matrix(f"prior.{index}.0", _with_label(first.weight.T, label), first.bias)
        for position in (1, 2):
            out.layer(f"prior.{index}.{position}", net[2 * position])


def _by_pixel(weight: Tensor) -> Tensor:
    """Return a weight (outputs, 784) that reads flattened maps of 7x7 pixels: (784, outputs), channels last."""
    return weight.reshape(-1, 16, 7, 7).permute(2, 3, 1, 0).flatten(0, 2)


def _with_label(weight: Tensor, label: nn.Linear | None) -> Tensor:
    """Return a weight (inputs, outputs) and the label's behind it, (inputs + K, outputs)."""
    return weight if label is None else torch.cat([weight, label.weight.T])


def _export_local(out: Exporter, local: LocalDecoder) -> None:
    mix, last = local.mix, local.out
    weight = mix.weight.detach().flatten(1).T  # (K + F, L): window pixels first
    assert mix.bias is not None and last.bias is not None
    count = len(local.offsets)
    shift = weight_fraction(weight.double().numpy())  # one scale: both parts meet in one accumulator
    out.matrix("local.window", weight[:count], mix.bias * 0, shift=shift)
    out.matrix("local.features", weight[count:], mix.bias, shift=shift)
    out.residuals("local.layers", local.layers)
    out.matrix("local.out", last.weight.flatten(1).T, last.bias, less=LOGIT_SHIFT)


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


def write_model(folder: Path, info: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    """Write weights.npz and model.json; the info with its fingerprint comes back."""
    folder.mkdir(parents=True, exist_ok=True)
    info = {**info, "fingerprint": fingerprint(info, arrays).hex()}
    (folder / "weights.npz").write_bytes(pack(arrays))
    (folder / "model.json").write_text(json.dumps(info, indent=1) + "\n")
    return info
