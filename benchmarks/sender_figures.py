"""Bits and quality of fixed pictures, which tests hold to within 1 %: what the sender chooses, no format pins.

Run as `python -m benchmarks.sender_figures` after a change that is meant to change them; tests/sender.json has them.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import vlae_codec
from vlae_codec.io.forms import to_bilevel
from vlae_codec.io.images import read_image

TARGET = Path(__file__).parents[1] / "tests" / "sender.json"
QUALITIES = (15, 50, 85)
DRAWS = 1

Levels = NDArray[np.uint8]


def digits() -> list[NDArray[np.bool_]]:
    """Return the ten bundled digits, bool (28, 28)."""
    with as_file(files("vlae_cli") / "digits") as folder:
        return [to_bilevel(read_image(folder / f"{n}.png"), 28, 28).pixels.astype(bool) for n in range(10)]


def scenes() -> dict[str, Levels]:
    """Return six pictures that numpy's integers alone decide: waves, edges, grain, text-like strokes, grey, flat."""
    rng = np.random.default_rng(11)
    rows, columns = np.mgrid[:192, :256]
    wave = np.stack([rows * 3 % 256, (columns * 2 + rows) % 256, 255 - rows], 2)
    edges = np.where(((rows // 24 + columns // 32) % 2)[..., None], (210, 60, 40), (30, 90, 160))
    grain = np.kron(rng.integers(60, 200, (24, 32, 3)), np.ones((8, 8, 1), np.int64)) + rng.integers(
        -12, 13, (192, 256, 3)
    )
    strokes = np.full((192, 256, 3), 245) - 230 * (rng.random((48, 64)) < 0.2).repeat(4, 0).repeat(4, 1)[..., None]
    grey = ((rows - 96) ** 2 + (columns - 128) ** 2) // 96 % 256
    flat = np.full((192, 256, 3), (90, 140, 190))
    found = {"waves": wave, "edges": edges, "grain": grain, "strokes": strokes, "grey": grey, "flat": flat}
    return {name: np.asarray(levels.clip(0, 255), np.uint8) for name, levels in found.items()}


def figures() -> dict[str, dict[str, float]]:
    """Return bytes and errors by picture and setting."""
    found: dict[str, dict[str, float]] = {}
    for model in ("mnist", "omniglot"):
        for bits in (None, 48):
            codes = [vlae_codec.compress(digit, model, bits=bits) for digit in digits()]
            again = [np.asarray(vlae_codec.decompress(one, seed)) for one in codes for seed in range(DRAWS)]
            wrong = [np.mean(a != b) for a, b in zip(np.repeat(digits(), DRAWS, 0), again, strict=True)]
            found[f"{model}, {bits or 'usual'} bits"] = {"bytes": sum(map(len, codes)), "wrong": float(np.mean(wrong))}
        exact = [len(vlae_codec.compress(digit, model, lossless=True)) for digit in digits()]
        archive = vlae_codec.compress_many(digits(), model, lossless=True)
        found[f"{model}, exact"] = {"bytes": sum(exact), "archive": len(archive)}
    for name, levels in scenes().items():
        for quality in QUALITIES:
            data = vlae_codec.compress(levels, "photo", quality=quality)
            drawn = np.asarray(vlae_codec.decompress(data).convert("RGB"), np.float64)
            whole = levels if levels.ndim == 3 else levels[..., None]
            rms = float(np.sqrt(np.square(drawn - whole).mean()))
            found[f"{name}, quality {quality}"] = {"bytes": len(data), "rms": rms}
    found["exact photograph"] = {
        "bytes": len(vlae_codec.compress(scenes()["grain"][:64, :64], "photo-exact", lossless=True))
    }
    return found


def main() -> None:
    """Write the figures."""
    TARGET.write_text(json.dumps(figures(), indent=1) + "\n")


if __name__ == "__main__":
    main()
