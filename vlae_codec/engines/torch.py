"""Data sets of PyTorch over collections and archives, decoded on the fly: by number, or as a shuffled stream.

pictures = vlae_codec.torch.PictureDataset("set.vlz", labels=labels)
loader = torch.utils.data.DataLoader(pictures, batch_size=256, shuffle=True, num_workers=2)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import distributed
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from ..collections import Collection
from ..collections.decode import levels
from ..collections.sources import Where
from ..io.images import Pixels

Transform = Callable[[torch.Tensor], Any]


def to_tensor(pixels: Pixels) -> torch.Tensor:
    """Return a picture as `Collection.decode` gives it, as uint8 (C, H, W) of 0 to 255."""
    found = levels(pixels)
    whole = found[None] if found.ndim == 2 else np.ascontiguousarray(found.transpose(2, 0, 1))
    return torch.from_numpy(whole)


class _Samples:
    """What both data sets make of a number and a picture."""

    def __init__(
        self, where: Where, transform: Transform | None, labels: Sequence[Any] | None, options: dict[str, Any]
    ) -> None:
        self.collection = Collection(where, **options)
        self.transform, self.labels = transform, labels

    def sample(self, number: int, pixels: Pixels) -> Any:
        """Return the tensor, transformed if a transform is given, with its label if there are labels."""
        found: Any = to_tensor(pixels)
        if self.transform is not None:
            found = self.transform(found)
        return found if self.labels is None else (found, self.labels[number])


class PictureDataset(Dataset[Any]):
    """Pictures by number; a whole batch is decoded together, bilevel ones at once.

    Args:
        where: a collection, an archive or any .vlz file: bytes, a path or a URL.
        transform: of each uint8 tensor (C, H, W).
        labels: one for each picture; samples are pairs then.
        keep_bytes: of decoded pictures that stay in memory, in each worker, and are not decoded again.
        options: `seed`, `device`, `max_pixels`, as of `Collection`.

    Raises:
        FormatError, VlaeError, OSError: as `Collection`.
    """

    def __init__(
        self,
        where: Where,
        *,
        transform: Transform | None = None,
        labels: Sequence[Any] | None = None,
        keep_bytes: int = 0,
        **options: Any,
    ) -> None:
        self._samples = _Samples(where, transform, labels, options)
        self._kept: dict[int, Pixels] = {}
        self._room = keep_bytes

    def __len__(self) -> int:
        return len(self._samples.collection)

    def __getitem__(self, number: int) -> Any:
        return self.__getitems__([number])[0]

    def __getitems__(self, numbers: Sequence[int]) -> list[Any]:
        """Return the samples of a batch, PyTorch's hook for fetching them at once."""
        missing = [int(number) for number in numbers if number not in self._kept]
        found = dict(zip(missing, self._samples.collection.decode(missing), strict=True))
        for number, pixels in found.items():
            if pixels.nbytes <= self._room:
                self._kept[number] = pixels
                self._room -= pixels.nbytes
        return [self._samples.sample(number, (found if number in found else self._kept)[number]) for number in numbers]


class PictureStream(IterableDataset[Any]):
    """Pictures in the order of their files, shared out among workers and processes of a training by files.

    Args:
        where: as for `PictureDataset`; to be shared out it needs as many files as there are workers.
        shuffle: pictures among which each next one is drawn at random; 0 keeps the order.
        shuffle_seed: with the number of the epoch, of the order.
        transform: of each uint8 tensor (C, H, W).
        labels: one for each picture; samples are pairs then.
        options: `seed`, `device`, `max_pixels`, as of `Collection`.

    Raises:
        FormatError, VlaeError, OSError: as `Collection`.
    """

    def __init__(
        self,
        where: Where,
        *,
        shuffle: int = 0,
        shuffle_seed: int = 0,
        transform: Transform | None = None,
        labels: Sequence[Any] | None = None,
        **options: Any,
    ) -> None:
        self._samples = _Samples(where, transform, labels, options)
        self.shuffle, self.shuffle_seed, self.epoch = shuffle, shuffle_seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next, so that its order is another."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Any]:
        start, step = _share()
        numbered = self._samples.collection.numbered(start, step)
        if self.shuffle:
            numbered = _shuffled(numbered, self.shuffle, random.Random(f"{self.shuffle_seed} {self.epoch} {start}"))
        return (self._samples.sample(number, pixels) for number, pixels in numbered)


def _share() -> tuple[int, int]:
    """Which share of the files is this worker's: the first of them, and the step to the next."""
    info = get_worker_info()
    worker, workers = (info.id, info.num_workers) if info else (0, 1)
    rank, ranks = 0, 1
    if distributed.is_available() and distributed.is_initialized():
        rank, ranks = distributed.get_rank(), distributed.get_world_size()
    return rank * workers + worker, ranks * workers


def _shuffled(numbered: Iterator[tuple[int, Pixels]], size: int, rng: random.Random) -> Iterator[tuple[int, Pixels]]:
    """Yield the same pairs, each drawn from the next `size` of them."""
    waiting: list[tuple[int, Pixels]] = []
    for pair in numbered:
        waiting.append(pair)
        if len(waiting) > size:
            position = rng.randrange(len(waiting))
            waiting[position], waiting[-1] = waiting[-1], waiting[position]
            yield waiting.pop()
    rng.shuffle(waiting)
    yield from waiting
