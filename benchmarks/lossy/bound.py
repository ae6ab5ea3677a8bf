"""Measure the bits of photographs against the bound that training minimises.

    python -m benchmarks.lossy.bound --data ../shared/data       # some minutes

The bound is the KL of latents with uniform noise of one step (their posterior, whose density is 1) from the prior; the
ideal length is -log2 p of the rounded latents that the file holds, by the prior's integers; the payload is those as
written. Effort 1 rounds plainly, as the bound supposes. Results go to benchmarks/results/lossy_bound.json.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from benchmarks.results import write_result
from vlae_cli.common import data_option
from vlae_codec.families.photo import codec
from vlae_codec.families.photo.model import LEVELS
from vlae_codec.families.registry import find_model
from vlae_codec.families.request import Rate
from vlae_codec.io.images import Picture
from vlae_models.photo.search import search_of
from vlae_models.photo.vlae import PhotoVLAE

QUALITIES = (20, 40, 60, 80)
DRAWS = 2
"""Draws of the noise for each picture: their means differ by less than 0.1 %."""


@torch.no_grad()
def bound_of(net: PhotoVLAE, levels: np.ndarray, quality: float) -> float:
    """Return the KL in bits of a picture (H, W, 3), sides multiples of 64, at a quality of 0 ... 100."""
    batch = torch.from_numpy(levels.copy()).permute(2, 0, 1)[None].float().repeat(DRAWS, 1, 1, 1)
    parts = net(batch, torch.full((DRAWS,), round(quality / 100 * LEVELS) / LEVELS))
    return float(parts.bits.mean()) * levels[:, :, 0].size


@click.command()
@data_option
def main(data: Path) -> None:
    """Measure the released photo model on Kodak-dev."""
    info = find_model("photo")
    net, paths = search_of(info).net, sorted(data.glob("kodak-dev/*.png"))
    torch.manual_seed(1)
    rows = {}
    with tqdm(total=len(QUALITIES) * len(paths)) as bar:
        for quality in QUALITIES:
            found = []
            for path in paths:
                with Image.open(path) as image:
                    levels = np.asarray(image.convert("RGB"))
                made = codec.compress(Picture(levels), info, Rate(quality=quality, effort=1))
                bits = (bound_of(net, levels, quality), made.kl_bits, made.lossy_bits, 8 * len(made.data))
                found.append(np.array(bits) / levels[:, :, 0].size)
                bar.update()
            names = ("bound", "ideal", "payload", "file")
            rows[str(quality)] = {
                name: round(float(value), 5) for name, value in zip(names, np.mean(found, 0), strict=True)
            }
    write_result(
        "lossy_bound", {"model": info.name, "fingerprint": info.fingerprint, "pictures": len(paths), "rows": rows}
    )


if __name__ == "__main__":
    main()
