"""Any number of digits and crops of photographs, each made by its number alone where it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlae_codec.collections.parts import Portable
from vlae_models.data.sets import load_ink

SHIFT = 2
SIDE = 256
PHOTOS = ("photos/imagenet-sample/*.JPEG", "photos/bsds500/*/*.jpg")


@dataclass(frozen=True)
class Drawn:
    """A batch of pictures that are made where they are coded, each from a random stream of its number.

    Attributes:
        kind: "digits" or "photos".
        data: folder of the sets.
        start, stop: numbers.
    """

    kind: str
    data: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def read(self) -> tuple[Sequence[str], Sequence[Portable]]:
        """Return names and pictures."""
        draw = digit if self.kind == "digits" else crop
        numbers = range(self.start, self.stop)
        return [f"{number:08d}" for number in numbers], [draw(self.data, number) for number in numbers]


@lru_cache(1)
def ink(data: str) -> NDArray[np.uint8]:
    return np.concatenate(load_ink("mnist-dynamic", Path(data)))


def digit(data: str, number: int) -> NDArray[np.uint8]:
    """Return a digit of MNIST, shifted by up to `SHIFT` pixels along both axes, each pixel black by its grey level."""
    rng = np.random.default_rng(number)
    grey = np.roll(ink(data)[number % len(ink(data))], rng.integers(-SHIFT, SHIFT + 1, 2), (0, 1))
    black = rng.random(grey.shape) * 255 < grey
    return np.where(black, 255, 0).astype(np.uint8)


@lru_cache(1)
def photos(data: str) -> list[Path]:
    return [path for pattern in PHOTOS for path in sorted(Path(data).glob(pattern))]


def crop(data: str, number: int) -> NDArray[np.uint8]:
    """Return a crop of a photograph, from a random position."""
    rng = np.random.default_rng(number)
    with Image.open(photos(data)[number % len(photos(data))]) as image:
        left, top = (int(rng.integers(side - SIDE + 1)) for side in image.size)
        return np.asarray(image.convert("RGB").crop((left, top, left + SIDE, top + SIDE)))
