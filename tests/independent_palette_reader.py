"""A second reader of pictures of few colours, written from section 15 of docs/format.md: Python's own integers alone.

It is slow, and there to be compared with.
"""

from __future__ import annotations

from pathlib import Path

from independent_mixing import Decide, Mixer, Question, hashed, head, leb128
from independent_photo_reader import Words
from independent_reader import read_npz

NEAR = (
    (0, -1), (1, 0), (1, -1), (1, 1), (0, -2), (2, 0), (2, 1), (1, 2), (2, -1), (1, -2), (0, -3), (2, 3), (3, 0),
    (0, -4), (4, 0), (3, 3), (2, -3),
)  # fmt: skip
PAIRS = ((0, 1), (1, 2), (1, 3), (0, 2), (4, 0), (5, 1), (7, 3), (6, 3), (0, 3), (9, 2), (8, 2))
FAR = (
    (5, 0), (4, 3), (0, -8), (2, 3), (1, -8), (3, -5), (2, 4), (6, 6), (3, 6), (4, -3), (0, -5),
    (7, 0), (6, 12), (0, -12), (4, -8), (6, -6), (3, 8), (6, 16), (1, -14), (7, 7), (7, -10), (2, -11), (5, 5),
)  # fmt: skip
CONTEXTS = [
    [*range(17, 28), *range(51, 57), 58, 59],
    [0, 1, 3, 57, 58],
    [*range(13), 57, 58],
    [*range(6), 57, 58],
    [*range(51, 60)],
    [*range(17, 24), *range(28, 39), *range(51, 57), 58],
    [*range(39, 51), *range(51, 57), 58],
    [0, *range(13, 17), 57, 58],
    [57], [0, 57], [1, 57], [0, 1, 57], [3, 57], [0, 2, 57], [*range(6), 57], [1, 3, 57],
    [*range(17)],
    [*range(9)],
]  # fmt: skip

Pixel = tuple[int, int]

FACTORS = [[hashed((60 * c + i + 1) * 0x9E3779B1) | 1 for i in range(60)] for c in range(len(CONTEXTS))]


def cell(context: int, features: list[int]) -> int:
    """The number of a context's cell."""
    return hashed(sum(FACTORS[context][i] * features[i] for i in CONTEXTS[context])) >> 12


def trust(run: int) -> int:
    """The class of a run."""
    return min(run, 3) + sum(run >= least for least in (4, 8, 16, 64))


def picture(data: bytes, tables: Path) -> list[list[list[int]]]:
    """The samples of each pixel of a file of mode 10 with flag 8, row by row; checksums are left to others.

    Args:
        tables: the file of the format's tables.
    """
    channels, height, width, place = head(data, 8)
    most, place = leb128(data, place)
    assert most < 256
    decide = Words(data[place:-2]).decide
    colours = palette(most + 1, channels, decide)
    numbers = _Coded(height, width, len(colours), decide, read_npz(tables)["logistic"]).pixels()
    return [[colours[one] for one in row] for row in numbers]


def palette(count: int, channels: int, decide: Decide) -> list[list[int]]:
    """The colours in the order of their numbers, the channels in that of pictures."""
    colours, level = list[list[int]](), 0
    while len(colours) < count:
        if not decide(1 << 23):
            level += 1
            assert level <= 255
            continue
        others = [sum(decide(1 << 23) << bit for bit in range(7, -1, -1)) for _ in range(channels - 1)]
        colours.append([level, *others] if channels < 3 else [others[0], level, *others[1:]])
    return colours


class _Coded:
    """The picture in the making."""

    def __init__(self, height: int, width: int, colours: int, decide: Decide, logistic: list[int]) -> None:
        self.height, self.width, self.bits = height, width, (colours - 1).bit_length()
        self.mixer = Mixer([18000] * 8 + [0], decide, logistic)
        self.numbers = [[0] * width for _ in range(height)]
        self.known: dict[tuple[int, int], tuple[int, int]] = {}

    def at(self, row: int, column: int) -> int:
        return self.numbers[row][column] if 0 <= row < self.height and 0 <= column < self.width else 0

    def pixels(self) -> list[list[int]]:
        for step in range(self.width + 3 * (self.height - 1)):
            self.step([(row, step - 3 * row) for row in range(self.height) if 0 <= step - 3 * row < self.width])
        return self.numbers

    def step(self, line: list[Pixel]) -> None:
        features = {pixel: self.features(*pixel) for pixel in line}
        places = {pixel: [(c, cell(c, features[pixel])) for c in (16, 17)] for pixel in line}
        candidates: dict[Pixel, list[tuple[int, int]]] = {}
        for pixel in line:
            looked = [self.known.get(place, (0, 0)) for place in places[pixel]]
            candidates[pixel] = [(number, trust(run)) for number, run in looked] + [(f, 1) for f in features[pixel][:2]]
        found: dict[Pixel, int] = {}
        for number in range(4):
            asked = [
                pixel for pixel in line
                if pixel not in found and candidates[pixel][number][1]
                and not any(kind and one == candidates[pixel][number][0] for one, kind in candidates[pixel][:number])
            ]  # fmt: skip
            those = [candidates[pixel][number] for pixel in asked]
            questions = [
                [*features[pixel], *(int(f == one) for f in features[pixel][:6]), one, number, kind]
                for pixel, (one, kind) in zip(asked, those, strict=True)
            ]
            answers = self.ask(number, range(8), questions, [kind for _, kind in those])
            found |= {p: one for p, (one, _), yes in zip(asked, those, answers, strict=True) if yes}
        left = [pixel for pixel in line if pixel not in found]
        nodes = [1] * len(left)
        for level in range(self.bits):
            questions = [[*features[p], *[0] * 6, node] for p, node in zip(left, nodes, strict=True)]
            answers = self.ask(4 + level, range(8, 16), questions, [0] * len(left))
            nodes = [2 * node + bit for node, bit in zip(nodes, answers, strict=True)]
        found |= {pixel: node - (1 << self.bits) for pixel, node in zip(left, nodes, strict=True)}
        self.remember([(place, found[pixel]) for pixel in line for place in places[pixel]])
        for row, column in line:
            self.numbers[row][column] = found[row, column]

    def features(self, row: int, column: int) -> list[int]:
        near = [self.at(row - i, column + j) for i, j in NEAR]
        pairs = [int(near[a] == near[b]) for a, b in PAIRS]
        return near + pairs + [int(self.at(row - i, column + j) == near[1]) for i, j in FAR]

    def remember(self, seen: list[tuple[tuple[int, int], int]]) -> None:
        new = {}
        for place, number in seen:
            last, run = self.known.get(place, (0, 0))
            new[place] = number, run + 1 if run and last == number else 1
        self.known |= new

    def ask(self, question: int, contexts: range, features: list[list[int]], kinds: list[int]) -> list[int]:
        asked = [
            Question(kind, [cell(context, one) for context in contexts])
            for one, kind in zip(features, kinds, strict=True)
        ]
        return self.mixer.ask(question, asked)
