"""From a training run to a page model's folder: the network in integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from vlae_codec.families.page.mixer import LOGIT_SHIFT
from vlae_codec.families.page.model import ACTIVE_MOST, EXACT, ONE, PageModel
from vlae_codec.model.info import PAGE

from ..release.export import with_fingerprint, write_model
from ..train.loop import load_average
from .config import COUNTS, WINDOW, PageRecipe, count_logs, template_bits
from .net import PageNet
from .samples import load_samples
from .training import SAMPLES

LOGITS = 1024
"""Units of logits in a nat."""
FLAT_MOST = 400
"""Counts of a flat context that training leaves, at most; more are scaled down."""


class Folded(NamedTuple):
    """A layer in integers: weight (inputs, outputs), bias (outputs,), shift."""

    weight: NDArray[np.int32]
    bias: NDArray[np.int32]
    shift: int


def release_page(run: Path, recipe: PageRecipe, data: Path, folder: Path, auto: bool = True) -> dict[str, Any]:
    """Write the model folder of a trained network and return its model.json.

    Args:
        run: folder of the training.
        recipe: what it was trained by.
        data: folder of the data sets, for what the run has not kept.
        folder: where the model goes.
        auto: whether it is one that pictures get which name none.

    Raises:
        ModelError: there is no checkpoint of these shapes.
    """
    net = load_average(PageNet(recipe.model), run, recipe)
    samples = load_samples(data, recipe.train, run / SAMPLES)
    shifts, arrays = export_page(net, samples.flat)
    info: dict[str, Any] = {
        "format": 3, "family": PAGE, "name": recipe.name, "description": recipe.description, "shifts": shifts,
        "auto": auto,
    }  # fmt: skip
    PageModel(with_fingerprint(info, arrays), arrays)
    return write_model(folder, info, arrays)


def export_page(net: PageNet, flat: NDArray[np.int64]) -> tuple[dict[str, int], dict[str, NDArray[Any]]]:
    """Return shifts and integer arrays of a network.

    Args:
        flat: how often paper and ink followed each flat context in training, (FLAT, 2).
    """
    logs = count_logs()
    # Activations are in units of 1 / ONE; bits of the window are 0 and 1, and their weights bring the unit.
    units = np.concatenate([np.full(WINDOW, float(ONE)), np.ones(COUNTS)])
    most = np.concatenate([np.ones(WINDOW), np.full(COUNTS, float(logs.max()))])
    width = len(net.enter.bias)
    layers = {
        "enter": _folded(net.enter, units, most),
        "hidden": _folded(net.hidden, np.ones(width), np.full(width, float(ACTIVE_MOST))),
    }
    head = np.append(net.head.weight[0].detach().numpy(), net.head.bias.detach().numpy())
    scale = np.minimum(1, FLAT_MOST / np.maximum(1, flat.sum(1, keepdims=True)))
    arrays: dict[str, NDArray[Any]] = {
        "templates": template_bits(),
        "logs": logs.astype(np.int16),
        "flat": np.rint(flat * scale).astype(np.int16),
        "head": np.rint(head * (LOGITS / ONE) * 2**LOGIT_SHIFT).astype(np.int32),
    }
    for name, layer in layers.items():
        arrays |= {f"{name}.weight": layer.weight, f"{name}.bias": layer.bias}
    return {name: layer.shift for name, layer in layers.items()}, arrays


def _folded(layer: nn.Linear, units: NDArray[np.float64], most: NDArray[np.float64]) -> Folded:
    """Return a layer in integers, as fine as its sums stay exact.

    Args:
        layer: in floats.
        units: what its weights are multiplied by, (inputs,).
        most: the largest value of each input.
    """
    weight, bias = layer.weight.detach().numpy().T * units[:, None], layer.bias.detach().numpy() * ONE
    largest = (np.abs(weight) * most[:, None]).sum(0).max() + np.abs(bias).max() + 1
    shift = int(np.floor(np.log2(0.99 * EXACT / largest)))
    return Folded(np.rint(weight * 2**shift).astype(np.int32), np.rint(bias * 2**shift).astype(np.int32), shift)
