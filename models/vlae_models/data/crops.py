"""Photographs for training: made smaller so that JPEG's artefacts vanish, kept in memory, cropped at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from vlae_codec.errors import VlaeError
from vlae_codec.families.windowed.codec import ORDER

from . import cifar
from .held_out import validation_crops

Levels = NDArray[np.uint8]


class Source(NamedTuple):
    """A folder of pictures, and by which factors its pictures are made smaller."""

    pattern: str
    divisors: tuple[float, ...]


SETS: dict[str, tuple[Source, ...]] = {
    "photos": (
        Source("photos/unsplash/*.jpg", (3.0, 5.0)),
        Source("photos/imagenet-sample/*.JPEG", (2.0, 1.5)),
        Source("photos/bsds500/*/*.jpg", (1.5,)),
    ),
}
"""JPEGs of quality 95 are halved or so; those of quality 83 are made smaller by 3 at least."""


def load_photos(name: str, folder: Path, least: int, quiet: bool = False) -> Sequence[Levels]:
    """Load the training pictures of a set, uint8 (H, W, 3) each, green, red, blue, no side shorter than `least`.

    Raises:
        VlaeError: the set is unknown, or no picture of it is there.
    """
    if name == cifar.NAME:
        return list(cifar.load_cifar(folder, cifar.TRAIN)[: -cifar.VALID])
    if name not in SETS:
        raise VlaeError(f"no set of photographs is called {name!r}; known: {', '.join([*SETS, cifar.NAME])}")
    files = [(path, source.divisors) for source in SETS[name] for path in sorted(folder.glob(source.pattern))]
    if not files:
        raise VlaeError(f"{name}: no pictures in {folder}; give the folder of the data sets with --data")
    pictures = []
    for path, divisors in tqdm(files, desc="reading photographs", unit="file", disable=quiet or None):
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        for divisor in divisors:
            size = (round(image.width / divisor), round(image.height / divisor))
            if min(size) >= least:
                pictures.append(_levels(image.resize(size, Image.Resampling.LANCZOS)))
    return pictures


def load_validation(name: str, folder: Path) -> Levels:
    """Load validation pictures of a set, uint8 (N, side, side, 3), the middles of photographs, never trained on.

    Raises:
        VlaeError: none is there.
    """
    if name == cifar.NAME:
        return cifar.load_cifar(folder, cifar.TRAIN)[-cifar.VALID :][:256]
    return np.ascontiguousarray(validation_crops(folder)[..., ORDER])


def shares(pictures: Sequence[Levels]) -> NDArray[np.float64]:
    """Return how often each picture is chosen: in proportion to its pixels."""
    sizes = np.array([picture.shape[0] * picture.shape[1] for picture in pictures], np.float64)
    return np.asarray(sizes / sizes.sum())


def random_crops(
    pictures: Sequence[Levels],
    often: NDArray[np.float64],
    count: int,
    side: int,
    grey: float,
    rng: np.random.Generator,
    turned: bool = True,
) -> Levels:
    """Crops (count, side, side, 3), mirrored at random, a share `grey` of them without colour.

    Args:
        pictures: where they come from.
        often: the share of crops of each picture.
        count, side: of the crops.
        grey: the share without colour.
        rng: decides all.
        turned: put them upside down and turn them, too.
    """
    crops = np.empty((count, side, side, len(ORDER)), np.uint8)
    for crop, number in zip(crops, rng.choice(len(pictures), count, p=often), strict=True):
        picture = pictures[number]
        top, left = (int(rng.integers(0, n - side + 1)) for n in picture.shape[:2])
        cut = picture[top : top + side, left : left + side]
        cut = cut[:: rng.choice((-1, 1)) if turned else 1, :: rng.choice((-1, 1))]
        crop[...] = cut.transpose(1, 0, 2) if turned and rng.random() < 0.5 else cut
        if rng.random() < grey:
            crop[...] = np.rint(crop @ np.array([0.587, 0.299, 0.114]))[..., None]
    return crops


def _levels(image: Image.Image) -> Levels:
    return np.ascontiguousarray(np.asarray(image)[..., ORDER])
