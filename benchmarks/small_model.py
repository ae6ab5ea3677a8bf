"""A model folder of random integers for pictures of 8 x 8: all parts of a real one, in a fraction of a millisecond."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from vlae_codec.coding.prefix_code import MAX_EXPONENT
from vlae_codec.exact.layers import FRACTION
from vlae_codec.model.folder import fingerprint

SIDE, LATENT, BLOCKS = 8, 16, 2
FINE, COARSE, THIN, HIDDEN, FEATURES, LOCAL = 4, 6, 3, 10, 3, 6
WINDOW = (1, 2, 1)
SHIFT = 12

Arrays = dict[str, Any]
"""Arrays by name; not typed more narrowly, for numpy 2's `savez` takes an option, which numpy 1.26's would store."""


def layer_shapes() -> dict[str, tuple[int, int]]:
    """Return inputs and outputs of each layer, by name."""
    places, size = (SIDE // 4) ** 2, LATENT // BLOCKS
    above, left, right = WINDOW
    shapes = {
        "encoder.stem": (36, FINE),
        "encoder.down": (9 * FINE, COARSE),
        "encoder.squeeze": (COARSE, THIN),
        "encoder.full": (places * THIN, HIDDEN),
        "encoder.out": (HIDDEN, 2 * LATENT),
        "prior.1.0": (size, HIDDEN),
        "prior.1.1": (HIDDEN, HIDDEN),
        "prior.1.2": (HIDDEN, 2 * size),
        "decoder.full": (LATENT, HIDDEN),
        "decoder.spread": (HIDDEN, places * THIN),
        "decoder.widen": (THIN, COARSE),
        "decoder.up": (COARSE, 4 * FINE),
        "decoder.out": (9 * FINE, 4 * FEATURES),
        "local.window": (above * (left + 1 + right) + left, LOCAL),
        "local.features": (FEATURES, LOCAL),
        "local.out": (LOCAL, 1),
    }
    for side in ("encoder", "decoder"):
        for name, width in (("fine", FINE), ("coarse", COARSE)):
            shapes |= {f"{side}.{name}.0.{part}": (9 * width, width) for part in ("first", "second")}
    return shapes | {f"local.layers.0.{part}": (LOCAL, LOCAL) for part in ("first", "second")}


def small_arrays(seed: int = 7) -> Arrays:
    """Random weights and biases of every layer."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}
    for name, (inputs, outputs) in layer_shapes().items():
        spread = 2.0**SHIFT / np.sqrt(max(1, inputs))
        arrays[f"{name}.weight"] = np.rint(spread * rng.normal(size=(inputs, outputs))).astype(np.int16)
        bias = 0.2 * 2.0 ** (SHIFT + FRACTION) * rng.normal(size=outputs)
        arrays[f"{name}.bias"] = np.rint(bias).astype(np.int32)
    return arrays


def small_info(arrays: Arrays, auto: bool = False) -> dict[str, Any]:
    """Return the tree of its model.json, fingerprint included."""
    flat = [6] * (MAX_EXPONENT + 1)
    flat[: 64 - len(flat)] = [5] * (64 - len(flat))
    info = {
        "format": 1,
        "name": "small",
        "description": "random integers, for tests of everything around a model",
        "height": SIDE,
        "width": SIDE,
        "latent": LATENT,
        "prior_blocks": BLOCKS,
        "window": list(WINDOW),
        "shifts": {**dict.fromkeys(layer_shapes(), SHIFT), "local.out": SHIFT + 4},
        "block_shares": [1] * BLOCKS,
        "index_lengths": [flat] * 4,
        "auto": auto,
    }
    return {**info, "fingerprint": fingerprint(info, arrays).hex()}


def write_small_model(folder: Path, seed: int = 7, auto: bool = False) -> dict[str, Any]:
    """Write the folder; its model.json's tree comes back."""
    arrays = small_arrays(seed)
    info = small_info(arrays, auto)
    folder.mkdir(parents=True)
    np.savez(folder / "weights.npz", **arrays)
    (folder / "model.json").write_text(json.dumps(info))
    return info
