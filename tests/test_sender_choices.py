"""What the sender of the photo family chooses, as no model tells it: ladder, search for a target, rounding, filler."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from vlae_codec.coding.symbols import SCALES
from vlae_codec.errors import VlaeError
from vlae_codec.families.photo import codec, coding
from vlae_codec.families.photo.coding import Coded
from vlae_codec.families.photo.model import LEVELS, STEP_BITS
from vlae_codec.families.photo.rounding import choose
from vlae_codec.families.photo.target import Search
from vlae_codec.families.photo.transform import grid


def test_the_ladder_goes_from_the_first_level_to_the_last() -> None:
    levels = [codec.level_of(quality / 8) for quality in range(801)]
    assert set(levels) == set(range(LEVELS)) and levels == sorted(levels)
    assert all(abs(low + high - (LEVELS - 1)) <= 1 for low, high in zip(levels, levels[::-1], strict=True))


@pytest.mark.parametrize("quality", [-0.01, 100.01, math.nan, math.inf])
def test_the_ladder_has_ends(quality: float) -> None:
    with pytest.raises(VlaeError, match="0 to 100"):
        codec.level_of(quality)


def curves(count: int) -> Iterator[np.ndarray]:
    """Yield bytes by level as pictures have them: growing by 0.6 to 4 % a level, bent and with waves."""
    rng = np.random.default_rng(0)
    level = np.arange(LEVELS)
    for _ in range(count):
        slope, start, bend = rng.uniform(0.006, 0.04), rng.uniform(3, 7), rng.uniform(-0.6, 0.6)
        waves = rng.uniform(0, 0.3) * np.sin(level / rng.uniform(20, 120))
        line = start + slope * (level + bend * level * (level - LEVELS) / LEVELS) + waves
        yield np.exp(np.maximum.accumulate(line)).astype(np.int64)


def search(sizes: np.ndarray, most: int) -> tuple[int, int]:
    """Return the level whose file has at most so many bytes, by the search, and how many levels were coded for it."""
    tried = list[int]()

    def code(level: int) -> Coded:
        tried.append(level)
        return Coded(bytes(int(sizes[level])), 0.0, 0.0)

    search = Search(code, most, most)
    level = search.level(0)
    assert len(search.found[level].payload) == sizes[level] <= most and len(set(tried)) == len(tried)
    return level, len(tried)


def test_the_search_comes_near_every_target_in_few_runs() -> None:
    rng, shares, runs = np.random.default_rng(1), [], []
    for sizes in curves(200):
        most = int(rng.integers(sizes[5], sizes[250]))
        level, tried = search(sizes, most)
        shares.append(sizes[level] / sizes[sizes <= most].max())
        runs.append(tried)
    assert min(shares) > 0.95 and np.quantile(shares, 0.05) >= 0.98
    assert np.mean(runs) < 5  # it stops where it is near enough


@pytest.mark.parametrize("cliff", [2, 3, 60, 128, 200, 254])
def test_the_search_takes_no_more_runs_than_halving_would(cliff: int) -> None:
    """Not even where bytes jump, so that no level is near the target."""
    sizes = np.where(np.arange(LEVELS) < cliff, 100 + np.arange(LEVELS), 100_000)
    level, tried = search(sizes, 10_000)
    assert level < cliff and tried <= math.log2(LEVELS) + (level == 0)


@pytest.mark.parametrize("part", [0, 1, 2, 3, 9])
def test_rounding_gives_up_most_where_a_symbol_is_dearest(part: int) -> None:
    """The dead zone is half a step where bits are cheap, and wider in later slices where they are dearest."""
    values = np.repeat(np.arange(3 << STEP_BITS)[None], SCALES, 0)
    scales = np.repeat(np.arange(SCALES, dtype=np.uint8)[:, None], values.shape[1], 1)
    symbols = choose(values, np.zeros_like(values), scales, 5, part)
    assert (np.diff(symbols, axis=1) >= 0).all()
    zones, ones = ((symbols <= size).sum(1) / 2**STEP_BITS for size in (0, 1))
    assert (np.diff(zones) <= 1 / (1 << STEP_BITS)).all()  # fitted tables: a grain of the values more
    assert zones[-1] == pytest.approx(0.5, abs=0.02)
    assert zones[0] == pytest.approx((0.64, 0.7, 0.83, 0.91)[min(part, 3)], abs=0.03)
    assert ones.max() - 1.5 < 0.5 * (zones.max() - 0.5)  # larger symbols keep nearer to the nearest


@pytest.mark.parametrize("size", [(1, 1), (720, 728), (736, 720), (1, 65536), (3000, 4000), (65536, 65536)])
def test_a_payload_is_as_long_as_the_format_asks(size: tuple[int, int]) -> None:
    """A byte for each 64 positions beyond 2048, as docs/format.md says and other readers refuse what is shorter."""
    height, width = (4 * math.ceil(side / 64) for side in size)
    assert grid(size) == (height, width)
    least = coding.least_payload(height, width)
    assert least >= 0 and height * width <= 2048 + 64 * least
    assert least == 0 or height * width > 2048 + 64 * (least - 1)
