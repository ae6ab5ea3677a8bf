"""Make the table of distributions that latents of the photo family are coded with.

    python -m benchmarks.make_scales --data FOLDER

Normal distributions of mean 0 over bins of width 1, and mixtures of such: `prior` gives the scale of a normal one, but
what a sender leaves of it has more zeros and longer tails. For each scale the weights of `RATIOS` times that scale are
fitted by expectation maximisation to the symbols that the released model sends of training crops, at many qualities.
Frequencies are of 2^-24. The table is committed, for no two mathematical libraries agree on the last bits of erfc.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest import mock

import click
import numpy as np
import torch
from numpy.typing import NDArray

from vlae_cli.common import data_option, progress_bar
from vlae_codec.coding.symbols import MOST, Scales, Symbols, SymbolWriter
from vlae_codec.families.photo import coding, transform
from vlae_codec.families.photo.model import PhotoModel
from vlae_codec.families.registry import find_model, load
from vlae_codec.families.request import DEFAULT
from vlae_models.data.sampler import Sampler
from vlae_models.data.shards import load_training

TOTAL = 1 << 24
SCALES, LEAST, LARGEST = 64, 0.11, 128.0
REACH, LONGEST = 5.0, 640
RATIOS = (0.0, 0.35, 0.6, 0.8, 1.0, 1.3, 1.8, 3.0)
"""Of the scales of the parts of a mixture; 0 is a symbol of 0 for certain."""
PRIOR = 300.0
"""Symbols by whose worth the fit is held to the one normal distribution."""
STEPS = 400
CROPS, SIDE = 160, 512
LEVELS = tuple(range(12, 256, 24))
"""Of quality, of the crops that are counted."""
TARGET = Path(__file__).parents[1] / "vlae_codec" / "coding" / "scales.npz"

Masses = NDArray[np.float64]
Counts = NDArray[np.float64]


def normal(scale: float, limit: int) -> Masses:
    """Return the masses of 0 ... limit and of all magnitudes beyond by a normal distribution, both signs together."""
    if scale == 0:
        return np.asarray(np.eye(1, limit + 2)[0])
    upper = [math.erfc((k - 0.5) / scale / math.sqrt(2)) for k in range(1, limit + 2)]
    return np.array([1 - upper[0], *(upper[k] - upper[k + 1] for k in range(limit)), upper[limit]])


def fitted(scale: float, counts: Counts) -> Masses:
    """Return the masses of magnitudes 0 ... limit and beyond of the mixture that fits counts of them best."""
    limit = len(counts) - 2
    parts = np.array([normal(ratio * scale, limit) for ratio in RATIOS])
    plain = parts[RATIOS.index(1.0)]
    counts = counts + PRIOR * plain
    weights = np.where(np.array(RATIOS) == 1, 1.0, 0.05)
    for _ in range(STEPS):
        shares = weights[:, None] * parts / np.maximum(weights @ parts, 1e-300)
        weights = shares @ counts / counts.sum()
    return np.asarray(weights @ parts)


def frequencies(masses: Masses) -> NDArray[np.int32]:
    """Return the frequencies of -limit ... limit and of the escape symbol, which sum to 2^24."""
    side = np.maximum(1, np.rint(masses[1:-1] / 2 * TOTAL)).astype(np.int64)
    escape = max(2, round(masses[-1] * TOTAL))
    middle = TOTAL - 2 * int(side.sum()) - escape
    return np.concatenate([side[::-1], [middle], side, [escape]]).astype(np.int32)


class Counter(SymbolWriter):
    """A writer that counts magnitudes by scale as well."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = np.zeros((SCALES, MOST + 1))
        written.append(self)

    def push(self, symbols: Symbols, scales: Scales) -> None:
        """Append and count a batch of symbols (n,)."""
        super().push(symbols, scales)
        np.add.at(self.counts, (scales, np.abs(symbols)), 1)


written: list[Counter] = []


def counted(model: PhotoModel, crops: NDArray[np.uint8], progress: Any) -> NDArray[np.float64]:
    """Return how often crops (N, S, S, 3) have symbols (SCALES, MOST + 1); each file counts the same, long or short."""
    total = np.zeros((SCALES, MOST + 1))
    with mock.patch.object(coding, "SymbolWriter", Counter):
        for index, crop in enumerate(crops):
            coding.push(model, transform.analyse(model, crop), LEVELS[index % len(LEVELS)], DEFAULT.steps)
            one = written.pop()
            total += one.counts / one.ideal
            if progress:
                progress(1, len(crops))
    return np.asarray(total / total.sum())


@click.command()
@data_option
@click.option("--model", default="photo", help="Whose symbols are counted.")
def main(data: Path, model: str) -> None:
    """Write the table."""
    sampler = Sampler(load_training(data, Path("build/shards")), SIDE)
    crops = sampler.crops(CROPS, torch.Generator().manual_seed(0)).permute(0, 2, 3, 1).numpy()
    with progress_bar("symbols") as progress:
        shares = counted(load(find_model(model), PhotoModel, "cpu"), crops, progress)
    number = CROPS * SIDE**2  # as many latents as pixels
    tables = []
    for index in range(SCALES):
        scale = LEAST * math.exp(index * math.log(LARGEST / LEAST) / (SCALES - 1))
        limit = min(LONGEST, math.ceil(REACH * scale) + 1)
        row = number * shares[index]
        tables.append(frequencies(fitted(scale, np.append(row[: limit + 1], row[limit + 1 :].sum()))))
    assert all(int(table.sum()) == TOTAL and table.min() >= 1 for table in tables)
    lengths = np.array([len(table) for table in tables], np.int32)
    np.savez_compressed(TARGET, frequencies=np.concatenate(tables), lengths=lengths)
    print(TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
