"""Many pictures of .vlz files at once: bilevel ones are drawn together, archives opened once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..container.archive import LOSSY
from ..container.envelope import unwrap
from ..errors import FormatError, VlaeError
from ..families import codec
from ..families.bilevel.archive import Reader
from ..families.bilevel.identify import is_archive
from ..families.request import Draw
from ..io.images import Pixels

KEPT = 1 << 26
"""Pixels of an archive that are kept for the next pictures of it."""

Item = tuple[bytes, int, int]
"""A .vlz file, the number of a picture in it, and a number that no other file has."""


class Decoder:
    """Decodes pictures of any family; keeps the archive that was opened last.

    Args:
        seed: of the texture in lossy files.
        device: "cpu", "torch" or "cuda".
        max_pixels: of one file; by default as for `vlae_codec.decompress`.
    """

    def __init__(self, seed: int = 0, device: str = "cpu", max_pixels: int | None = None) -> None:
        self.seed, self.device, self.max_pixels = seed, device, max_pixels
        self._open: tuple[int, bytes, Reader, list[Pixels]] | None = None

    def decode(self, items: Sequence[Item]) -> list[Pixels]:
        """Return the pictures, in order: uint8 (H, W), (H, W, 3) or with alpha; bilevel ones bool (H, W).

        Raises:
            FormatError: a file is damaged.
            ModelError: a model is not installed or damaged.
        """
        single: dict[int, bytes] = {}
        archives: dict[int, dict[int, list[int]]] = {}
        for position, (whole, index, key) in enumerate(items):
            data, _ = unwrap(whole)
            if is_archive(data):
                archives.setdefault(key, {}).setdefault(index, []).append(position)
            elif index:
                raise FormatError(f"picture {index} of a file that holds one picture: the index is damaged")
            else:
                single[position] = data
        draw = Draw(self.seed, max_pixels=self.max_pixels)
        found: dict[int, Pixels] = {}
        for position, one in zip(single, codec.decompress(list(single.values()), draw, self.device), strict=True):
            if isinstance(one, VlaeError):
                raise one
            (found[position],) = one.pictures
        for key, wanted in archives.items():
            data = items[next(iter(wanted.values()))[0]][0]
            for index, pixels in self._of_archive(data, key, sorted(wanted)):
                found |= dict.fromkeys(wanted[index], pixels)
        return [found[position] for position in range(len(items))]

    def _of_archive(self, data: bytes, key: int, numbers: Sequence[int]) -> Iterator[tuple[int, Pixels]]:
        found = self._open  # taken once, as other threads may put theirs there
        if found is None or found[:2] != (key, data):
            found = self._open = (key, data, Reader(data, self.device, self.max_pixels), [])
        reader, kept = found[2:]
        count = reader.archive.count
        if numbers[-1] >= count:
            raise FormatError(f"picture {numbers[-1]} of an archive of {count}: the index is damaged")
        if reader.archive.kind != LOSSY and count * reader.info.height * reader.info.width <= KEPT:
            # A chunk without loss is decoded from its beginning on anyway.
            if not kept:
                kept[:] = [pixels.astype(bool) for _, pixels in reader.pictures(range(count))]
            yield from ((number, kept[number]) for number in numbers)
            return
        for run in _runs(numbers):
            yield from ((number, pixels.astype(bool)) for number, pixels in reader.pictures(run, seed=self.seed))


def levels(pixels: Pixels) -> Pixels:
    """Return a picture that was decoded as levels of 0 to 255: bilevel ones are bool."""
    return pixels.astype(np.uint8) * np.uint8(255) if pixels.dtype == bool else pixels


def _runs(numbers: Sequence[int]) -> Iterator[range]:
    """Ascending numbers as ranges without gaps."""
    start = numbers[0]
    for number, after in zip(numbers, [*numbers[1:], -1], strict=True):
        if after != number + 1:
            yield range(start, number + 1)
            start = after
