"""A second reader of lossless archives, written from sections 2 and 9 of docs/format.md: Python integers alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path

from independent_reader import Map, Reader, Vector, activate, clamp, crc32, relu

ONE, HALF = 1 << 24, 1 << 23
FLAT = 409599
"""Where the normal distribution's table ends, units of 2^-16."""


class PlainStack:
    """An ANS stack in Python's own integers."""

    def __init__(self, data: bytes) -> None:
        data += bytes(-len(data) % 4)
        self.words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
        self.state = 0
        for _ in range(2):
            self.state = self.state << 32 | (self.words.pop() if self.words else 0)

    def read(self, start: int, width: int) -> None:
        self.state = (self.state >> 24) * width + self.state % ONE - start
        if self.state < 1 << 32 and self.words:
            self.state = self.state << 32 | self.words.pop()

    def write(self, start: int, width: int) -> None:
        if self.state >= width << 40:
            self.words.append(self.state & 0xFFFFFFFF)
            self.state >>= 32
        self.state = self.state // width << 24 | start + self.state % width

    def pixel(self, one: int) -> int:
        none = ONE - one - (one < HALF)
        ink = self.state % ONE >= none
        self.read(none if ink else 0, ONE - none if ink else none)
        return int(ink)

    def numbers(self, size: int, bits: int) -> Vector:
        """So many numbers of so many bits."""
        if bits > 12:
            low, high = self.numbers(size, 12), self.numbers(size, bits - 12)
            return [h << 12 | one for h, one in zip(high, low, strict=True)]
        width, found = 1 << 24 - bits, Vector()
        for _ in range(size):
            found.append(self.state % ONE // width)
            self.read(found[-1] * width, width)
        return found

    def push_numbers(self, values: Vector, bits: int) -> None:
        """What `numbers` reads."""
        if bits > 12:
            self.push_numbers([value >> 12 for value in values], bits - 12)
            values, bits = [value & 0xFFF for value in values], 12
        for value in reversed(values):
            self.write(value << 24 - bits, 1 << 24 - bits)

    def below(self, size: int) -> int:
        if size == 1:
            return 0
        width = ONE // size
        found = min(size - 1, self.state % ONE // width)
        self.read(found * width, ONE - found * width if found == size - 1 else width)
        return found

    def push_below(self, value: int, size: int) -> None:
        width = ONE // size
        self.write(value * width, ONE - value * width if value == size - 1 else width)

    def to_bytes(self) -> bytes:
        words = [*self.words, self.state & 0xFFFFFFFF, self.state >> 32]
        return b"".join(word.to_bytes(4, "little") for word in words).rstrip(b"\0")


class ArchiveReader(Reader):
    """Lossless archives of one model; `folder` has model.json and weights.npz, `tables` is the format's tables.npz."""

    def __init__(self, folder: Path, tables: Path) -> None:
        super().__init__(folder, tables)
        self.whole = [self.normal(x) for x in range(-FLAT, FLAT + 1)]

    def normal(self, x: int) -> int:
        x = clamp(x, -FLAT, FLAT) + 3200 * 128
        low = self.tables["normal"][x >> 7]
        return int(low + ((self.tables["normal"][(x >> 7) + 1] - low) * (x & 127) >> 7))

    def pictures(self, data: bytes, skipped: int = 0) -> Iterator[list[Vector]]:
        """The pictures of a file, in order, without those of the first chunks."""
        assert data[:2] == b"\xd6Z" and data[2] == 0x16 and data[3:6] == self.fingerprint[:3]
        place = 7

        def number() -> int:
            nonlocal place
            value = 0
            for shift in count(0, 7):
                value |= (data[place] & 127) << shift
                place += 1
                if data[place - 1] < 128:
                    return value
            raise AssertionError

        kind, total, chunk = data[6], number(), number()
        names = number() if kind & 128 else 0
        lengths = [number() for _ in range(-(-total // chunk))]
        assert kind & 127 == 1 and data[place : place + 4] == crc32(data[:place], self.fingerprint)
        place += 4 + names
        for index, length in enumerate(lengths):
            part = data[place : place + length]
            assert data[place + length : place + length + 4] == crc32(part, index.to_bytes(4, "little"))
            if index >= skipped:
                yield from self.chunk(part, min(chunk, total - index * chunk))
            place += length + 4

    def chunk(self, part: bytes, size: int) -> Iterator[list[Vector]]:
        seeds, precision, stack = part[0], part[1], PlainStack(part[2:])
        sizes = [seeds]
        while sum(sizes) < size:
            sizes.append(min(64, sum(sizes) // seeds, size - sum(sizes)))
        for batch in sizes[:0:-1]:
            yield from self.batch(stack, batch, precision)
        z = []
        for _ in range(seeds):
            length = stack.numbers(1, 3)[0] + 1
            z.append(self.latents(0, bytes(stack.numbers(length, 8))))
        yield from self.pixels(stack, z)
        assert stack.to_bytes() == b""

    def batch(self, stack: PlainStack, size: int, precision: int) -> list[list[Vector]]:
        """The pictures of a batch; their bins go back onto the stack."""
        z, bins, priors = [Vector() for _ in range(size)], [], []
        for block in range(self.info["prior_blocks"]):
            found = stack.numbers(size * self.size, precision)
            bins.append([found[i : i + self.size] for i in range(0, len(found), self.size)])
            priors.append([self.prior(block, one) for one in z])
            for one, own, (mean, scale) in zip(z, bins[-1], priors[-1], strict=True):
                noise = [self.noise(k, precision) for k in own]
                one += [clamp(m + ((s * n + (1 << 15)) >> 16)) for m, s, n in zip(mean, scale, noise, strict=True)]
        pictures = self.pixels(stack, z)
        posteriors = [self.posterior(picture) for picture in pictures]
        for block in reversed(range(len(bins))):
            first, starts, masses = block * self.size, Vector(), Vector()
            for own, prior, (means, scales) in zip(bins[block], priors[block], posteriors, strict=True):
                for k, i in zip(own, range(self.size), strict=True):
                    start = self.starts(precision, prior[0][i], prior[1][i], means[first + i], scales[first + i])
                    starts.append(start(k))
                    masses.append(start(k + 1) - starts[-1])
            values = [start + stack.below(mass) for start, mass in zip(starts, masses, strict=True)]
            stack.push_numbers(values, precision + 8)
        return pictures

    def prior(self, block: int, z: Vector) -> tuple[Vector, Vector]:
        """Means and scales of a block of z."""
        if not block:
            return [0] * self.size, [1 << 14] * self.size
        x = z
        for layer in range(2):
            x = relu(self.layer(f"prior.{block}.{layer}", x))
        x = self.layer(f"prior.{block}.2", x)
        return x[: self.size], [self.tables["exp"][clamp(value, -4096, 1024) + 5120] for value in x[self.size :]]

    def noise(self, k: int, precision: int) -> int:
        m = (k << 16 - precision) + (1 << 15 - precision)
        return int(self.tables["quantile"][m - 1] + self.tables["quantile"][m]) >> 1

    def starts(self, precision: int, mean: int, scale: int, q_mean: int, q_scale: int) -> Callable[[int], int]:
        """Where each bin starts under q."""

        def start(k: int) -> int:
            if k in (0, 1 << precision):
                return k << 8
            edge = bisect_left(self.whole, k << 30 - precision) - FLAT
            place = (edge * scale + ((mean - q_mean) << 20)) // q_scale
            return 1 + (self.normal(place) * ((1 << precision + 8) - 2) >> 30)

        return start

    def pixels(self, stack: PlainStack, z: list[Vector]) -> list[list[Vector]]:
        """Pictures given their latents: of each place the pixels of all pictures in turn."""
        asking = [self.questions(one) for one in z]
        answers: list[int | None] = [None] * len(z)
        for _ in range(self.info["height"] * self.info["width"]):
            for number, questions in enumerate(asking):
                answers[number] = stack.pixel(questions.send(answers[number])[2])
        return [finish(questions, answer) for questions, answer in zip(asking, answers, strict=True)]

    def posterior(self, picture: list[Vector]) -> tuple[Vector, Vector]:
        """Means and scales of q(z|x)."""
        height, width = self.info["height"], self.info["width"]
        squares: Map = [
            [[picture[2 * r + i][2 * c + j] << 10 for i in range(2) for j in range(2)] for c in range(width // 2)]
            for r in range(height // 2)
        ]
        x = activate(self.residuals("encoder.fine", self.conv("encoder.stem", squares), self.conv))
        x = [row[::2] for row in self.conv("encoder.down", x)[::2]]
        x = activate(self.residuals("encoder.coarse", x, self.conv))
        thin = [value for row in self.each("encoder.squeeze", x) for pixel in row for value in relu(pixel)]
        out = self.layer("encoder.out", relu(self.layer("encoder.full", thin)))
        latent = self.info["latent"]
        scales = [self.tables["exp"][clamp(value, -5120, 512) + 5120] for value in out[latent:]]
        return out[:latent], scales


def finish(questions: Generator[tuple[int, int, int], int | None, list[Vector]], answer: int | None) -> list[Vector]:
    """The picture whose last pixel was asked for."""
    try:
        questions.send(answer)
    except StopIteration as end:
        picture: list[Vector] = end.value
        return picture
    raise AssertionError("another pixel was asked for")
