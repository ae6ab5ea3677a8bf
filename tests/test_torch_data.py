"""PyTorch reads collections: by number, in batches, in workers, and as a stream that workers share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vlae_codec
from vlae_codec.collections import Collection, append, encode_part

torch = pytest.importorskip("torch")
from torch.utils.data import DataLoader  # noqa: E402

from vlae_codec.engines.torch import PictureDataset, PictureStream  # noqa: E402


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of 40 digits, each of them told by the ink in its upper left corner."""
    path = tmp_path_factory.mktemp("torch") / "set.vlz"
    for start in range(0, 40, 20):
        digits = np.zeros((20, 28, 28), np.uint8)
        for number in range(20):
            digits[number].flat[: start + number] = 255
        append(path, encode_part(list(digits), "mnist", lossless=True, effort=1))
    return path


def number_of(tensor: object) -> int:
    assert isinstance(tensor, torch.Tensor)
    return int((tensor == 255).sum())


def test_by_number(path: Path) -> None:
    pictures = PictureDataset(path)
    assert len(pictures) == 40
    assert (pictures[3].dtype, tuple(pictures[3].shape)) == (torch.uint8, (1, 28, 28))
    assert [number_of(one) for one in pictures.__getitems__([5, 39, 0])] == [5, 39, 0]
    labelled = PictureDataset(path, labels=range(100, 140), transform=lambda tensor: tensor.float() / 255)
    assert (labelled[7][0].sum().item(), labelled[7][1]) == (7.0, 107)


def test_pictures_are_kept_as_far_as_there_is_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, asked = PictureDataset(path, keep_bytes=10 * 784), list[int]()
    decode = Collection.decode

    def counting(self: Collection, numbers: list[int]) -> object:
        asked.extend(numbers)
        return decode(self, numbers)

    monkeypatch.setattr(Collection, "decode", counting)
    for _ in range(2):
        assert [number_of(one) for one in pictures.__getitems__(list(range(15)))] == list(range(15))
    assert asked == [*range(15), *range(10, 15)]


@pytest.mark.parametrize("workers", [0, 2])
def test_loader_shuffles(path: Path, workers: int) -> None:
    loader = DataLoader(PictureDataset(path, labels=range(40)), batch_size=16, shuffle=True, num_workers=workers)
    batches = list(loader)
    assert [len(images) for images, _ in batches] == [16, 16, 8]
    found = [
        (number_of(image), int(label))
        for images, labels in batches
        for image, label in zip(images, labels, strict=True)
    ]
    assert all(number == label for number, label in found)
    assert sorted(number for number, _ in found) == list(range(40))


@pytest.mark.parametrize("workers", [0, 2])
def test_stream_is_shared_out(path: Path, workers: int) -> None:
    loader = DataLoader(PictureStream(path), batch_size=8, num_workers=workers)
    found = [number_of(image) for batch in loader for image in batch]
    assert sorted(found) == list(range(40))
    assert (found == list(range(40))) == (workers == 0)


def test_stream_shuffles_by_epoch(path: Path) -> None:
    stream = PictureStream(path, shuffle=10)
    orders = []
    for epoch in (0, 1, 0):
        stream.set_epoch(epoch)
        orders.append([number_of(image) for image in stream])
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[1]) == list(range(40)) != orders[1]


def test_existing_archives_and_photographs(tmp_path: Path) -> None:
    digits = [np.where(np.arange(784).reshape(28, 28) < number, 255, 0).astype(np.uint8) for number in range(8)]
    archive = vlae_codec.compress_many(digits, "mnist", lossless=True, effort=1)
    assert [number_of(PictureDataset(archive)[number]) for number in range(8)] == list(range(8))
    photo = np.zeros((20, 30, 3), np.uint8)
    photo[..., 0] = 200
    pictures = PictureDataset(encode_part([photo, digits[3]]))
    assert (tuple(pictures[0].shape), tuple(pictures[1].shape)) == ((3, 20, 30), (1, 28, 28))
    expected = np.asarray(Collection(encode_part([photo]))[0])
    assert np.array_equal(pictures[0].numpy().transpose(1, 2, 0), expected)
