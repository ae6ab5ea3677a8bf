"""The stack of lossless archives, written from docs/format.md section 9, beside the codec's own."""

from __future__ import annotations

import numpy as np
import pytest
from independent_archive_reader import PlainStack

from vlae_codec.coding.ans import Stack
from vlae_codec.exact.tables import load_tables
from vlae_codec.latents.bins import edges, normal


def filled(rng: np.random.Generator) -> Stack:
    stack = Stack()
    stack.push_numbers(rng.integers(0, 1 << 12, 300), 12)
    return stack


@pytest.mark.parametrize("seed", range(4))
def test_reading(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stack = filled(rng)
    plain = PlainStack(stack.to_bytes())
    for _ in range(6):
        ones = rng.integers(1, 1 << 24, 20)
        assert stack.pop_pixels(ones).tolist() == [plain.pixel(int(one)) for one in ones]
        for bits in (3, 8, 12):
            assert stack.pop_numbers(9, bits).tolist() == plain.numbers(9, bits)
        sizes = rng.integers(1, 1 << 18, 9)
        assert stack.pop_below(sizes).tolist() == [plain.below(int(size)) for size in sizes]
    assert stack.to_bytes() == plain.to_bytes()


def test_long_numbers_are_read_half_by_half() -> None:
    stack = filled(np.random.default_rng(9))
    plain = PlainStack(stack.to_bytes())
    assert stack.pop_numbers(5, 20).tolist() == plain.numbers(5, 20)
    assert stack.to_bytes() == plain.to_bytes()


def test_writing() -> None:
    rng = np.random.default_rng(5)
    stack = filled(rng)
    plain = PlainStack(stack.to_bytes())
    for size in rng.integers(2, 1 << 18, 40):
        value = int(rng.integers(0, size))
        stack.push_below(np.array([value]), np.array([size]))
        plain.push_below(value, int(size))
    values = rng.integers(0, 1 << 21, 7)
    for bits in (21, 12):
        stack.push_numbers(values % (1 << bits), bits)
        plain.push_numbers((values % (1 << bits)).tolist(), bits)
    assert stack.to_bytes() == plain.to_bytes()


def test_edges_and_the_normal_distribution() -> None:
    table = load_tables().normal.tolist()

    def plain(x: int) -> int:
        x = max(-409599, min(409599, x)) + 3200 * 128
        low = table[x >> 7]
        return int(low + ((table[(x >> 7) + 1] - low) * (x & 127) >> 7))

    for x in (-(1 << 30), -409600, -70001, -1, 0, 1, 12345, 409599, 1 << 30):
        assert plain(x) == int(normal(np.array([x]))[0])
    found = edges(6).tolist()
    assert (found[0], found[-1]) == (-409599, 409599)
    for k in range(1, 64):
        assert plain(found[k]) >= k << 24 > plain(found[k] - 1)
