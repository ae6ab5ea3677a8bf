"""Shards keep pictures, and the sampler cuts from them what is there."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vlae_codec.errors import VlaeError
from vlae_models.data import packing, shards
from vlae_models.data.sampler import Mix, Places, Sampler, gathered

PLAIN = Mix(drawn=0.5, grey=0.0, halved=0.0)


def noise(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def places(height: int, width: int, number: int) -> np.ndarray:
    """A picture whose pixels say their row, column and picture."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, number)], axis=-1).astype(np.uint8)


def joined(pictures: Iterable[tuple[np.ndarray, bool]]) -> shards.Pictures:
    """Pictures, uint8 (H, W, 3), and whether each is drawn, as one array."""
    each, drawn = zip(*pictures, strict=True)
    height, width = np.array([one.shape[:2] for one in each], np.int64).T.copy()
    starts = np.cumsum(height * width) - height * width
    return shards.Pictures(np.concatenate([one.reshape(-1, 3) for one in each]), starts, height, width, np.array(drawn))


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_shards_keep_drawn_pictures_exactly(tmp_path: Path) -> None:
    sides = [(30, 40), (40, 30), (8, 70), (64, 64)]
    pictures = [noise(*size, seed) for seed, size in enumerate(sides)]
    members = [packing.drawn_member(number, Image.fromarray(each)) for number, each in enumerate(pictures)]
    paths = packing.write_shards(tmp_path, members, limit=1 << 14)
    assert len(paths) > 1 and all(path.stat().st_size <= 1 << 14 for path in paths)
    loaded = shards.load_shards(tmp_path, threads=2)
    assert loaded.drawn.all() and list(zip(loaded.height.tolist(), loaded.width.tolist(), strict=True)) == sides
    for number, picture in enumerate(pictures):
        np.testing.assert_array_equal(loaded.picture(number), picture)


def test_the_same_pictures_make_the_same_shard_and_old_ones_go(tmp_path: Path) -> None:
    members = [packing.drawn_member(number, Image.fromarray(noise(20, 20, number))) for number in range(6)]
    packing.write_shards(tmp_path, members, limit=1 << 12)
    (first,) = packing.write_shards(tmp_path, members)
    before = first.read_bytes()
    (again,) = packing.write_shards(tmp_path, members)
    assert again.read_bytes() == before and list(tmp_path.iterdir()) == [again]


def test_photographs_are_reduced_and_small_ones_left_out(tmp_path: Path) -> None:
    for name, size in (("a", (600, 400)), ("b", (500, 340))):
        path = tmp_path / "photos" / "imagenet-sample" / f"{name}.JPEG"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, "teal").save(path, "JPEG")
    kept = tmp_path / "photos" / "bsds500" / "test" / "c.jpg"
    kept.parent.mkdir(parents=True)
    Image.fromarray(noise(300, 310, 1)).save(kept)
    members = list(packing.training_members(tmp_path, drawn=0, quiet=True))
    assert [member.name for member in members] == ["photo/imagenet/a-1.25.jpg", "photo/bsds500/c-1.jpg"]
    assert members[1].data == kept.read_bytes()
    with Image.open(io.BytesIO(members[0].data)) as image:
        assert image.size == (480, 320)


def test_a_training_set_is_packed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def members(folder: Path, quiet: bool) -> list[packing.Member]:
        return [packing.drawn_member(3, Image.fromarray(noise(30, 40, 1)))]

    monkeypatch.setattr(packing, "training_members", members)
    first = shards.load_training(tmp_path / "data", tmp_path / "cache", quiet=True)
    monkeypatch.delattr(packing, "training_members")
    again = shards.load_training(tmp_path / "data", tmp_path / "cache", quiet=True)
    np.testing.assert_array_equal(first.picture(0), noise(30, 40, 1))
    np.testing.assert_array_equal(again.levels, first.levels)


def test_errors_name_the_folder(tmp_path: Path) -> None:
    with pytest.raises(VlaeError, match=r"no photographs in .*--data"):
        list(packing.photo_members(tmp_path))
    with pytest.raises(VlaeError, match="no shard"):
        shards.load_shards(tmp_path)
    with pytest.raises(VlaeError, match=r"photo/a\.jpg: 500 bytes, and 400 is the limit"):
        packing.write_shards(tmp_path, [packing.Member("photo/a.jpg", bytes(500))], limit=400)
    packing.write_shards(tmp_path, [packing.Member("photo/a.jpg", b"no picture")])
    with pytest.raises(VlaeError, match="damaged"):
        shards.load_shards(tmp_path)


def test_every_crop_is_one_square_of_a_picture() -> None:
    pictures = [places(50, 60, 0), places(61, 47, 1), places(45, 45, 2)]
    sampler = Sampler(joined((each, number == 1) for number, each in enumerate(pictures)), 40, PLAIN)
    seen = set()
    for crop in sampler.crops(200, generator()).permute(0, 2, 3, 1).numpy():
        number = int(crop[0, 0, 2])
        rows, columns = crop[..., 0].astype(int), crop[..., 1].astype(int)
        top, left = rows.min(), columns.min()
        cut = pictures[number][top : top + 40, left : left + 40]
        turned = rows[0, 0] != rows[0, 1]
        found = crop.transpose(1, 0, 2) if turned else crop
        found = found[:: 1 if found[0, 0, 0] == top else -1, :: 1 if found[0, 0, 1] == left else -1]
        np.testing.assert_array_equal(found, cut)
        upright = not turned and rows[0, 0] == top and columns[0, 0] == left
        assert upright or number != 1, "a drawn picture is not turned"
        seen.add((number, bool(turned), bool(rows[0, 0] == top), bool(columns[0, 0] == left)))
    assert len(seen) == 8 + 1 + 8


def test_a_gather_cuts_the_same_crops_as_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = joined([(noise(90, 80, 1), False), (noise(70, 99, 2), True)])
    sliced = Sampler(pictures, 32).crops(64, generator())
    calls: list[Places] = []

    def gather(levels: torch.Tensor, places: Places, side: int) -> torch.Tensor:
        calls.append(places)
        return gathered(levels, places, side)

    monkeypatch.setattr("vlae_models.data.sampler._sliced", gather)
    assert torch.equal(Sampler(pictures, 32).crops(64, generator()), sliced) and len(calls) == 2


def test_shares_of_the_mix() -> None:
    dark, light = np.full((64, 64, 3), 9, np.uint8), np.full((64, 64, 3), (200, 100, 50), np.uint8)
    sampler = Sampler(joined([(dark, True), (light, False)]), 16, Mix(drawn=0.3, grey=0.2, halved=0.5))
    crops = sampler.crops(4000, generator())
    first = crops[:, :, 0, 0].int()
    drawn = (first == 9).all(1).float().mean().item()
    grey = ((first[:, 0] == first[:, 2]) & (first[:, 0] != 9)).float().mean().item()
    assert drawn == pytest.approx(0.3, abs=0.03) and grey == pytest.approx(0.7 * 0.2, abs=0.03)
    assert set(first[first[:, 0] == first[:, 2]].flatten().tolist()) == {9, round(0.299 * 200 + 0.587 * 100 + 5.7)}


def test_halved_crops_are_averages_of_large_pictures_alone() -> None:
    stripes = np.zeros((40, 40, 3), np.uint8)
    stripes[::2] = stripes[:, ::2] = 255
    small = np.full((16, 16, 3), 7, np.uint8)
    sampler = Sampler(joined([(stripes, False), (small, False)]), 16, Mix(halved=1.0, grey=0.0))
    crops = sampler.crops(20, generator())
    assert crops.shape == (20, 3, 16, 16) and set(crops.flatten().tolist()) == {191}  # three of four, rounded up
    alone = Sampler(joined([(small, False)]), 16, Mix(halved=1.0))
    assert set(alone.crops(3, generator()).flatten().tolist()) == {7}


def test_the_same_generator_cuts_the_same_crops() -> None:
    sampler = Sampler(joined([(noise(90, 80, 1), False), (noise(70, 99, 2), True)]), 32)
    one, two, other = (sampler.crops(16, generator(seed)) for seed in (5, 5, 6))
    assert torch.equal(one, two) and not torch.equal(one, other)


def test_crops_need_a_picture_as_large() -> None:
    with pytest.raises(VlaeError, match="no picture has 64 x 64"):
        Sampler(joined([(noise(60, 80, 1), False)]), 64)
