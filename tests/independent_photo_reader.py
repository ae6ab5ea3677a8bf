"""A second reader of pictures of any size, written from section 10 of docs/format.md: Python's own integers alone.

What both kinds of files share (layers, convolutions, words) is the first reader's, which imports nothing of ours.
It is slow, and there to be compared with.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import mul
from pathlib import Path
from typing import NamedTuple

from independent_enlarging import enlarge
from independent_reader import MASK, Map, Reader, Vector, activate, clamp, philox, read_npz, relu, shuffle

HALF, ONE, FEW = 1 << 23, 1 << 24, 4096

Decide = Callable[[Vector], Vector]
"""Decisions from the probabilities of a 1, in units of 2^-24."""
Line = list[tuple[int, int]]
"""Rows and columns of the places that are taken together."""
Choose = Callable[[int, Line, list["Mixture"]], Vector]
"""Values of the places of a line, in one channel."""


class Head(NamedTuple):
    """What a file says of itself."""

    exact: bool
    grey: bool
    width: int
    size: tuple[int, int]
    rows: int
    columns: int
    payload: bytes
    residual: bytes


class Number:
    """Few decisions: the binary digits of a number in [0, 1), of which each takes a part."""

    def __init__(self, data: bytes, count: int) -> None:
        self.unit, self.width = 24 * count, 1
        self.rest = (int.from_bytes(data, "big") << self.unit) >> 8 * len(data)

    def __call__(self, ones: Vector) -> Vector:
        return [self.decide(one) for one in ones]

    def decide(self, one: int) -> int:
        self.unit -= 24
        split = self.width * one
        if self.rest < split << self.unit:
            self.width = split
            return 1
        self.rest, self.width = self.rest - (split << self.unit), (self.width << 24) - split
        return 0


class Words:
    """Many decisions: words of 32 bits."""

    def __init__(self, data: bytes) -> None:
        assert len(data) % 4 == 0
        self.words = (int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4))
        self.point = next(self.words, 0) << 32 | next(self.words, 0)
        self.range = (1 << 64) - 1

    def __call__(self, ones: Vector) -> Vector:
        return [self.decide(one) for one in ones]

    def decide(self, one: int) -> int:
        step, share = self.range >> 24, one if one >= HALF else one + 1
        below = step * (ONE - share)
        decision = int(self.point >= below)
        if decision:
            self.point, self.range = self.point - below, step * share
        else:
            self.range = below
        assert self.point < self.range
        if self.range < 1 << 32:
            self.range, self.point = self.range << 32, self.point << 32 | next(self.words, 0)
        return decision


class Mixture(NamedTuple):
    """A distribution: components' weights, means and inverse scales, and the tables."""

    weights: Vector
    means: Vector
    inverses: Vector
    logistic: Vector

    def cumulative(self, edge: int, shift: int) -> int:
        parts = zip(self.weights, self.means, self.inverses, strict=True)
        return sum(
            weight * self.logistic[clamp((edge - mean) * inverse >> shift, -16384, 16384) + 16384]
            for weight, mean, inverse in parts
        )


class PhotoReader(Reader):
    """Files of one model; `folder` has its model.json and weights.npz, `tables` is the format's tables.npz."""

    def __init__(self, folder: Path, tables: Path) -> None:
        self.info = json.loads((folder / "model.json").read_text())
        self.fingerprint = bytes.fromhex(self.info["fingerprint"])
        self.tables, self.arrays = read_npz(tables), read_npz(folder / "weights.npz")
        weights = {name[:-7]: rows for name, rows in self.arrays.items() if name[-6:] == "weight"}
        self.columns = {name: list(zip(*rows, strict=True)) for name, rows in weights.items()}
        self.bias = {name[:-5]: values for name, values in self.arrays.items() if name[-4:] == "bias"}

    def head(self, data: bytes) -> Head:
        """The parts of a file, its checksums verified."""
        assert data[:2] == b"\xd6Z" and data[2] >> 4 == 1 and data[3:6] == self.fingerprint[:3]
        exact, numbers, place, shrink = {7: False, 8: True}[data[2] & 15], Vector(), 7, 4
        if data[6] & 64:
            place, shrink = 8, data[7]
            assert 4 < shrink <= 64 and not exact
        while len(numbers) < (3 if exact else 2):
            numbers.append(0)
            shift = 0
            while True:
                numbers[-1] |= (data[place] & 127) << shift
                place, shift = place + 1, shift + 7
                if data[place - 1] < 128:
                    break
        end = place + numbers[2] if exact else len(data) - 2
        self.check(data[: end + 2])
        self.check(data)
        parts = data[place:end], data[end + 2 : -2]
        rows, columns = (-(-4 * side // shrink) for side in numbers[:2])
        return Head(exact, data[6] >= 128, data[6] & 63, (numbers[0], numbers[1]), rows, columns, *parts)

    def picture(self, data: bytes, seed: int = 0, heat: int = 0) -> list[list[Vector]]:
        """The picture of a file, rows of pixels of one level or of red, green and blue; `heat` is 1024 temperatures."""
        head = self.head(data)
        features = self.synthesis(self.grid(head), head.width)
        if head.exact:
            count = 8 * head.rows * head.columns * (1 if head.grey else 3)
            decide = coder(head.residual, count)

            def choose(channel: int, line: Line, found: list[Mixture]) -> Vector:
                edges = [lambda symbol: 32 * (symbol - 128) - 16] * len(found)
                return [symbol - 128 for symbol in descend(found, edges, 7, decide)]

        else:

            def choose(channel: int, line: Line, found: list[Mixture]) -> Vector:
                pairs = zip(line, found, strict=True)
                if not heat:
                    means = [self.shown(features[row][column], channel) for row, column in line]
                    return [mean_level(one, mean, head.width) for one, mean in zip(found, means, strict=True)]
                return [self.drawn_level(one, place, channel, seed, heat) for place, one in pairs]

        flag = 0 if head.exact else 1024
        levels = self.sweep(
            "local", self.info["window"], (head.rows, head.columns), 3, choose,
            beside=lambda row, column: [*features[row][column], flag],
            grey=head.grey, heat=1024 if head.exact else heat,
        )  # fmt: skip
        order = [0] if head.grey else [1, 0, 2]
        return enlarge([[[pixel[c] + 128 for c in order] for pixel in row] for row in levels], head.size)

    def preview(self, data: bytes) -> list[list[Vector]]:
        """The mean picture of a file."""
        head = self.head(data)
        features = self.synthesis(self.grid(head), head.width)
        order = [0] if head.grey else [1, 0, 2]
        rows = [row[: head.columns] for row in features[: head.rows]]
        return enlarge([[[self.shown(pixel, c) + 128 for c in order] for pixel in row] for row in rows], head.size)

    def shown(self, features: Sequence[int], channel: int) -> int:
        """A level less 128 of the mean picture."""
        bits = self.info["shifts"]["synthesis.mean"] + 4
        total = sum(map(mul, self.columns["synthesis.mean"][channel], features)) + self.bias["synthesis.mean"][channel]
        return clamp((total + (1 << bits >> 1)) >> bits, -128, 127)

    def grid(self, head: Head) -> Map:
        """The latents of a file."""
        patch, channels = self.info.get("patch", 16), self.info["latent"]
        rows, columns = (max(2, -(-side // patch)) for side in (head.rows, head.columns))
        size, log = width(head.width)
        decide = coder(head.payload, 8 * rows * columns * channels)

        def choose(channel: int, line: Line, found: list[Mixture]) -> Vector:
            dither, bases = Vector(), Vector()
            for (row, column), one in zip(line, found, strict=True):
                word = philox((row, column, channel // 4, 3 << 29), (0, 0))[channel % 4]
                dither.append(word * size >> 32)
                mean = one.means[one.weights.index(max(one.weights))]
                bases.append((2 * (mean + dither[-1]) + size) // (2 * size))

            def edge(base: int, u: int) -> Callable[[int], int]:
                return lambda symbol: (base + symbol - 128) * size - u - size // 2

            symbols = descend(found, list(map(edge, bases, dither)), 12 - self.info.get("prior_sharper", 0), decide)
            z = [(b + symbol - 128) * size - u for symbol, b, u in zip(symbols, bases, dither, strict=True)]
            assert all(abs(value) < 1 << 28 for value in z)
            return z

        window = self.info["prior_window"]
        return self.sweep("prior", window, (rows, columns), channels, choose, beside=lambda row, column: [4 * log])

    def synthesis(self, z: Map, number: int) -> Map:
        """The features of each pixel."""
        told, patch = 4 * width(number)[1], self.info.get("patch", 16)
        scales = {4: ["fine"], 8: ["mid", "fine"], 16: ["coarse", "mid", "fine"]}[patch]
        if gates := self.arrays.get("synthesis.gates"):
            z = [
                [[value * g + 512 >> 10 for value, g in zip(place, gates[number], strict=True)] for place in row]
                for row in z
            ]
        maps = self.conv("synthesis.enter", [[[*place, told] for place in row] for row in z])
        for scale in scales:
            if scale != scales[0]:
                maps = shuffle(self.each(f"synthesis.up_{scale}", maps))
            maps = activate(self.residuals(f"synthesis.{scale}", maps, self.conv))
        maps = shuffle(shuffle(self.conv("synthesis.out", maps)))
        if gates:
            straight = self.each("synthesis.straight", z)
            while len(straight) < len(maps):
                straight = shuffle(straight)
            pairs = zip(maps, straight, strict=True)
            maps = [[add_first(*both) for both in zip(*rows, strict=True)] for rows in pairs]
        return activate(maps)

    def sweep(  # type: ignore[override]
        self,
        net: str,
        window: Vector,
        size: tuple[int, int],
        channels: int,
        choose: Choose,
        *,
        beside: Callable[[int, int], Vector],
        grey: bool = False,
        heat: int = 1024,
    ) -> Map:
        """What `choose` makes of each place's distribution, line by line; values are those of z or of v."""
        (above, left, right), (rows, columns) = window, size
        offsets = [(-r, c) for r in range(above, 0, -1) for c in range(-left, right + 1)]
        offsets += [(0, c) for c in range(-left, 0)]
        found: Map = [[[0] * channels for _ in range(columns)] for _ in range(rows)]
        lines: dict[int, Line] = {}
        for row in range(rows):
            for column in range(columns):
                lines.setdefault(column + (right + 1 if above else 0) * row, []).append((row, column))
        unit = 1 if net == "prior" else 16
        for _, line in sorted(lines.items()):
            trunks = []
            for row, column in line:
                near = [(row + r, column + c) for r, c in offsets]
                inside = [found[r][c] if r >= 0 and 0 <= c < columns else [0] * channels for r, c in near]
                inputs = [unit * value for values in inside for value in values] + beside(row, column)
                trunks.append(self.trunk(net, inputs))
            for channel in range(1 if grey else channels):
                pairs = zip(line, trunks, strict=True)
                mixtures = [self.mixture(net, a, channel, found[r][c], heat) for (r, c), a in pairs]
                for (row, column), value in zip(line, choose(channel, line, mixtures), strict=True):
                    last = channels if grey else channel + 1
                    found[row][column][channel:last] = [value] * (last - channel)
        return found

    def trunk(self, net: str, inputs: Sequence[int]) -> Vector:
        """What the heads of a place read."""
        more = 2 if net == "prior" else 0
        bits = self.info["shifts"][f"{net}.mix"] + more
        pairs = zip(self.columns[f"{net}.mix"], self.bias[f"{net}.mix"], strict=True)
        x = [clamp((sum(map(mul, row, inputs)) + (b << more) + (1 << bits >> 1)) >> bits) for row, b in pairs]
        return relu(self.residuals(net, [[x]], self.each)[0][0])

    def mixture(self, net: str, a: Vector, channel: int, drawn: Vector, heat: int) -> Mixture:
        """The distribution of a channel of a place of which the channels before it are known."""
        more, unit = (2, 1) if net == "prior" else (0, 16)
        table = self.arrays[f"{net}.drawn"][channel]
        bits, outputs = self.info["shifts"][f"{net}.heads"] + more, Vector()
        for k, weights in enumerate(table):
            number = len(table) * channel + k
            total = sum(map(mul, self.columns[f"{net}.heads"][number], a)) + self.bias[f"{net}.heads"][number]
            earlier = unit * sum(map(mul, weights[:channel], drawn))
            outputs.append(((total << more) + earlier + (1 << bits >> 1)) >> bits)
        size = len(outputs) // 3
        logits, means, logs = outputs[:size], outputs[size : 2 * size], outputs[2 * size :]
        if net == "local" and 0 < heat < 1024:
            logits = [int(logit * (1024 / heat) // 1) for logit in logits]
        exp = self.tables["exp"]
        weights = [exp[clamp(logit - max(logits), -5120, 0) + 5120] for logit in logits]
        means = [4 * mean if net == "prior" else mean for mean in means]
        return Mixture(weights, means, [exp[clamp(log, -5120, 1024) + 5120] for log in logs], self.tables["logistic"])

    def drawn_level(self, one: Mixture, place: tuple[int, int], channel: int, seed: int, heat: int) -> int:
        """A level less 128 with noise."""
        words = [word for part in range(2) for word in philox((*place, 0, (1 << 31) + part), (seed & MASK, seed >> 32))]
        first, second = words[2 * channel : 2 * channel + 2]
        k = next(k for k in range(len(one.weights)) if first * sum(one.weights) < sum(one.weights[: k + 1]) << 32)
        quantile = (bisect_left(one.logistic, (2 * (second >> 16) + 1) << 7) - 16384) * heat >> 10
        inverse = one.inverses[k]
        return clamp(((one.means[k] + 16) * inverse + 128 * quantile) // (32 * inverse), -128, 127)


def add_first(features: Vector, levels: Vector) -> Vector:
    """Features, of which the first are added to."""
    return [*map(clamp, map(int.__add__, features, levels)), *features[len(levels) :]]


def coder(data: bytes, count: int) -> Decide:
    """What reads so many decisions."""
    return Number(data, count) if count <= FEW else Words(data)


def width(number: int) -> tuple[int, int]:
    """A quantisation width and its logarithm."""
    log = 3584 - 73 * number
    return round(2 ** (10 + log / 1024)), log


def mean_level(one: Mixture, shown: int, width: int) -> int:
    """A level less 128 without noise."""
    mean = sum(map(mul, one.weights, one.means)) // sum(one.weights)
    return clamp(((256 - width) * mean + 32 * width * shown + 4096) >> 13, -128, 127)


def descend(found: list[Mixture], edges: Sequence[Callable[[int], int]], shift: int, decide: Decide) -> Vector:
    """Symbols by eight decisions each, the first decisions of all of them first."""
    symbols, low, high = [0] * len(found), [0] * len(found), [sum(one.weights) << 24 for one in found]
    for level in range(8):
        half = 128 >> level
        tried = zip(found, edges, symbols, strict=True)
        middle = [one.cumulative(edge(symbol + half), shift) for one, edge, symbol in tried]
        ends = zip(low, middle, high, strict=True)
        ones = [clamp(int((hi - mid + 1) / (hi - lo + 2) * ONE), 1, ONE - 1) for lo, mid, hi in ends]
        for place, decision in enumerate(decide(ones)):
            if decision:
                symbols[place], low[place] = symbols[place] + half, middle[place]
            else:
                high[place] = middle[place]
    return symbols
