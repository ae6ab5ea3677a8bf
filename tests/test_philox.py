from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import distance_from_normal

from vlae_codec.exact.philox import candidate_noise, philox, pixel_noise, private_uniforms
from vlae_codec.exact.tables import load_tables

MASK = 2**32 - 1
words = st.integers(0, MASK)
four_words = st.tuples(words, words, words, words)


def reference(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Philox 4x32-10 in Python's own integers, from the paper."""
    for turn in range(10):
        k0, k1 = ((key[i] + turn * step) & MASK for i, step in enumerate((0x9E3779B9, 0xBB67AE85)))
        p0, p1 = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = (p1 >> 32) ^ counter[1] ^ k0, p1 & MASK, (p0 >> 32) ^ counter[3] ^ k1, p0 & MASK
    return counter


def philox_of(make: Any, counters: list[tuple[int, int, int, int]], key: tuple[int, int]) -> list[tuple[int, ...]]:
    columns = [make(np.array(column, np.int64)) for column in zip(*counters, strict=True)]
    result = np.stack([np.asarray(word) for word in philox(columns[0], columns[1], columns[2], columns[3], key)], 1)
    return [tuple(row) for row in result.tolist()]


KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((MASK,) * 4, (MASK, MASK), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
"""Counter, key and words: the known answers that come with the authors' Random123."""


@pytest.mark.parametrize("make", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(make: Any, counter: tuple[int, int, int, int], key: tuple[int, int], answer: Any) -> None:
    assert reference(counter, key) == answer
    assert philox_of(make, [counter], key) == [answer]


@settings(max_examples=50)
@given(st.lists(four_words, min_size=1, max_size=5), st.tuples(words, words))
def test_numpy_and_torch_follow_the_reference(counters: list[tuple[int, int, int, int]], key: tuple[int, int]) -> None:
    expected = [reference(counter, key) for counter in counters]
    assert philox_of(np.asarray, counters, key) == expected
    assert philox_of(torch.from_numpy, counters, key) == expected


@settings(max_examples=50)
@given(st.integers(0, 2**56), st.integers(0, 2**20), st.integers(0, 63))
def test_candidates_are_addressed_as_the_format_says(path: int, level: int, dimension: int) -> None:
    word = reference((path & MASK, path >> 32, dimension // 8, level), (0, 0))[dimension % 8 // 2]
    half = word >> 16 if dimension % 2 else word & 0xFFFF
    noise = candidate_noise(np.array([path], np.int64), level, dimension // 8 * 8, dimension % 8 + 1)
    assert noise[0, -1] == load_tables().quantile[half]


@settings(max_examples=50)
@given(words, words, st.integers(0, 9), words, st.integers(0, 2**64 - 1))
def test_pixels_are_addressed_as_the_format_says(row: int, column: int, channel: int, draw: int, seed: int) -> None:
    expected = reference((row, column, draw, 2**31 + channel // 4), (seed & MASK, seed >> 32))[channel % 4]
    place = [np.array([n], np.int64) for n in (row, column, draw)]
    assert pixel_noise(place[0], place[1], channel, place[2], seed).tolist() == [expected]
    tensors = [torch.from_numpy(n) for n in place]
    assert pixel_noise(tensors[0], tensors[1], channel, tensors[2], seed).tolist() == [expected]


def test_visiting_order_and_batch_do_not_matter() -> None:
    paths = np.array([5, 2**40 + 5, 0, 17], np.int64)
    whole = candidate_noise(paths, 3, 0, 32)
    assert (candidate_noise(paths[::-1], 3, 0, 32) == whole[::-1]).all()
    assert (candidate_noise(paths[2:3], 3, 0, 32) == whole[2:3]).all()
    assert (candidate_noise(paths, 3, 16, 16) == whole[:, 16:]).all()
    assert (candidate_noise(paths, 3, 8, 5) == whole[:, 8:13]).all()


def test_pixels_broadcast() -> None:
    rows, columns = np.arange(5, dtype=np.int64)[:, None], np.arange(7, dtype=np.int64)[None, :]
    whole = pixel_noise(rows, columns, 0, np.zeros((1, 1), np.int64), 9)
    assert whole.shape == (5, 7)
    one = pixel_noise(np.array([3], np.int64), np.array([4], np.int64), 0, np.zeros(1, np.int64), 9)
    assert whole[3, 4] == one[0]


def test_candidates_are_standard_normal() -> None:
    noise = candidate_noise(np.arange(4096, dtype=np.int64), 0, 0, 16) / 2.0**12
    assert abs(noise.mean()) < 4 / math.sqrt(noise.size)
    assert abs(noise.var() - 1) < 4 * math.sqrt(2 / noise.size)
    assert distance_from_normal(noise) < 1.63
    correlation = np.corrcoef(noise.T) - np.eye(16)
    assert np.abs(correlation).max() < 4.5 / math.sqrt(len(noise))


def test_pixel_noise_is_uniform() -> None:
    place = np.arange(2**14, dtype=np.int64)
    parts = [pixel_noise(place // 128, place % 128, channel, place * 0, 1) / 2.0**32 for channel in range(6)]
    for part in parts:
        assert part.min() >= 0 and part.max() < 1
        assert abs(part.mean() - 0.5) < 4 / math.sqrt(12 * len(part))
        assert (np.histogram(part, 8, (0, 1))[0] / len(part)).max() < 0.14
    assert np.abs(np.corrcoef(np.stack(parts)) - np.eye(6)).max() < 4.5 / math.sqrt(len(place))


def test_whatever_differs_makes_other_noise() -> None:
    def candidate(path: int, level: int = 0) -> list[int]:
        return candidate_noise(np.array([path], np.int64), level, 0, 16)[0].tolist()  # type: ignore[no-any-return]

    def pixel(row: int = 1, column: int = 2, channel: int = 0, draw: int = 0, seed: int = 0) -> int:
        place = [np.array([n], np.int64) for n in (row, column, draw)]
        return int(pixel_noise(place[0], place[1], channel, place[2], seed)[0])

    candidates = [candidate(0), candidate(1), candidate(2**32), candidate(2**32 + 1), candidate(2**55), candidate(0, 1)]
    assert len({tuple(noise) for noise in candidates}) == len(candidates)
    assert candidate(0)[:8] != candidate(0)[8:]
    pixels = [pixel(), pixel(2, 1), pixel(channel=1), pixel(channel=4), pixel(draw=1), pixel(seed=1), pixel(seed=2**32)]
    assert len(set(pixels)) == len(pixels)


def test_private_uniforms_lie_inside_and_differ_by_image() -> None:
    first, second = private_uniforms(10001, 0), private_uniforms(10001, 1)
    assert first.shape == (10001,)
    assert first.min() > 0 and first.max() < 1
    assert abs(first.mean() - 0.5) < 4 / math.sqrt(12 * len(first))
    assert not (first == second).any()
    np.testing.assert_array_equal(private_uniforms(7, 0), first[:7])
    np.testing.assert_array_equal(private_uniforms(10001, [1, 0]), [second, first])
