"""What the fuzzer damages of pictures of any size: their files, and folders of windowed models."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import vlae_codec
from benchmarks.memory_folder import MemoryFolder
from benchmarks.mutations import mutate, mutate_arrays, mutate_info, pack_model
from benchmarks.small_model import Arrays
from benchmarks.small_photo_model import small_photo_arrays, write_small_photo_model
from vlae_codec.coding.binary_coder import Reader
from vlae_codec.families.registry import read_model
from vlae_codec.families.windowed import grid, pixels
from vlae_codec.families.windowed.family import WindowedFamily
from vlae_codec.families.windowed.model import WindowedModel
from vlae_codec.families.windowed.pixels import decisions
from vlae_codec.model.folder import INFO, WEIGHTS

SIZES = ((1, 1), (2, 3), (5, 3), (17, 9), (40, 30))
"""Rows and columns."""
SHAPE: dict[str, Any] = {"patch": 8, "straight": True}
"""Of the model: it has a linear path and gains."""
SMALL = 200
"""Pixels, grey ones, up to which exact files are many: more take a good part of a tenth of a second each."""


@dataclass
class PhotoCorpus:
    """What is damaged: whole files, and the parts of a windowed model."""

    files: list[bytes]
    info: dict[str, Any]
    arrays: Arrays
    model: dict[str, bytes]


def make_photo_corpus(folder: Path) -> PhotoCorpus:
    """Install the small windowed model in a folder; its lossy, exact and cut files, grey ones and coloured ones."""
    info = write_small_photo_model(folder, **SHAPE)
    rng = np.random.default_rng(5)
    files = []
    for height, width in SIZES:
        for channels in ((), (3,)):
            picture = rng.integers(0, 256, (height, width, *channels)).astype(np.uint8)
            quality = int(rng.integers(0, 101))
            files.append(vlae_codec.compress(picture, "small-photo", quality=quality))
            exact = vlae_codec.compress(picture, "small-photo", lossless=True)
            files.append(exact[: len(exact) // 2])
            files += [exact] if picture.size <= SMALL else []
    arrays = small_photo_arrays(**SHAPE)
    files += released_files(rng)
    return PhotoCorpus(files, info, arrays, pack_model(info, arrays, True, INFO))


def released_files(rng: np.random.Generator) -> list[bytes]:
    """Make files of the released model: in colour, grey, and with alpha."""
    out = []
    for height, width, channels in ((1, 1, 3), (30, 40, 3), (17, 9, 1), (20, 33, 4)):
        picture = rng.integers(0, 256, (height, width, channels)).astype(np.uint8)
        picture[: height // 2, :, 3:] = 0
        out.append(vlae_codec.compress(picture, "photo", quality=float(rng.integers(0, 101))))
    return out


def damaged_photo_model(rng: random.Random, corpus: PhotoCorpus) -> dict[str, bytes]:
    """Damage a photo model's folder, as bytes or in what it declares."""
    files = dict(corpus.model)
    if (kind := rng.randrange(4)) < 2:
        name = (INFO, WEIGHTS)[kind]
        files[name] = mutate(files[name], rng, list(corpus.model.values()))
        return files
    if kind == 2:
        return pack_model(mutate_info(corpus.info, rng), corpus.arrays, True, INFO)
    return pack_model(corpus.info, mutate_arrays(corpus.arrays, rng), True, INFO)


def read_photo_folder(files: dict[str, bytes]) -> str:
    """Load a windowed model and put each of its networks to work, on a payload that it did not make."""
    model = read_model(MemoryFolder(files), WindowedModel)  # type: ignore[arg-type]
    WindowedFamily().probe(model)
    z = grid.pop_grid(model, Reader(b"any bytes", grid.decisions(model, 2, 1)), 2, 1, 40)
    pixels.base_reconstruction(model, z, 40, 2, 3)
    pixels.draw(model, z, 40, (2, 3), seed=1)
    pixels.pop_pixels(model, Reader(b"bytes", decisions(2, 3, False)), (2, 3), z, 40, False, None)
    return "decoded"
