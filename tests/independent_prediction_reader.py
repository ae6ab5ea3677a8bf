"""A second reader of predicted samples, written from section 15 of docs/format.md: Python's own numbers alone.

It is slow, and there to be compared with.
"""

from __future__ import annotations

from math import floor
from operator import mul
from pathlib import Path

from independent_mixing import Mixer, Question, hashed, head
from independent_photo_reader import Words
from independent_reader import Vector, clamp, read_npz

OWN = (
    (-1, -1), (-1, 1), (0, -2), (-2, 0), (-2, 1), (-1, -2), (-2, -1), (-2, 2), (0, -3), (-3, 0), (-2, -2), (-3, 1),
    (0, -4), (-3, -1), (-1, -3), (-3, 2), (-2, 3), (-3, 3), (-2, -3), (-4, 0), (-3, -2), (0, -5), (-4, 1),
)  # fmt: skip
OTHER = ((0, 0), (0, -1), (0, 1), (1, 0), (-1, 1), (-1, -1), (1, 1), (1, -1))
SURROUNDINGS = (
    ((0, 0, 22),),
    ((1, 0, 1), (0, 0, 1), (1, 2, 3), (0, 2, 3), (1, 4, 6), (0, 4, 9), (1, 7, 7), (0, 10, 14)),
    ((1, 0, 0), (2, 0, 0), (1, 1, 1), (2, 1, 1), (0, 0, 1), (1, 2, 3), (2, 2, 3), (0, 2, 6), (1, 4, 7), (2, 4, 7)),
)
"""Of planes 0, 1 and the others: back by how many planes, and the first and the last of the list."""
LOCAL = ((4, 5 / 8, 1 / 2), (12, 29 / 32, 13 / 16))
"""Features, and what is left of E and A, of predictions 0 and 1."""
AROUND = ((4, 0, -1), (4, -1, 0), (2, -1, -1), (3, -1, 1), (2, 0, -2), (2, -2, 0))
"""Weights of errors, and where they are."""
FINE, ABOVE, BELOW, BESIDE = (80, 96, 120, 160, 240, 400, 800), 4, 2, 6

Table = list[list[float]]
"""Moments: K + 1 rows of K columns, without those above the diagonal, which are those below it."""
Place = tuple[int, int, int]
"""Plane, row and column of a sample."""


def offsets(plane: int) -> list[Place]:
    """(b, i, j) of a plane's features."""
    found = [(0, 0, -1)]
    for back, first, last in SURROUNDINGS[min(plane, 2)]:
        found += [(back, i, j) for i, j in (OTHER if back else OWN)[first : last + 1]]
    return found


def zeros(count: int) -> Table:
    return [[0.0] * min(i + 1, count) for i in range(count + 1)]


def moments(features: Vector, target: int) -> list[Vector]:
    return [[one * other for other in features[: i + 1]] for i, one in enumerate((*features, target))]


def solve(table: Table, least: float) -> list[float]:
    """The coefficients of a table of moments."""
    m = [[*row] for row in table]
    count = len(m) - 1
    for k in range(count):
        c = [row[k] for row in m[k + 1 :]]
        pivot = max(m[k][k] + least, least)
        for row, one in zip(m[k + 1 :], c, strict=True):
            ratio = row[k] = one / pivot
            row[k + 1 :] = [value - ratio * other for value, other in zip(row[k + 1 :], c, strict=False)]
    w = m[count]
    for i in range(count - 1, 0, -1):
        for j in range(i):
            w[j] -= m[i][j] * w[i]
    return w


class Local:
    """Moments of one local prediction: the tables A of each row of each plane, and what E is there."""

    def __init__(self, count: int, near: float, above: float) -> None:
        self.count, self.near, self.above = count, near, above
        self.passed: dict[tuple[int, int], Table] = {}
        self.along: dict[tuple[int, int], Table] = {}

    def table(self, plane: int, row: int) -> Table:
        """S of the next sample of a row."""
        passed = self.passed.get((plane, row - 1), zeros(self.count))
        along = self.along.get((plane, row), zeros(self.count))
        return [
            [a * self.above + e * self.near for a, e in zip(*rows, strict=True)]
            for rows in zip(passed, along, strict=True)
        ]

    def learn(self, plane: int, row: int, table: Table, new: list[Vector]) -> None:
        along = self.along.get((plane, row), zeros(self.count))
        self.along[plane, row] = [
            [e * self.near + m for e, m in zip(*rows, strict=True)] for rows in zip(along, new, strict=True)
        ]
        self.passed[plane, row] = [[s + m for s, m in zip(*rows, strict=True)] for rows in zip(table, new, strict=True)]

    def drop(self) -> None:
        """Let go of what is next to nothing."""
        for tables in (self.passed, self.along):
            for place, table in tables.items():
                tables[place] = [[value if abs(value) >= 2**-32 else 0.0 for value in row] for row in table]


class Sample:
    """What is known of a sample before it is read.

    Attributes:
        tables: S of both local predictions.
        predictions: in parts of 1/16.
        spreads: u of each of them, and of their mean.
    """

    def __init__(
        self, place: Place, features: Vector, base: int, tables: list[Table], raw: list[float], spreads: Vector
    ) -> None:
        self.place, self.features, self.base = place, features, base
        self.tables, self.spreads, self.low = tables, spreads, 0
        self.predictions = [clamp(floor(8 * (p + base) + 1 / 2), 0, 4080) for p in raw]
        first, second, third = self.predictions
        q0, q1, q2 = (1 / (u * u) for u in spreads[:3])
        self.mean = floor((first * q0 + second * q1 + third * q2) / (q0 + q1 + q2) + 1 / 2)
        self.level, self.kind = (self.mean + 8) // 16, sum(edge <= spreads[3] for edge in FINE)
        self.inside = [(0, (1 << 24) - 1)] * 3


def picture(data: bytes, tables: Path) -> list[list[Vector]]:
    """The samples of each pixel of a file of mode 10 with flag 16, row by row; checksums are left to others.

    Args:
        tables: the file of the format's tables.
    """
    channels, height, width, place = head(data, 16)
    planes = _Coded(channels, height, width, data[place:-2], read_npz(tables)["logistic"]).planes()
    order = (1, 0, 2, 3)[:channels] if channels > 2 else range(channels)
    return [[[planes[plane][row][column] for plane in order] for column in range(width)] for row in range(height)]


class _Coded:
    """The planes in the making."""

    def __init__(self, channels: int, height: int, width: int, body: bytes, logistic: Vector) -> None:
        self.channels, self.height, self.width, self.logistic = channels, height, width, logistic
        self.mixer = Mixer([0] * 9 + [21845] * 3, Words(body).decide, logistic)
        size = (ABOVE + height + BELOW, BESIDE + width + BESIDE)
        self.bordered = [[[0] * size[1] for _ in range(size[0])] for _ in range(channels)]
        self.errors: dict[Place, Vector] = {}
        self.local = [Local(*about) for about in LOCAL]
        self.all = [zeros(24) for _ in range(channels)]
        self.coefficients = [[0] * 24 for _ in range(channels)]

    def at(self, plane: int, row: int, column: int) -> int:
        return self.bordered[plane][ABOVE + row][BESIDE + column] if plane >= 0 else 0

    def put(self, plane: int, rows: range, columns: range, value: int) -> None:
        for row in rows:
            for column in columns:
                self.bordered[plane][ABOVE + row][BESIDE + column] = value

    def planes(self) -> list[list[Vector]]:
        for step in range(self.width + 2 * (self.height - 1) + 5 * (self.channels - 1)):
            places = [
                (plane, row, step - 2 * row - 5 * plane)
                for plane in range(self.channels)
                for row in range(self.height)
                if 0 <= step - 2 * row - 5 * plane < self.width
            ]
            if not places:
                continue
            samples = [self.sample(*place) for place in places]
            for bit in range(8):
                self.read(bit, samples)
            for one in samples:
                self.put(
                    one.place[0], range(one.place[1], one.place[1] + 1), range(one.place[2], one.place[2] + 1), one.low
                )
            for one in samples:
                self.spread(*one.place, one.low)
            self.learn(step, samples)
        columns = slice(BESIDE, BESIDE + self.width)
        return [[row[columns] for row in plane[ABOVE : ABOVE + self.height]] for plane in self.bordered]

    def sample(self, plane: int, row: int, column: int) -> Sample:
        west, north = self.at(plane, row, column - 1), self.at(plane, row - 1, column)
        features = [
            2 * self.at(plane - b, row + i, column + j)
            - self.at(plane - b, row, column - 1)
            - self.at(plane - b, row - 1, column)
            for b, i, j in offsets(plane)
        ]
        tables = [local.table(plane, row) for local in self.local]
        raw = []
        for table in tables:
            first, *rest = map(mul, solve(table, 8), features[: len(table) - 1])
            for term in rest:
                first += term
            raw.append(first)
        raw.append(sum(map(mul, self.coefficients[plane], features)) * 2**-16)
        spreads = [68] * 4
        for weight, i, j in AROUND:
            errors = self.errors.get((plane, row + i, column + j), [0] * 4)
            spreads = [u + weight * error for u, error in zip(spreads, errors, strict=True)]
        return Sample((plane, row, column), features, west + north, tables, raw, spreads)

    def read(self, bit: int, samples: list[Sample]) -> None:
        """The next bit of each sample."""
        asked, middles = [], []
        for one in samples:
            middle = one.low + (1 << 7 - bit)
            points, shares = [], Vector()
            for p, u, (low, high) in zip(one.predictions, one.spreads, one.inside, strict=False):
                j = clamp(floor((16 * middle - 8 - p) * (29013 / u)), -16384, 16384)
                point = self.logistic[j + 16384]
                share = floor(2**16 * ((high - point + 1) / (high - low + 2)))
                points.append(point)
                shares.append(self.mixer.stretch(max(1, share) << 8))
            node = one.low // (1 << 8 - bit) + (1 << bit)
            asked.append(Question(8 * one.place[0] + one.kind, self.cells(one, node), shares))
            middles.append((middle, points))
        for one, yes, (middle, points) in zip(samples, self.mixer.ask(bit, asked), middles, strict=True):
            if yes:
                one.low = middle
            one.inside = [
                (point, high) if yes else (low, point) for point, (low, high) in zip(points, one.inside, strict=True)
            ]

    def cells(self, sample: Sample, node: int) -> Vector:
        """The cell of each context."""
        plane, row, column = sample.place
        other, second = self.at(plane - 1, row, column), self.at(plane - 2, row, column)
        west, north = self.at(plane, row, column - 1), self.at(plane, row - 1, column)
        level = sample.level
        found = (
            other,
            (other << 8) + second,
            (other << 8) + level,
            (other << 16) + (second << 8) + level,
            (level << 8) + sample.kind,
            (west << 8) + north,
            (other << 16) + (west << 8) + level,
            (other << 16) + (second << 8) + west,
        )
        return [hashed((4 * x + plane) * 0x9E3779B1 + 0x2C1B3C6D * node) >> 12 for x in found]

    def spread(self, plane: int, row: int, column: int, value: int) -> None:
        """Put a sample at the edge of the picture where it goes in the border."""
        left, above = range(-BESIDE, 0), range(-ABOVE, 0)
        if column == 0:
            self.put(plane, range(row, row + 2), left, value)
            if row == 0:
                self.put(plane, above, range(-BESIDE, 1), value)
        if column == self.width - 1:
            self.put(plane, range(row, row + 1), range(self.width, self.width + BESIDE), value)
        if row == 0:
            self.put(plane, above, range(column + 1, column + 4), value)
        if row == self.height - 1:
            self.put(plane, range(self.height, self.height + BELOW), range(column, column + 1), value)

    def learn(self, step: int, samples: list[Sample]) -> None:
        """Take what the samples of a step were into errors, moments and coefficients."""
        for plane in {one.place[0] for one in samples}:
            self.all[plane] = [[value * (511 / 512) for value in row] for row in self.all[plane]]
        sums: dict[int, list[Vector]] = {}
        for one in samples:
            plane, row, _ = one.place
            self.errors[one.place] = [abs(16 * one.low - p) for p in (*one.predictions, one.mean)]
            target = 2 * one.low - one.base
            for local, table in zip(self.local, one.tables, strict=True):
                local.learn(plane, row, table, moments(one.features[: local.count], target))
            new = moments(one.features, target)
            sums[plane] = [
                [a + b for a, b in zip(*rows, strict=True)] for rows in zip(sums[plane], new, strict=True)
            ] if plane in sums else new  # fmt: skip
        for plane, total in sums.items():
            self.all[plane] = [
                [a + b for a, b in zip(*rows, strict=True)] for rows in zip(self.all[plane], total, strict=True)
            ]
        if step % 64 == 0:
            for local in self.local:
                local.drop()
        if step % 2 == 0:
            for plane, table in enumerate(self.all):
                found = (floor(2**16 * value + 1 / 2) for value in solve(table, 32))
                self.coefficients[plane] = [clamp(value, -(1 << 31), 1 << 31) for value in found]
