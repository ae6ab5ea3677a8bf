"""A second reader of files of the photo family, written from section 11 of docs/format.md; it shares no code.

Networks are computed in int64, one tap after the other; the range coder in Python's integers.
"""

from __future__ import annotations

import binascii
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Maps = NDArray[np.int64]
WHOLE, MASK = 1 << 24, (1 << 64) - 1


class RangeDecoder:
    """constriction's range decoder: words of 32 bits, 64 bits of state, frequencies of 2^-24."""

    def __init__(self, data: bytes) -> None:
        data += bytes(-len(data) % 4)
        self.words = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]
        self.lower, self.range, self.place = 0, MASK, 2
        first, second = ([*self.words, 0, 0])[:2]
        self.point = first << 32 | second

    def pop(self, cumulative: list[int]) -> int:
        """The next symbol; its frequencies' sums from 0 to 2^24."""
        scale = self.range >> 24
        quantile = min(((self.point - self.lower) & MASK) // scale, WHOLE - 1)
        low, high = 0, len(cumulative) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if cumulative[middle] <= quantile else (low, middle)
        self.lower = (self.lower + scale * cumulative[low]) & MASK
        self.range = scale * (cumulative[low + 1] - cumulative[low])
        if self.range < 1 << 32:
            word = self.words[self.place] if self.place < len(self.words) else 0
            self.place += 1
            self.lower, self.range = self.lower << 32 & MASK, self.range << 32
            self.point = self.point << 32 & MASK | word
        return low


def halved(x: Maps, shift: Any) -> Maps:
    """round(x / 2^shift)."""
    return np.asarray((x + ((1 << shift) >> 1)) >> shift)


def whole(name: str, array: NDArray[np.integer]) -> tuple[str, NDArray[np.int64]]:
    """An array whose bytes may lie in planes, the lowest first."""
    if not name.endswith(".planes"):
        return name, array.astype(np.int64)
    low = sum((plane.astype(np.int64) & 255) << 8 * k for k, plane in enumerate(array[:-1]))
    return name.removesuffix(".planes"), low + (array[-1].astype(np.int64) << 8 * (len(array) - 1))


def restored(levels: Maps, numbers: NDArray[np.int64]) -> Maps:
    """Levels (3, H, W) after the restoration filter."""
    total = np.pad(levels[0] + 2 * levels[1] + levels[2], 2, mode="edge")
    (_, height, width), change = levels.shape, np.int64(0)
    for number in range(12):
        down, right = number // 5 - 2, number % 5 - 2
        there, across, here = (
            total[2 + s * down : 2 + s * down + height, 2 + s * right : 2 + s * right + width] for s in (1, -1, 0)
        )
        change = change + numbers[number] * (there + across - 2 * here)
    gains, offsets = numbers[12:15, None, None], numbers[15:, None, None]
    return np.asarray((levels + (change + gains * (levels - 128) + 64 * offsets + 512 >> 10)).clip(0, 255))


class FamilyReader:
    """Files of one model; `folder` has its model.json and weights.npz, `scales` is the format's table."""

    def __init__(self, folder: Path, scales: Path) -> None:
        self.info = json.loads((folder / "model.json").read_text())
        self.fingerprint = bytes.fromhex(self.info["fingerprint"])
        with np.load(folder / "weights.npz") as arrays:
            self.arrays = dict(whole(name, arrays[name]) for name in arrays.files)
        with np.load(scales) as tables:
            parts = np.split(tables["frequencies"].astype(np.int64), np.cumsum(tables["lengths"])[:-1])
        self.cumulative = [[0, *np.cumsum(part).tolist()] for part in parts]

    def picture(self, data: bytes) -> NDArray[np.uint8]:
        """The picture of a file, (H, W, channels)."""
        assert data[:2] == b"\xd6Z" and data[2] == 0x19 and data[3:6] == self.fingerprint[:3]
        sum_ = binascii.crc_hqx(data[:-2], binascii.crc_hqx(self.fingerprint, 0xFFFF))
        assert int.from_bytes(data[-2:], "little") == sum_
        self.level, flags = data[6], data[7]
        numbers, place = [0, 0] + [0] * (flags >> 1 & 1), 8
        for index in range(len(numbers)):
            shift = 0
            while True:
                numbers[index] |= (data[place] & 127) << shift
                place, shift = place + 1, shift + 7
                if data[place - 1] < 128:
                    break
        height, width = numbers[:2]
        end = len(data) - 2 - (numbers[2] if flags & 2 else 0)
        taps, place = (data[place : place + 18], place + 18) if flags & 4 else (b"", place)
        values = self.values(data[place:end], 4 * -(-height // 64), 4 * -(-width // 64))
        v = self.scaled("inverse", values)
        total = self.run("synthesis", v) + self.run("synthesis_linear", v)
        shift = self.info["picture_shift"]
        levels = ((total + (128 << shift) + (1 << shift >> 1)) >> shift).clip(0, 255)[:, :height, :width]
        levels = restored(levels, np.frombuffer(taps, np.int8).astype(np.int64)) if taps else levels
        levels = levels.sum(0, keepdims=True) // 3 if flags & 1 else levels
        if flags & 2:
            with Image.open(io.BytesIO(data[end:-2])) as image:
                levels = np.concatenate([levels, np.asarray(image.convert("RGB"))[None, :, :, 1]])
        picture: NDArray[np.uint8] = levels.transpose(1, 2, 0).astype(np.uint8)
        return picture

    def table(self, name: str) -> Maps:
        """T(k), 8 times the table at the file's level."""
        table, k = self.arrays[name], self.level
        return np.asarray(table[k >> 3] * (8 - (k & 7)) + table[(k >> 3) + 1] * (k & 7))

    def scaled(self, name: str, maps: Maps) -> Maps:
        """Maps scaled by a table."""
        return halved(maps * self.table(name)[:, None, None], self.info["shifts"][name] + 3).clip(-(1 << 19), 1 << 19)

    def values(self, payload: bytes, rows: int, columns: int) -> Maps:
        """The values of the slices, (L, rows, columns)."""
        coder, sizes = RangeDecoder(payload), self.info["slices"]
        means, scales = ((self.table(name) + 4) >> 3 for name in ("hyper_mean", "hyper_scale"))
        count = rows * columns // 16
        means, scales = (np.repeat(one[:, None], count, 1) for one in (means, scales))
        z = (16 * self.symbols(coder, scales) + means).reshape(-1, rows // 4, columns // 4)
        features = self.run("hyper_synthesis", self.scaled("hyper_inverse", z))
        values = np.zeros((sum(sizes), rows, columns), np.int64)
        order = [(r, c) for parity in (0, 1) for r in range(parity, rows, 2) for c in range(columns)]
        start = 0
        for number, size in enumerate(sizes):
            for half in (0, 1):
                r, c = np.array([at for at in order if sum(at) % 2 == half]).T
                known = np.concatenate([features, 8 * values[: start + half * size]])
                found = self.run(f"head_{number}_{half}", known)[:, r, c]
                symbols = self.symbols(coder, found[size:].clip(0, 63))
                values[start : start + size, r, c] = (16 * symbols + found[:size]).clip(-(1 << 17), 1 << 17)
            start += size
        return values

    def symbols(self, coder: RangeDecoder, scales: Maps) -> Maps:
        """The symbols of a step, (C, N)."""
        flat, out, escapes = scales.reshape(-1), np.zeros(scales.size, np.int64), []
        for place in np.argsort(flat, kind="stable"):
            cumulative = self.cumulative[flat[place]]
            limit = (len(cumulative) - 3) // 2
            code = coder.pop(cumulative)
            out[place] = code - limit
            if code == 2 * limit + 1:
                escapes.append((place, limit))
        coin = [0, WHOLE // 2, WHOLE]
        for place, limit in escapes:
            negative, bits, excess = coder.pop(coin), 1, 1
            while coder.pop(coin):
                bits += 1
            for _ in range(bits - 1):
                excess = 2 * excess + coder.pop(coin)
            out[place] = -(limit + excess) if negative else limit + excess
        return out.reshape(scales.shape)

    def run(self, name: str, x: Maps) -> Maps:
        """The maps that a program makes."""
        for op in self.info["programs"][name]:
            kind, (channels, height, width) = op["op"], x.shape
            if kind == "unshuffle":
                n = op["by"]
                x = x.reshape(channels, height // n, n, width // n, n).transpose(0, 2, 4, 1, 3)
                x = x.reshape(-1, height // n, width // n)
            elif kind == "shuffle":
                n = op["by"]
                x = x.reshape(-1, n, n, height, width).transpose(0, 3, 1, 4, 2).reshape(-1, height * n, width * n)
            elif kind == "clip":
                x = halved(x, op["shift"]).clip(op["low"], op["high"])
            elif kind == "quality":
                x = np.concatenate([x, np.full((1, height, width), self.level << op["shift"])])
            elif kind == "conv":
                x = self.conv(op["name"], x, op["low"], op["high"], op.get("stride", 1))
            else:
                assert kind == "residual"
                entering = halved(x, op["shift"]).clip(op["low"], op["high"])
                inner = self.conv(f"{op['name']}.first", entering, 0, op["inner"])
                limit = op["limit"]
                x = (x + self.conv(f"{op['name']}.second", inner, -limit, limit)).clip(-limit, limit)
        return x

    def conv(self, name: str, x: Maps, low: int, high: int, stride: int = 1) -> Maps:
        """A convolution."""
        weight, bias, shift = (self.arrays[f"{name}.{part}"] for part in ("weight", "bias", "shift"))
        side, pad = weight.shape[2], weight.shape[2] // 2
        padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        total = np.zeros((len(weight), *x.shape[1:]), np.int64) + bias[:, None, None]
        for r in range(side):
            for c in range(side):
                part = padded[:, r : r + x.shape[1], c : c + x.shape[2]].reshape(len(x), -1)
                total += (weight[:, :, r, c] @ part).reshape(total.shape)
        return halved(total, shift[:, None, None]).clip(low, high)[:, ::stride, ::stride]
