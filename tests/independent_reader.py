"""A second reader of .vlz files, written from docs/format.md alone: Python's own integers, and nothing of ours.

It reads lossy files, lossy archives and lossless files of one picture. It is slow, and there to be compared with.
"""

from __future__ import annotations

import ast
import binascii
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from operator import mul
from pathlib import Path
from typing import Any

MASK, LIMIT = 0xFFFFFFFF, 2**19 - 1
Vector = list[int]
Map = list[list[Vector]]
"""Rows of pixels of channels."""


def read_npz(path: Path) -> dict[str, Any]:
    """Arrays of integers as nested lists."""
    found = {}
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            data = file.read(name)
            (length,) = struct.unpack_from("<H", data, 8)
            head = ast.literal_eval(data[10 : 10 + length].decode())
            kind = {"i1": "b", "i2": "h", "i4": "i", "i8": "q"}[head["descr"][1:]]
            body = data[10 + length :]
            values: Any = list(struct.unpack(f"<{len(body) // struct.calcsize(kind)}{kind}", body))
            shape, name = list(head["shape"]), name.removesuffix(".npy")
            if name.endswith(".planes"):
                low = len(values) // shape[0]
                planes = [values[k * low : (k + 1) * low] for k in range(shape[0])]
                values = [
                    sum((byte & 255) << 8 * k for k, byte in enumerate(one[:-1])) + (one[-1] << 8 * (shape[0] - 1))
                    for one in zip(*planes, strict=True)
                ]
                shape, name = shape[1:], name.removesuffix(".planes")
            found[name] = nested(values, shape, head["fortran_order"])
    return found


def nested(values: list[Any], shape: Vector, by_columns: bool) -> list[Any]:
    """Values as lists of lists, by rows or by columns."""
    if len(shape) < 2:
        return values
    size = len(values) // shape[0]
    parts = [
        values[row :: shape[0]] if by_columns else values[row * size : (row + 1) * size] for row in range(shape[0])
    ]
    return [nested(part, shape[1:], by_columns) for part in parts]


def philox(counter: Sequence[int], key: tuple[int, int]) -> Vector:
    """Four random words."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [c0, c1, c2, c3]


def clamp(value: int, low: int = -LIMIT, high: int = LIMIT) -> int:
    return low if value < low else high if value > high else value


def relu(x: Vector) -> Vector:
    return [value if value > 0 else 0 for value in x]


class Reader:
    """Files of one model; `folder` has its model.json and weights.npz, `tables` is the format's tables.npz."""

    def __init__(self, folder: Path, tables: Path) -> None:
        self.info = json.loads((folder / "model.json").read_text())
        self.fingerprint = bytes.fromhex(self.info["fingerprint"])
        self.tables, arrays = read_npz(tables), read_npz(folder / "weights.npz")
        weights = {name[:-7]: rows for name, rows in arrays.items() if name[-6:] == "weight"}
        self.columns = {name: list(zip(*rows, strict=True)) for name, rows in weights.items()}
        self.bias = {name[:-5]: values for name, values in arrays.items() if name[-4:] == "bias"}
        self.size = self.info["latent"] // self.info["prior_blocks"]
        self.label = list[int]()

    def read(self, data: bytes, seed: int) -> Iterator[list[Vector]]:
        """The pictures of a file, rows of 0 and 1."""
        assert data[:2] == b"\xd6Z" and data[2] >> 4 == 1 and data[3:6] == self.fingerprint[:3]
        mode = data[2] & 15
        if mode == 6:
            for kind, payload, bits in self.archive(data):
                yield self.draw(self.latents(kind, payload, bits), seed)
        elif mode == 5:
            self.check(data)
            size = (data[6] >> 5) + 1
            code = (int.from_bytes(data[6:-2], "big") << 3).to_bytes(len(data) - 7, "big")[1:]
            yield self.restore(self.latents(0, code[:size]), code[size:])
        else:
            self.check(data)
            yield self.draw(self.latents(mode, data[6:-2]), seed)

    def check(self, data: bytes) -> None:
        crc = binascii.crc_hqx(data[:-2], binascii.crc_hqx(self.fingerprint, 0xFFFF))
        assert data[-2:] == crc.to_bytes(2, "little")

    def archive(self, data: bytes) -> Iterator[tuple[int, bytes, int]]:
        """Mode, payload and bits of each picture of a lossy archive."""
        place = 7

        def number() -> int:
            nonlocal place
            value = shift = 0
            while True:
                value |= (data[place] & 127) << shift
                place, shift = place + 1, shift + 7
                if data[place - 1] < 128:
                    return value

        kind, count, chunk = data[6], number(), number()
        names = number() if kind & 128 else 0
        lengths = [number() for _ in range(-(-count // chunk))]
        assert kind & 127 == 0 and data[place : place + 4] == crc32(data[:place], self.fingerprint)
        place += 4 + names
        for index, length in enumerate(lengths):
            part = data[place : place + length]
            assert data[place + length : place + length + 4] == crc32(part, index.to_bytes(4, "little"))
            yield from codes(part, min(chunk, count - index * chunk))
            place += length + 4

    def latents(self, mode: int, payload: bytes, length: int | None = None) -> Vector:
        """z of a payload, of so many bits if not of all."""
        labels, length = self.info.get("labels", 0), length or 8 * len(payload)
        bits, value = length - max(0, labels - 1).bit_length(), int.from_bytes(payload, "big") >> -length % 8
        label, value = value >> bits, value & ((1 << bits) - 1)
        assert label < max(1, labels)
        self.label = [1024 * (label == one) for one in range(labels)]
        return self.code(mode, bits, value, labels) + self.label

    def code(self, mode: int, bits: int, value: int, labels: int) -> Vector:
        """z of a payload's bits behind the label."""
        z, blocks = list[int](), self.info["prior_blocks"]
        if mode == 0:
            left = bits
            for block, count in enumerate(shares(bits, self.info["block_shares"])):
                left -= count
                z = self.candidate(value >> left, 16 + block, z, 1)
            return z
        codes = canonical(self.info["index_lengths"][mode - 1])
        for group in range(mode):
            if group == mode - 1:
                sizes = range(bits % 8 if group or labels else 8, bits, 8)
                found = (value & ((1 << bits) - 1)) + sum(1 << size for size in sizes)
            else:
                code = length = 0
                while (length, code) not in codes:
                    bits, length = bits - 1, length + 1
                    code = code << 1 | value >> bits & 1
                exponent = codes[length, code]
                bits -= exponent
                found = (1 << exponent) + (value >> bits & ((1 << exponent) - 1)) - 1
            z = self.sample(found, group, z, (blocks + group) // mode)
        return z

    def sample(self, number: int, group: int, z: Vector, blocks: int) -> Vector:
        """z with one more group, of the candidate of this number."""
        exponent = (number + 1).bit_length() - 1
        assert exponent <= min(40, 16 * self.size)
        path = number + 1 - (1 << exponent)
        halves = self.halves(path, 256 + 64 * group + exponent, 0, blocks * self.size)
        bits = f"{path:0{exponent}b}" if exponent else ""
        for latent in range(self.size):
            own = bits[latent :: self.size]
            halves[latent] = int(own + f"{halves[latent]:016b}"[len(own) :], 2)
        return self.placed(halves, z, blocks)

    def candidate(self, path: int, level: int, z: Vector, blocks: int) -> Vector:
        """z with `blocks` more blocks of the candidate of this number."""
        return self.placed(self.halves(path, level, len(z), blocks * self.size), z, blocks)

    def halves(self, path: int, level: int, first: int, count: int) -> list[int]:
        """The random numbers of 16 bits that a candidate has for latents."""
        found = list[int]()
        for call in range(first // 8, (first + count + 7) // 8):
            for word in philox((path & MASK, path >> 32, call, level), (0, 0)):
                found += [word & 0xFFFF, word >> 16]
        return found[:count]

    def placed(self, halves: Sequence[int], z: Vector, blocks: int) -> Vector:
        """z with more blocks, of noise with these indices."""
        noise, first = [self.tables["quantile"][half] for half in halves], len(z)
        for block in range(first // self.size, first // self.size + blocks):
            mean, scale = [0] * self.size, [1 << 14] * self.size
            if block or self.label:
                x = z + self.label
                for layer in range(2 if block else 0):
                    x = relu(self.layer(f"prior.{block}.{layer}", x))
                x = self.layer(f"prior.{block}.2" if block else "prior.0", x)
                mean = x[: self.size]
                scale = [self.tables["exp"][clamp(value, -4096, 1024) + 5120] for value in x[self.size :]]
            part = noise[block * self.size - first :]
            z = z + [clamp(m + ((s * n + (1 << 15)) >> 16)) for m, s, n in zip(mean, scale, part, strict=False)]
        return z

    def layer(self, name: str, x: Sequence[int], limit: int = LIMIT) -> Vector:
        return self.rescale([sum(map(mul, column, x)) for column in self.columns[name]], name, name, limit)

    def rescale(self, sums: Vector, bias: str, shift: str, limit: int = LIMIT) -> Vector:
        bits = self.info["shifts"][shift]
        half = 1 << bits >> 1
        return [clamp((s + b + half) >> bits, -limit, limit) for s, b in zip(sums, self.bias[bias], strict=True)]

    def each(self, name: str, x: Map) -> Map:
        return [[self.layer(name, pixel) for pixel in row] for row in x]

    def conv(self, name: str, x: Map) -> Map:
        side = [0] * len(x[0][0])
        padded = [[side, *row, side] for row in ([side] * len(x[0]), *x, [side] * len(x[0]))]

        def taps(i: int, j: int) -> Vector:
            return [value for row in padded[i : i + 3] for pixel in row[j : j + 3] for value in pixel]

        return [[self.layer(name, taps(i, j)) for j in range(len(x[0]))] for i in range(len(x))]

    def residuals(self, name: str, x: Map, apply: Callable[[str, Map], Map]) -> Map:
        index = 0
        while f"{name}.{index}.first" in self.columns:
            hidden = activate(apply(f"{name}.{index}.first", activate(x)))
            x = add(x, apply(f"{name}.{index}.second", hidden))
            index += 1
        return x

    def features(self, z: Vector) -> Map:
        x = relu(self.layer("decoder.spread", relu(self.layer("decoder.full", z))))
        thin, width = len(x) * 16 // (self.info["height"] * self.info["width"]), self.info["width"] // 4
        places = [x[i : i + thin] for i in range(0, len(x), thin)]
        maps = self.each("decoder.widen", [places[i : i + width] for i in range(0, len(places), width)])
        maps = activate(self.residuals("decoder.coarse", maps, self.conv))
        maps = shuffle(self.each("decoder.up", maps))
        maps = activate(self.residuals("decoder.fine", maps, self.conv))
        return shuffle(activate(self.conv("decoder.out", maps)))

    def sweep(self, z: Vector, decide: Callable[[int, int, int], int]) -> list[Vector]:
        """The picture whose pixels `decide` tells from row, column and P(1) in units of 2^-24, window before pixel."""
        questions, pixel = self.questions(z), None
        while True:
            try:
                pixel = decide(*questions.send(pixel))
            except StopIteration as end:
                picture: list[Vector] = end.value
                return picture

    def questions(self, z: Vector) -> Generator[tuple[int, int, int], int | None, list[Vector]]:
        """As `sweep`, but asks for each pixel in turn, so that several pictures can be read together."""
        features, (above, left, right) = self.features(z), self.info["window"]
        height, width = self.info["height"], self.info["width"]
        offsets = [(-r, c) for r in range(above, 0, -1) for c in range(-left, right + 1)]
        offsets += [(0, c) for c in range(-left, 0)]
        pixels = [[0] * width for _ in range(height)]
        slant = right + 1 if above else 0
        places = [(column + slant * row, row, column) for row in range(height) for column in range(width)]
        for _, row, column in sorted(places):
            near = [(row + r, column + c) for r, c in offsets]
            window = [pixels[r][c] << 10 if r >= 0 and 0 <= c < width else 0 for r, c in near]
            x = [sum(map(mul, one, features[row][column])) for one in self.columns["local.features"]]
            if window:
                x = [
                    sum(map(mul, one, window)) + seen for one, seen in zip(self.columns["local.window"], x, strict=True)
                ]
            maps = [[self.rescale(x, "local.features", "local.window")]]
            last = relu(self.residuals("local.layers", maps, self.each)[0][0])
            (logit,) = self.layer("local.out", last, 1024)
            pixels[row][column] = (yield row, column, self.tables["sigmoid"][logit + 1024]) or 0
        return pixels

    def draw(self, z: Vector, seed: int, number: int = 0) -> list[Vector]:
        key = seed & MASK, seed >> 32
        return self.sweep(z, lambda r, c, one: int(philox((r, c, number, 1 << 31), key)[0] < one << 8))

    def restore(self, z: Vector, residual: bytes) -> list[Vector]:
        """The exact picture, from the number in [0, 1) that the residual's bytes are the digits of."""
        unit = 24 * self.info["height"] * self.info["width"]
        rest, width = int.from_bytes(residual, "big") << unit >> 8 * len(residual), 1

        def decide(row: int, column: int, one: int) -> int:
            nonlocal rest, width, unit
            unit -= 24
            split = width * one
            ink = rest < split << unit
            rest, width = (rest, split) if ink else (rest - (split << unit), (width << 24) - split)
            return int(ink)

        return self.sweep(z, decide)


def codes(part: bytes, count: int) -> Iterator[tuple[int, bytes, int]]:
    """Mode, payload and bits of the codes in a chunk of a lossy archive."""
    kinds = part[1 : 1 + part[0]]
    width = (len(kinds) - 1).bit_length()
    start = 1 + len(kinds)
    place = start + (count * width + 7) // 8
    packed = int.from_bytes(part[start:place], "big") >> -count * width % 8
    left, whole = 8 * (len(part) - place), int.from_bytes(part[place:], "big")
    for number in range(count):
        kind = kinds[packed >> (count - 1 - number) * width & ((1 << width) - 1)]
        mode, bits = (0, kind - 159) if kind >= 160 else (kind >> 5, 8 * (kind & 31) + 8)
        left -= bits
        code = whole >> left & ((1 << bits) - 1)
        yield mode, (code << -bits % 8).to_bytes(-(-bits // 8), "big"), bits


def crc32(data: bytes, before: bytes) -> bytes:
    return zlib.crc32(data, zlib.crc32(before)).to_bytes(4, "little")


def shares(bits: int, weights: Vector) -> Vector:
    """Bits of each block of a chosen code."""
    cuts = [bits * sum(weights[:i]) // sum(weights) for i in range(len(weights) + 1)]
    shared = [min(14, high - low) for low, high in zip(cuts, cuts[1:], strict=False)]
    for block in range(len(shared)):
        shared[block] += min(14 - shared[block], bits - sum(shared))
    return shared


def canonical(lengths: Vector) -> dict[tuple[int, int], int]:
    """Exponents by length and code."""
    found, code, before = {}, 0, 0
    for length, exponent in sorted((n, e) for e, n in enumerate(lengths)):
        code <<= length - before
        found[length, code] = exponent
        code, before = code + 1, length
    return found


def activate(x: Map) -> Map:
    return [[relu(pixel) for pixel in row] for row in x]


def add(x: Map, y: Map) -> Map:
    return [
        [list(map(clamp, map(int.__add__, *both))) for both in zip(*rows, strict=True)]
        for rows in zip(x, y, strict=True)
    ]


def shuffle(x: Map) -> Map:
    """Channels 4 c + 2 r + k to place (r, k) of channel c."""
    return [[pixel[2 * r + k :: 4] for pixel in row for k in range(2)] for row in x for r in range(2)]
