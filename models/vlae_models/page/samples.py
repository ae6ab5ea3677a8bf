"""What the network of a page model is trained with: neighbourhoods, counts and pixels, as the codec meets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vlae_codec.coding.precision import PRECISION, Integers
from vlae_codec.families.page.contexts import FLAT, MOST, Bits, Words
from vlae_codec.families.page.mixer import Mixer
from vlae_codec.families.page.model import WINDOW_COLUMNS, WINDOW_ROWS, PageModel
from vlae_codec.families.page.walk import BESIDE, walk

from .config import COUNTS, WINDOW, PageTraining, blank_model
from .kinds import KINDS, load_sources


@dataclass(frozen=True)
class Samples:
    """Pixels that have no flat neighbourhood, and the counts of all others.

    Attributes:
        window: the bits that the network reads, packed, uint8 (N, WINDOW / 8).
        counts: how often paper and ink followed each context, clamped to MOST, uint8 (N, COUNTS).
        pixels: uint8 of 0 and 1, (N,).
        flat: how often paper and ink followed each flat context, (FLAT, 2).
    """

    window: Bits
    counts: Bits
    pixels: Bits
    flat: Integers


class _Recorder(Mixer):
    """Keeps what it is given, and does not learn."""

    def __init__(self, model: PageModel) -> None:
        super().__init__(model)
        self.window = [np.zeros((0, WINDOW // 8), np.uint8)]
        self.counts = [np.zeros((0, COUNTS), np.uint8)]
        self.pixels = [np.zeros(0, np.uint8)]

    def ones(self, near: Words, counts: Words) -> Integers:
        bits = near[:WINDOW_ROWS, None] >> np.arange(WINDOW_COLUMNS, dtype=np.uint32)[:, None] & 1
        self.window.append(np.packbits(bits.astype(np.uint8).reshape(WINDOW, -1), axis=0).T)
        self.counts.append(np.minimum(counts, MOST).astype(np.uint8).T)
        return np.full(near.shape[1], 1 << PRECISION - 1, np.int64)

    def learn(self, pixels: Bits) -> None:
        self.pixels.append(pixels)


def record(page: Bits, most: int, random: np.random.Generator) -> Samples:
    """Return what the codec meets in a page.

    Args:
        page: ink 1, (H, W).
        most: pixels without a flat neighbourhood that are kept, drawn at random if there are more.
        random: draws them.
    """
    model = blank_model()
    recorder = _Recorder(model)
    flat = walk(model, np.pad(page, ((0, 0), (0, BESIDE))), lambda line, ones: line, mixer=recorder)
    window, counts, pixels = (np.concatenate(part) for part in (recorder.window, recorder.counts, recorder.pixels))
    kept = random.permutation(len(pixels))[:most]
    return Samples(window[kept], counts[kept], pixels[kept], flat)


def joined(parts: Sequence[Samples]) -> Samples:
    """Return samples of several pages as one."""
    window, counts, pixels = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("window", "counts", "pixels")
    )
    return Samples(window, counts, pixels, np.sum([part.flat for part in parts], axis=0).reshape(FLAT, 2))


def collect(data: Path, train: PageTraining, quiet: bool = False) -> Samples:
    """Return what drawn pages of all kinds show.

    Args:
        data: folder of the data sets.
        train: how many pages, and the seed.
        quiet: show no progress.

    Raises:
        VlaeError: a set is not there.
    """
    sources, parts = load_sources(data, training=True), list[Samples]()
    turns = [name for _ in range(train.pages) for name in KINDS]
    for number, name in enumerate(tqdm(turns, desc="drawing pages", unit="page", disable=quiet or None)):
        random = np.random.default_rng([train.seed, number])
        draw, height, width = KINDS[name]
        page = draw(random, sources, height, width)
        top = int(random.integers(max(1, len(page) - train.rows + 1)))
        parts.append(record(page[top : top + train.rows], train.most, random))
    return joined(parts)


def load_samples(data: Path, train: PageTraining, file: Path, quiet: bool = False) -> Samples:
    """Return what `collect` returns, from a file if it is there; else it is written."""
    if not file.exists():
        samples = collect(data, train, quiet)
        with file.open("wb") as stream:
            np.savez(stream, **asdict(samples))
    with np.load(file, allow_pickle=False) as arrays:
        return Samples(*(arrays[name] for name in ("window", "counts", "pixels", "flat")))
