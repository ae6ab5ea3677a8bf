"""A colour model's folder of random integers: all parts of a real one, fast enough for tests and damaged inputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.small_model import Arrays
from vlae_codec.integer_model import fingerprint
from vlae_codec.integer_net import FRACTION
from vlae_codec.photo.store import INFO, WEIGHTS
from vlae_codec.wavefront import Window

LATENT, FINE, MID, COARSE, FEATURES, WIDTH, COMPONENTS = 3, 2, 3, 4, 2, 6, 2
WINDOW, PRIOR_WINDOW = Window(1, 1, 1), Window(1, 1, 0)
SHIFT = 12


def layer_shapes() -> dict[str, tuple[int, int]]:
    """Inputs and outputs of each layer, by name."""
    shapes = {
        "encoder.stem": (9 * 48, FINE),
        "encoder.down_mid": (9 * FINE, MID),
        "encoder.down_coarse": (9 * MID, COARSE),
        "encoder.out": (COARSE, LATENT),
        "synthesis.enter": (9 * (LATENT + 1), COARSE),
        "synthesis.up_mid": (COARSE, 4 * MID),
        "synthesis.up_fine": (MID, 4 * FINE),
        "synthesis.out": (9 * FINE, 16 * FEATURES),
        "synthesis.mean": (FEATURES, 3),
    }
    for side in ("encoder", "synthesis"):
        for scale, width in (("fine", FINE), ("mid", MID), ("coarse", COARSE)):
            shapes |= {f"{side}.{scale}.0.{part}": (9 * width, width) for part in ("first", "second")}
    nets = (("prior", PRIOR_WINDOW, LATENT, 1), ("local", WINDOW, 3, FEATURES + 1))
    for net, window, channels, beside in nets:
        shapes[f"{net}.mix"] = (len(window.offsets()) * channels + beside, WIDTH)
        shapes |= {f"{net}.0.{part}": (WIDTH, WIDTH) for part in ("first", "second")}
        shapes[f"{net}.heads"] = (WIDTH, 3 * COMPONENTS * channels)
    return shapes


def small_photo_arrays(seed: int = 7) -> Arrays:
    """Random weights and biases of every layer."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}
    for name, (inputs, outputs) in layer_shapes().items():
        spread = 2.0**SHIFT / np.sqrt(inputs)
        arrays[f"{name}.weight"] = np.rint(spread * rng.normal(size=(inputs, outputs))).astype(np.int16)
        bias = 0.2 * 2.0 ** (SHIFT + FRACTION) * rng.normal(size=outputs)
        arrays[f"{name}.bias"] = np.rint(bias).astype(np.int32)
    for net, channels in (("prior", LATENT), ("local", 3)):
        drawn = 0.2 * 2.0**SHIFT * rng.normal(size=(channels, 3 * COMPONENTS, channels))
        arrays[f"{net}.drawn"] = np.rint(drawn).astype(np.int16)
    return arrays


def small_photo_info(arrays: Arrays, name: str = "small-photo") -> dict[str, Any]:
    """The tree of its photo.json, fingerprint included."""
    info: dict[str, Any] = {
        "format": 2,
        "kind": "photo",
        "name": name,
        "description": "random integers, for tests of everything around a model",
        "latent": LATENT,
        "window": list(WINDOW),
        "prior_window": list(PRIOR_WINDOW),
        "fraction": FRACTION,
        "shifts": dict.fromkeys(layer_shapes(), SHIFT),
        "auto": False,
    }
    return {**info, "fingerprint": fingerprint(info, arrays).hex()}


def write_small_photo_model(folder: Path, seed: int = 7, name: str = "small-photo") -> dict[str, Any]:
    """Write the folder; its photo.json's tree comes back."""
    arrays = small_photo_arrays(seed)
    info = small_photo_info(arrays, name)
    folder.mkdir(parents=True)
    np.savez(folder / WEIGHTS, allow_pickle=False, **arrays)
    (folder / INFO).write_text(json.dumps(info))
    return info
