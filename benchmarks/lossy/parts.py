"""Measure what parts of the photo family are worth: table of frequencies, restoration filter, compensation of loss.

    python -m benchmarks.lossy.parts --data ../shared/data       # some minutes

Of each picture and quality: the bits of the symbols by the table that files have and by normal distributions, and the
judges' figures of the file with its filter and without it, with what makes up for the transforms' loss and without it,
which changes its bits as well. Results go to benchmarks/results/lossy_parts.json.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import click
import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.lossy.judges import JUDGES, judged
from benchmarks.make_scales import LARGEST, LEAST, SCALES, Counter, normal, written
from benchmarks.results import write_result
from vlae_cli.common import data_option
from vlae_codec.coding.symbols import MOST, costs, limits
from vlae_codec.families.photo import codec, coding, compensation
from vlae_codec.families.photo.container import parse_file, write_file
from vlae_codec.families.registry import find_model
from vlae_codec.families.request import Rate
from vlae_codec.io.images import Picture
from vlae_codec.model.info import ModelInfo

QUALITIES = (20, 40, 60, 80)
EVERY = 3
"""Of Kodak-dev, in alphabetical order."""
ESCAPE = 24.0
"""Bits of a symbol beyond a table: alike in both."""


def table_bits(normals: bool) -> np.ndarray:
    """Return the bits (SCALES, MOST + 1) of magnitudes by the released table, or by normal distributions."""
    out = np.full((SCALES, MOST + 1), ESCAPE)
    for index in range(SCALES):
        limit = limits()[index]
        if normals:
            scale = LEAST * math.exp(index * math.log(LARGEST / LEAST) / (SCALES - 1))
            mass = np.maximum(normal(scale, limit)[: limit + 1], 2.0**-23)
            out[index, : limit + 1] = -np.log2(mass) + (np.arange(limit + 1) > 0)
        else:
            out[index, : limit + 1] = costs()[index][limit : 2 * limit + 1]
    return out


def measured(original: np.ndarray, info: ModelInfo, quality: int, folder: Path) -> dict[str, float]:
    """Return the figures of one picture (H, W, 3)."""
    with mock.patch.object(compensation, "MOST", 0):
        lossy = codec.compress(Picture(original), info, Rate(quality=quality)).data
    with mock.patch.object(coding, "SymbolWriter", Counter):
        data = codec.compress(Picture(original), info, Rate(quality=quality)).data
    counts, file = written.pop().counts, parse_file(data)
    plain = write_file(bytes.fromhex(info.fingerprint), replace(file, filter=b""))
    before, without, after = (
        judged(original, np.asarray(codec.decompress(one)[0]), folder) for one in (plain, lossy, data)
    )
    bits = [float((counts * table_bits(normals)).sum()) for normals in (False, True)]
    return {
        "bpp": 8 * len(data) / original[:, :, 0].size,
        "filtered": float(bool(file.filter)),
        "table": bits[0] / bits[1] - 1,
        "filter_share": (len(data) - len(plain)) / len(data),
        **{judge: after[judge] - before[judge] for judge in JUDGES},
        "loss_bits": len(data) / len(lossy) - 1,
        **{f"loss_{judge}": after[judge] - without[judge] for judge in JUDGES},
    }


@click.command()
@data_option
def main(data: Path) -> None:
    """Measure the released photo model on some of Kodak-dev."""
    info, paths = find_model("photo"), sorted(data.glob("kodak-dev/*.png"))[::EVERY]
    rows = {}
    with TemporaryDirectory() as folder, tqdm(total=len(QUALITIES) * len(paths)) as bar:
        for quality in QUALITIES:
            found = []
            for path in paths:
                with Image.open(path) as image:
                    found.append(measured(np.asarray(image.convert("RGB")), info, quality, Path(folder)))
                bar.update()
            means = {key: round(float(np.mean([one[key] for one in found])), 5) for key in found[0]}
            rows[str(quality)] = means
    write_result(
        "lossy_parts", {"model": info.name, "fingerprint": info.fingerprint, "pictures": len(paths), "rows": rows}
    )


if __name__ == "__main__":
    main()
