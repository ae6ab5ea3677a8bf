"""A second reader of pages of two levels, written from section 17 of docs/format.md: Python's own integers alone.

It is slow, and there to be compared with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from operator import mul
from pathlib import Path
from typing import NamedTuple

from independent_photo_reader import FEW, Number, Words
from independent_reader import clamp, read_npz

FACTORS = [
    0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB55A4F09, 0x4CF5AD43
]  # fmt: skip
FAR = ((0,), (1,), (2,), (3, 4), (5, 6, 7))
NEAR = ((0, -4, -1), (1, -3, 3), (2, -3, 3), (3, -1, 2))

Rows = list[list[int]]


class Page(NamedTuple):
    """What a file says."""

    size: tuple[int, int]
    levels: tuple[bytes, bytes]
    rows: list[int]
    columns: list[int]
    residual: bytes


def parse(data: bytes) -> Page:
    """The parts of a file of mode 12; checksums are left to others."""
    assert data[:3] == b"\xd6\x5a\x1c"
    place = 7

    def number() -> int:
        nonlocal place
        value = shift = 0
        while True:
            value |= (data[place] & 127) << shift
            shift, place = shift + 7, place + 1
            if data[place - 1] < 128:
                return value

    def stretches() -> list[int]:
        found, end = list[int](), 0
        for _ in range(number()):
            first = end + number()
            end = first + number()
            found += range(first, end)
        return found

    size = number(), number()
    depth = 1 if data[6] & 1 else 3
    levels = data[place : place + depth], data[place + depth : place + 2 * depth]
    place += 2 * depth
    rows, columns = stretches(), stretches()
    return Page(size, levels, rows, columns, data[place:-2])


class PageReader:
    """Reads files of one model.

    Args:
        folder: of the model.
        tables: the file of the format's tables.
    """

    def __init__(self, folder: Path, tables: Path) -> None:
        self.shifts = json.loads((folder / "model.json").read_text())["shifts"]
        self.arrays = read_npz(folder / "weights.npz")
        self.logistic = read_npz(tables)["logistic"]

    def picture(self, data: bytes) -> list[list[bytes]]:
        """The levels of each pixel, row by row."""
        page = parse(data)
        out = [[page.levels[0]] * page.size[1] for _ in range(page.size[0])]
        if page.rows:
            coded = _Coded(self, len(page.rows), len(page.columns), page.residual).pixels()
            for row, line in zip(page.rows, coded, strict=True):
                for column, ink in zip(page.columns, line, strict=True):
                    out[row][column] = page.levels[ink]
        return out


class _Coded:
    """The coded picture in the making."""

    def __init__(self, reader: PageReader, height: int, width: int, residual: bytes) -> None:
        self.reader, self.height, self.width = reader, height, width
        self.ink: Rows = [[0] * width for _ in range(height)]
        self.flat = [list(row) for row in reader.arrays["flat"]]
        self.cells: dict[tuple[int, int], list[int]] = {}
        self.head = list(reader.arrays["head"])
        self.decide = (Number(residual, height * width) if height * width <= FEW else Words(residual)).decide

    def at(self, row: int, column: int) -> int:
        return self.ink[row][column] if 0 <= row < self.height and 0 <= column < self.width else 0

    def pixels(self) -> Rows:
        for step in range(self.width + 4 * (self.height - 1)):
            self.step([(row, step - 4 * row) for row in range(self.height) if 0 <= step - 4 * row < self.width])
        return self.ink

    def step(self, line: list[tuple[int, int]]) -> None:
        flat: list[tuple[int, int]] = []
        others: list[tuple[list[tuple[int, int]], list[int], int, int]] = []
        for row, column in line:
            colours = {self.at(row - i, column + k) for i, low, high in NEAR for k in range(low, high + 1)}
            if len(colours) == 1:
                context = self.context(row, column, colours.pop())
                paper, ink = self.flat[context]
                found = self.decide(((2 * ink + 1) << 24) // (2 * (paper + ink) + 2))
                flat.append((context, found))
            else:
                cells, inputs = self.network(row, column)
                total = sum(map(mul, inputs, self.head))
                one = self.reader.logistic[clamp((total + (1 << 15)) >> 16, -16384, 16384) + 16384]
                found = self.decide(one)
                others.append((cells, inputs, found, ((found << 24) - one) >> 12))
            self.ink[row][column] = found
        for context, found in flat:
            self.flat[context][found] += 1
        self.count([(cell, found) for cells, _, found, _ in others for cell in cells])
        if others:
            self.learn([inputs for _, inputs, _, _ in others], [error for _, _, _, error in others])

    def context(self, row: int, column: int, colour: int) -> int:
        found = 32 * colour
        for number, group in enumerate(FAR):
            far = {self.at(row - i, column + 4 * i - k) for i in group for k in range(1, 33)}
            found += (far != {colour}) << number
        return found

    def words(self, row: int, column: int) -> Iterator[int]:
        for i in range(9):
            newest = min(4 * i - 1, 7)
            bits = range(32 - (4 * i - 1 - newest))
            yield sum(self.at(row - i, column + newest - j) << j for j in bits)

    def network(self, row: int, column: int) -> tuple[list[tuple[int, int]], list[int]]:
        arrays, words = self.reader.arrays, list(self.words(row, column))
        cells = []
        for number, masks in enumerate(arrays["templates"]):
            hashed = sum((word & mask) * factor for word, mask, factor in zip(words, masks, FACTORS, strict=True))
            cells.append((number, hashed % 2**32 >> 12))
        counts = [self.cells.get(cell, [0, 0])[colour] for colour in (0, 1) for cell in cells]
        logs = [arrays["logs"][min(count, 250)] for count in counts]
        inner = self.layer("enter", [word >> j & 1 for word in words[:5] for j in range(16)] + logs)
        return cells, [*self.layer("hidden", inner), *logs, 64]

    def layer(self, name: str, inputs: list[int]) -> list[int]:
        weight, bias = self.reader.arrays[f"{name}.weight"], self.reader.arrays[f"{name}.bias"]
        shift = self.reader.shifts[name]
        sums = [value + (1 << shift - 1) for value in bias]
        for value, row in zip(inputs, weight, strict=True):
            if value:
                sums = [total + value * one for total, one in zip(sums, row, strict=True)]
        return [clamp(total >> shift, 0, 1023) for total in sums]

    def count(self, seen: list[tuple[tuple[int, int], int]]) -> None:
        for cell, found in seen:
            self.cells.setdefault(cell, [0, 0])[found] += 1
        for cell in {cell for cell, _ in seen}:
            if sum(self.cells[cell]) > 250:
                self.cells[cell] = [(count + 1) >> 1 for count in self.cells[cell]]

    def learn(self, inputs: list[list[int]], errors: list[int]) -> None:
        energy = sum(value * value for line in inputs for value in line) // len(inputs)
        below = energy * max(128, len(inputs))
        for i, weight in enumerate(self.head):
            gradient = sum(error * line[i] for error, line in zip(errors, inputs, strict=True))
            self.head[i] = clamp(weight + (gradient << 17) // below, -(2**26), 2**26)
