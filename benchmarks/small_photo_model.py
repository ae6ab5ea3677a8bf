"""A windowed model's folder of random integers: all parts of a real one, fast enough for tests and damaged inputs."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.small_model import Arrays
from vlae_codec.autoregressive.order import Window
from vlae_codec.exact.layers import FRACTION
from vlae_codec.families.windowed.model import GAINS, SCALES, WIDTHS
from vlae_codec.model.folder import INFO, WEIGHTS, fingerprint

CHANNELS = {"fine": 2, "mid": 3, "coarse": 4}
LATENT, FINE, FEATURES, WIDTH, COMPONENTS = 3, CHANNELS["fine"], 4, 6, 2
WINDOW, PRIOR_WINDOW = Window(1, 1, 1), Window(1, 1, 0)
SHIFT = 12


def layer_shapes(patch: int = 16, straight: bool = False) -> dict[str, tuple[int, int]]:
    """Return inputs and outputs of each layer, by name."""
    scales = SCALES[patch]
    last = CHANNELS[scales[-1]]
    shapes = {
        "encoder.stem": (9 * 48, FINE),
        "encoder.out": (last, LATENT),
        "synthesis.enter": (9 * (LATENT + 1), last),
        "synthesis.out": (9 * FINE, 16 * FEATURES),
        "synthesis.mean": (FEATURES, 3),
    }
    for finer, coarser in zip(scales, scales[1:], strict=False):
        shapes[f"encoder.down_{coarser}"] = (9 * CHANNELS[finer], CHANNELS[coarser])
        shapes[f"synthesis.up_{finer}"] = (CHANNELS[coarser], 4 * CHANNELS[finer])
    for side, scale in product(("encoder", "synthesis"), scales):
        width = CHANNELS[scale]
        shapes |= {f"{side}.{scale}.0.{part}": (9 * width, width) for part in ("first", "second")}
    if straight:
        shapes |= {"encoder.straight": (3 * patch**2, LATENT), "synthesis.straight": (LATENT, 3 * patch**2)}
    nets = (("prior", PRIOR_WINDOW, LATENT, 1), ("local", WINDOW, 3, FEATURES + 1))
    for net, window, channels, beside in nets:
        shapes[f"{net}.mix"] = (len(window.offsets()) * channels + beside, WIDTH)
        shapes |= {f"{net}.0.{part}": (WIDTH, WIDTH) for part in ("first", "second")}
        shapes[f"{net}.heads"] = (WIDTH, 3 * COMPONENTS * channels)
    return shapes


def small_photo_arrays(seed: int = 7, patch: int = 16, straight: bool = False) -> Arrays:
    """Random weights and biases of every layer."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}
    for name, (inputs, outputs) in layer_shapes(patch, straight).items():
        spread = 2.0**SHIFT / np.sqrt(inputs)
        arrays[f"{name}.weight"] = np.rint(spread * rng.normal(size=(inputs, outputs))).astype(np.int16)
        bias = 0.2 * 2.0 ** (SHIFT + FRACTION) * rng.normal(size=outputs)
        arrays[f"{name}.bias"] = np.rint(bias).astype(np.int32)
    for table in GAINS if straight else ():
        arrays[table] = rng.integers(0, (1 << FRACTION) + 1, (WIDTHS, LATENT)).astype(np.int16)
    for net, channels in (("prior", LATENT), ("local", 3)):
        drawn = 0.2 * 2.0**SHIFT * rng.normal(size=(channels, 3 * COMPONENTS, channels))
        arrays[f"{net}.drawn"] = np.rint(drawn).astype(np.int16)
    return arrays


def small_photo_info(
    arrays: Arrays, name: str = "small-photo", patch: int = 16, straight: bool = False, sharper: int = 0
) -> dict[str, Any]:
    """Return the tree of its model.json, fingerprint included."""
    info: dict[str, Any] = {
        "format": 2,
        "kind": "photo",
        "name": name,
        "description": "random integers, for tests of everything around a model",
        "patch": patch,
        "widths": [0, 63],
        "latent": LATENT,
        "window": list(WINDOW),
        "prior_window": list(PRIOR_WINDOW),
        "fraction": FRACTION,
        "shifts": dict.fromkeys(layer_shapes(patch, straight), SHIFT),
        "auto": False,
        **({"prior_sharper": sharper} if sharper else {}),
    }
    return {**info, "fingerprint": fingerprint(info, arrays).hex()}


def write_small_photo_model(
    folder: Path, seed: int = 7, name: str = "small-photo", patch: int = 16, straight: bool = False, sharper: int = 0
) -> dict[str, Any]:
    """Write the folder; its model.json's tree comes back.

    Args:
        folder: to be made.
        seed: of the weights.
        name: of the model.
        patch: pixels of the picture's side to one of the latent grid's.
        straight: whether it has a linear path, with gains.
        sharper: powers of two by which its prior may be sharper than usual.
    """
    arrays = small_photo_arrays(seed, patch, straight)
    info = small_photo_info(arrays, name, patch, straight, sharper)
    folder.mkdir(parents=True)
    np.savez(folder / WEIGHTS, **arrays)
    (folder / INFO).write_text(json.dumps(info))
    return info
