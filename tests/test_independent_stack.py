"""The stack of lossless archives, written from docs/format.md section 9, beside the codec's own."""

from __future__ import annotations

import numpy as np
import pytest

from vlae_codec.entropy import Stack
from vlae_codec.latent_grid import edges, normal
from vlae_codec.tables import load_tables


class PlainStack:
    """An ANS stack in Python's own integers."""

    def __init__(self, data: bytes) -> None:
        data += bytes(-len(data) % 4)
        self.words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
        self.state = 0
        for _ in range(2):
            self.state = self.state << 32 | (self.words.pop() if self.words else 0)

    def read(self, start: int, width: int) -> None:
        self.state = (self.state >> 24) * width + self.state % (1 << 24) - start
        if self.state < 1 << 32 and self.words:
            self.state = self.state << 32 | self.words.pop()

    def write(self, start: int, width: int) -> None:
        if self.state >= width << 40:
            self.words.append(self.state & 0xFFFFFFFF)
            self.state >>= 32
        self.state = self.state // width << 24 | start + self.state % width

    def pixel(self, one: int) -> int:
        none = (1 << 24) - one - (one < 1 << 23)
        ink = self.state % (1 << 24) >= none
        self.read(none if ink else 0, (1 << 24) - none if ink else none)
        return int(ink)

    def number(self, bits: int) -> int:
        if bits > 12:
            low = self.number(12)
            return self.number(bits - 12) << 12 | low
        width = 1 << 24 - bits
        found = self.state % (1 << 24) // width
        self.read(found * width, width)
        return found

    def below(self, size: int) -> int:
        if size == 1:
            return 0
        width = (1 << 24) // size
        found = min(size - 1, self.state % (1 << 24) // width)
        self.read(found * width, (1 << 24) - found * width if found == size - 1 else width)
        return found

    def push_below(self, value: int, size: int) -> None:
        width = (1 << 24) // size
        self.write(value * width, (1 << 24) - value * width if value == size - 1 else width)

    def to_bytes(self) -> bytes:
        words = [*self.words, self.state & 0xFFFFFFFF, self.state >> 32]
        return b"".join(word.to_bytes(4, "little") for word in words).rstrip(b"\0")


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
            assert stack.pop_numbers(9, bits).tolist() == [plain.number(bits) for _ in range(9)]
        sizes = rng.integers(1, 1 << 18, 9)
        assert stack.pop_below(sizes).tolist() == [plain.below(int(size)) for size in sizes]
    assert stack.to_bytes() == plain.to_bytes()


def test_long_numbers_are_read_half_by_half() -> None:
    stack = filled(np.random.default_rng(9))
    plain = PlainStack(stack.to_bytes())
    low = [plain.number(12) for _ in range(5)]
    high = [plain.number(8) for _ in range(5)]
    assert stack.pop_numbers(5, 20).tolist() == [h << 12 | one for h, one in zip(high, low, strict=True)]


def test_writing() -> None:
    rng = np.random.default_rng(5)
    stack = filled(rng)
    plain = PlainStack(stack.to_bytes())
    for size in rng.integers(2, 1 << 18, 40):
        value = int(rng.integers(0, size))
        stack.push_below(np.array([value]), np.array([size]))
        plain.push_below(value, int(size))
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
