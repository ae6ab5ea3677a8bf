"""Measure what texture does to photographs: judges of error, and of the statistics of features.

    python -m benchmarks.lossy.texture --data ../shared/data     # some minutes

The feature net was trained to tell the classes of CIFAR-10; no part of the codec was trained with it. Results go to
benchmarks/results/lossy_texture.json, and crops side by side to benchmarks/results/sheets/texture.webp.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

import vlae_codec
from benchmarks.feature_net import feature_distances, texture_distances
from benchmarks.results import FOLDER, write_result
from vlae_cli.common import data_option
from vlae_codec.families.registry import find_model

from .judges import judged

QUALITIES = (10, 25, 40, 55, 70)
TEMPERATURES = (0.0, 0.25, 0.5, 0.75, 1.0)
SHEET = FOLDER / "sheets" / "texture.webp"
SHOWN = {"kodim13": (160, 96), "kodim05": (128, 240), "kodim21": (160, 320), "kodim01": (192, 288)}
"""Pictures of the sheet and their crops' first row and column."""
SHOWN_QUALITY, CROP = 30, 224
NAMES = ("bpp", "psnr", "ms_ssim", "ssimulacra2", "features", "statistics")
Levels = NDArray[np.uint8]


def drawn(data: bytes, temperature: float) -> Levels:
    """Return the picture of a file."""
    return np.asarray(vlae_codec.decompress(data, temperature=temperature).convert("RGB"))


def sheet(photographs: dict[str, Levels]) -> Image.Image:
    """Return crops of originals, the base reconstruction and texture at 1/2 and 1, side by side."""
    rows = []
    for name, (top, left) in SHOWN.items():
        levels = photographs[name]
        data = vlae_codec.compress(levels, "photo", quality=SHOWN_QUALITY)
        found = [levels, *(drawn(data, temperature) for temperature in (0.0, 0.5, 1.0))]
        rows.append(np.concatenate([one[top : top + CROP, left : left + CROP] for one in found], 1))
    return Image.fromarray(np.concatenate(rows))


@click.command()
@data_option
def main(data: Path) -> None:
    """Measure the released photo model on Kodak-dev."""
    info = find_model("photo")
    photographs = {}
    for path in sorted(data.glob("kodak-dev/*.png")):
        with Image.open(path) as image:
            photographs[path.stem] = np.asarray(image.convert("RGB"))
    rows: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, tqdm(total=len(QUALITIES) * len(photographs)) as bar:
        for quality in QUALITIES:
            found: dict[float, list[list[float]]] = {heat: [] for heat in TEMPERATURES}
            for levels in photographs.values():
                file = vlae_codec.compress(levels, "photo", quality=quality)
                for heat in TEMPERATURES:
                    picture = drawn(file, heat)
                    pair = levels[None], picture[None]
                    far = [float(judge(*pair)[0]) for judge in (feature_distances, texture_distances)]
                    judges = judged(levels, picture, Path(folder)).values()
                    found[heat].append([8 * len(file) / levels[:, :, 0].size, *judges, *far])
                bar.update()
            for heat, values in found.items():
                means = dict(zip(NAMES, np.mean(values, 0).round(4).tolist(), strict=True))
                rows.setdefault(str(quality), {})[f"{heat:g}"] = means
    about = {"model": info.name, "fingerprint": info.fingerprint, "pictures": len(photographs)}
    write_result("lossy_texture", {**about, "rows": rows})
    sheet(photographs).save(SHEET, quality=60, method=6)


if __name__ == "__main__":
    main()
