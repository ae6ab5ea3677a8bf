"""The networks of a colour model in exact integers: encoder, synthesis, prior, local decoder (design D5, D11).

Levels enter as (level - 128) * 16, latents z are integers in units of 2^-10. Maps are (B, h, w, C). Encoder and
synthesis see only some rows at a time, with as many beside them as can matter, so that memory does not grow with the
height of the picture and no seam can be seen: there is none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, namespace
from ..in_place import fold
from ..integer_net import FRACTION, LIMIT, Conv3x3, Linear, Residual, relu, rescale, shuffle, unshuffle
from ..local_decoder import LocalNet
from ..wavefront import Window

SCALES = {4: ("fine",), 8: ("fine", "mid"), 16: ("fine", "mid", "coarse")}
"""Scales of the networks by the patch, the pixels of the picture's side to one of the latent grid's."""
HALO = 128
"""Rows of the picture beside those wanted that encoder or synthesis look at."""
STRIP = 1 << 19
"""Pixels, or fewer by a row of the grid, that encoder and synthesis work on at once."""
COLOURS = 3
LEVEL_SHIFT = 4
"""A level in units of the networks, 2^-10 of 64 levels."""
LATENT_SCALE = 4
SHARPEST_PRIOR = 4
"""The most powers of two by which a model's prior may be sharper than usual."""
WIDTHS = 64
GATES = ("encoder.gates", "synthesis.gates")
"""Arrays (widths, C), units of 2^-10, of models with a linear path: which part of each latent is worth sending, and
which part of what arrives is signal."""

Integers = NDArray[np.int64]
Levels = NDArray[np.uint8]


def log_width(index: int) -> int:
    """Logarithm (base 2, units of 2^-10) of quantisation width number 0 (coarse) to 63 (fine)."""
    return 3584 - 73 * index


def number_of_width(logarithm: float) -> int:
    """Number of the quantisation width nearest to 2^logarithm."""
    return min(range(WIDTHS), key=lambda index: abs(log_width(index) - logarithm * 2.0**FRACTION))


def width_of(index: int) -> int:
    """Quantisation width number `index`, in units of 2^-10 of a latent."""
    octaves = FRACTION + log_width(index) / 2.0**FRACTION
    return round(float(2.0**octaves))


class PhotoModel:
    """Encoder, synthesis, p(z) and p(x|z) of one colour model.

    Args:
        info: the tree of model.json, validated.
        arrays: the integer weights by name.
        device: "cpu" (numpy), "torch" or "cuda"; all give the same integers.
    """

    def __init__(self, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str = "cpu") -> None:
        self.info, self.arrays, self.device = dict(info), arrays, device
        self.name: str = info["name"]
        self.fingerprint = bytes.fromhex(info["fingerprint"])
        self.latent: int = info["latent"]
        self.patch: int = info.get("patch", 16)
        self.scales = SCALES[self.patch]
        self.prior_sharper: int = info.get("prior_sharper", 0)
        coarsest, finest = info.get("widths", (0, WIDTHS - 1))
        self.widths: tuple[int, int] = (coarsest, finest)
        self.window, self.prior_window = Window(*info["window"]), Window(*info["prior_window"])
        self.has_straight = GATES[0] in arrays
        self._layers: dict[str, Linear] = {}

    def to_device(self, values: NDArray[Any], dtype: Any = np.float64) -> Array:
        """The values on the model's device, float64 by default."""
        if self.device == "cpu":
            return values.astype(dtype)
        import torch

        return torch.asarray(values.astype(dtype), device="cpu" if self.device == "torch" else self.device)

    def to_numpy(self, values: Array) -> NDArray[Any]:
        """An array of the device as one of numpy."""
        return np.asarray(values if self.device == "cpu" else values.cpu().numpy())

    def encode(self, levels: Levels) -> Integers:
        """y of a picture (H, W, 3), green, red, blue, whose sides are multiples of the patch P: (H / P, W / P, C)."""
        return np.concatenate(list(self._encode(levels)))

    def _encode(self, levels: Levels) -> Iterator[Integers]:
        rows = levels.shape[0] // self.patch
        for first, last in strips(rows, self.patch * levels.shape[1]):
            top, bottom = self._around(first, last, rows)
            part = levels[top * self.patch : bottom * self.patch].astype(np.int64) - 128
            y = self._encoder(self.to_device(part[None] << LEVEL_SHIFT))
            yield LATENT_SCALE * self.to_numpy(y).astype(np.int64)[0, first - top : last - top]

    def _encoder(self, x: Array) -> Array:
        h = self._blocks("encoder.fine", Conv3x3(self._linear("encoder.stem"))(_repeat(unshuffle, x, 2)))
        for scale in self.scales[1:]:
            h = self._blocks(f"encoder.{scale}", Conv3x3(self._linear(f"encoder.down_{scale}"), stride=2)(relu(h)))
        y = self._linear("encoder.out")(relu(h))
        if self.has_straight:
            y = y + self._linear("encoder.straight")(_repeat(unshuffle, x, len(self.scales) + 1))
        return y

    def _around(self, first: int, last: int, rows: int) -> tuple[int, int]:
        """First and last row of the grid that rows first ... last - 1 depend on."""
        halo = HALO // self.patch
        return max(0, first - halo), min(rows, last + halo)

    def features(self, z: Integers, width: int, first: int, last: int) -> Array:
        """Features of rows first ... last - 1 of the grid z (h, w, C): (P (last - first), P w, F), P the patch.

        Args:
            z: the latents.
            width: number of the quantisation width, which the networks are told.
            first, last: rows of the grid.
        """
        top, bottom = self._around(first, last, len(z))
        part = self._gated(z[top:bottom], width, GATES[1])
        told = np.full((*part.shape[:2], 1), LATENT_SCALE * log_width(width), np.int64)
        # The float network reads z / 4 and the logarithm: this layer rescales by 4 more.
        features = self._synthesis(self.to_device(np.concatenate([part, told], axis=2)[None]))
        return features[0, self.patch * (first - top) : self.patch * (last - top)]

    def sent(self, y: Integers, width: int) -> Integers:
        """What is quantised of y (h, w, C) at quantisation width number `width`."""
        return self._gated(y, width, GATES[0])

    def _gated(self, z: Integers, width: int, table: str) -> Integers:
        if not self.has_straight:
            return z
        gates = self.arrays[table][width].astype(np.int64)
        return np.asarray((z * gates + (1 << FRACTION >> 1)) >> FRACTION)

    def _synthesis(self, x: Array) -> Array:
        h = self._blocks(f"synthesis.{self.scales[-1]}", Conv3x3(self._linear("synthesis.enter"))(x))
        for scale in self.scales[-2::-1]:
            h = self._blocks(f"synthesis.{scale}", shuffle(self._linear(f"synthesis.up_{scale}")(relu(h))))
        h = _repeat(shuffle, Conv3x3(self._linear("synthesis.out"))(relu(h)), 2)
        if self.has_straight:
            picture = self._linear("synthesis.straight")(x[..., :-1])
            h[..., :COLOURS] += _repeat(shuffle, picture, len(self.scales) + 1)
        return relu(h)

    def mean_picture(self, features: Array) -> Array:
        """The mean picture that features (H, W, F) show: levels less 128, (H, W, 3), -128 ... 127."""
        mean = self._linear("synthesis.mean")
        return rescale(mean.accumulate(features), mean.shift + LEVEL_SHIFT, LIMIT).clip(-128, 127)

    def _blocks(self, name: str, x: Array) -> Array:
        index = 0
        while f"{name}.{index}.first.weight" in self.arrays:
            first, second = (Conv3x3(self._linear(f"{name}.{index}.{part}")) for part in ("first", "second"))
            x = Residual(first, second)(x)
            index += 1
        return x

    def _linear(self, name: str) -> Linear:
        if name not in self._layers:
            weight, bias = (self.to_device(self.arrays[f"{name}.{part}"]) for part in ("weight", "bias"))
            self._layers[name] = Linear(weight, bias, self.info["shifts"][name])
        return self._layers[name]

    @functools.cached_property
    def local_net(self) -> LocalNet:
        """The local decoder; it sees levels less 128, and beside them the features and whether its context drifts."""
        return self._window_net("local", self.window, COLOURS, 1 << LEVEL_SHIFT)

    @functools.cached_property
    def prior_net(self) -> LocalNet:
        """The prior; it sees latents, and beside them the logarithm of the width."""
        return self._window_net("prior", self.prior_window, self.latent, 1 / LATENT_SCALE)

    def _window_net(self, name: str, window: Window, channels: int, unit: float) -> LocalNet:
        """A network over windows of values in units of `unit` of the networks' own."""

        def folded(layer: str) -> NDArray[np.float64]:
            weight, bias = (self.arrays[f"{name}.{layer}.{part}"] for part in ("weight", "bias"))
            return fold(weight, bias, self.info["shifts"][f"{name}.{layer}"])

        mix = folded("mix")
        mix[:, : len(window.offsets()) * channels] *= unit
        blocks: list[tuple[Array, Array]] = []
        while f"{name}.{len(blocks)}.first.weight" in self.arrays:
            blocks.append((folded(f"{len(blocks)}.first"), folded(f"{len(blocks)}.second")))
        heads = np.split(folded("heads"), channels)
        drawn = self.arrays[f"{name}.drawn"].astype(np.float64) * (unit * 2.0 ** -self.info["shifts"][f"{name}.heads"])
        whole = [
            np.ascontiguousarray(np.concatenate([head, drawn[number, :, :number]], axis=1))
            for number, head in enumerate(heads)
        ]
        return LocalNet(mix, blocks, whole).to(self.to_device(np.zeros(1)))


def _repeat(move: Callable[[Array], Array], x: Array, times: int) -> Array:
    for _ in range(times):
        x = move(x)
    return x


def strips(rows: int, size: int) -> Iterator[tuple[int, int]]:
    """First and last row of each strip of a grid whose rows stand for so many pixels."""
    step = max(1, STRIP // size)
    for first in range(0, rows, step):
        yield first, min(rows, first + step)


class FeatureRows:
    """What the local decoder reads beside its window, for the wavefront engine, which asks for rows from the top.

    Args:
        model: the model.
        z: the latents, (h, w, C).
        width: number of the quantisation width.
        columns: of the picture; those beyond are cut off.
        drifts: whether the context drifts, as it does unless the exact pixels are known.
    """

    def __init__(self, model: PhotoModel, z: Integers, width: int, columns: int, drifts: bool) -> None:
        self.model, self.z, self.width, self.columns, self.drifts = model, z, width, columns, drifts
        self.strips = strips(len(z), model.patch**2 * z.shape[1])
        self.first, self.last = 0, 0
        self.store: Array = None

    def __call__(self, first: int, last: int) -> Array:
        """Rows first ... last - 1 of the picture: (rows, W, F + 1, 1), float32, which holds 20 bits exactly."""
        while self.last < last:
            self._go_on(first)
        return self.store[first - self.first : last - self.first]

    def _go_on(self, first: int) -> None:
        top, bottom = next(self.strips)
        found = self.model.features(self.z, self.width, top, bottom)[:, : self.columns]
        xp = namespace(found)
        flag = xp.zeros_like(found[:, :, :1]) + (2.0**FRACTION if self.drifts else 0.0)
        rows = xp.astype(xp.concat([found, flag], axis=2), xp.float32)[..., None]
        kept = [] if self.store is None else [self.store[first - self.first :]]
        self.store = xp.concat([*kept, rows], axis=0)
        self.first, self.last = (first if kept else 0), self.model.patch * bottom
