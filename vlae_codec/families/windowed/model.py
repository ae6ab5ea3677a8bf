"""The networks of a windowed model in exact integers: encoder, synthesis, prior, local decoder (design D5, D11).

Levels enter as (level - 128) * 16, latents z are integers in units of 2^-10. Maps are (B, h, w, C). Encoder and
synthesis see a tile at a time, with as much around it as can matter, so that memory does not grow with the picture and
no seam can be seen: there is none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autoregressive.order import Window
from ...autoregressive.window_net import LocalNet
from ...exact.arrays import Array, namespace
from ...exact.kernels import zeros
from ...exact.layers import FRACTION, LIMIT, Conv3x3, relu, rescale, shuffle, unshuffle
from ...exact.named_layers import NamedLayers

COLOURS = 3
SCALES = {4: ("fine",), 8: ("fine", "mid"), 16: ("fine", "mid", "coarse")}
"""Scales of the networks by the patch, the pixels of the picture's side to one of the latent grid's."""
HALO = 128
"""Rows and columns of the picture beside those wanted that encoder or synthesis look at."""
STRIP, LOWEST = 1 << 19, 384
"""Pixels of a strip, whose tiles encoder and synthesis work on one after the other, and the fewest rows of a high
picture's: the lower a strip, the more of the work is for the rows beside it."""
WIDEST = 1536
"""The most columns of a tile."""
LEAST_PLACES = 2
"""Of each side of the latent grid: alone, between borders on both sides, is nothing that a model was trained on."""
LEVEL_SHIFT = 4
"""A level in units of the networks, 2^-10 of 64 levels."""
LATENT_SCALE = 4
SHARPEST_PRIOR = 4
"""The most powers of two by which a model's prior may be sharper than usual."""
WIDTHS = 64
GAINS = ("encoder.gates", "synthesis.gates")
"""Arrays (widths, C), units of 2^-10, of models with a linear path: which part of each latent is worth sending, and
which part of what arrives is signal."""

Integers = NDArray[np.int64]
Levels = NDArray[np.uint8]


def log_width(index: int) -> int:
    """Logarithm (base 2, units of 2^-10) of quantisation step index 0 (coarse) to 63 (fine)."""
    return 3584 - 73 * index


def number_of_width(logarithm: float) -> int:
    """Return the index of the quantisation step nearest to 2^logarithm."""
    return min(range(WIDTHS), key=lambda index: abs(log_width(index) - logarithm * 2.0**FRACTION))


def width_of(index: int) -> int:
    """Quantisation step of `index`, in units of 2^-10 of a latent."""
    octaves = FRACTION + log_width(index) / 2.0**FRACTION
    return round(float(2.0**octaves))


class WindowedModel(NamedLayers):
    """Encoder, synthesis, p(z) and p(x|z) of one windowed model.

    Args:
        info, arrays, device: as of `NamedLayers`.
    """

    def __init__(self, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str = "cpu") -> None:
        super().__init__(info, arrays, device)
        self.latent: int = info["latent"]
        self.patch: int = info.get("patch", 16)
        self.scales = SCALES[self.patch]
        self.prior_sharper: int = info.get("prior_sharper", 0)
        coarsest, finest = info.get("widths", (0, WIDTHS - 1))
        self.widths: tuple[int, int] = (coarsest, finest)
        self.window, self.prior_window = Window(*info["window"]), Window(*info["prior_window"])
        self.has_linear_path = GAINS[0] in arrays

    @functools.cached_property
    def coder(self) -> WindowedModel:
        """The same model where symbols are coded: every decision waits for the coder, and a GPU is too far away."""
        return WindowedModel(self.info, self.arrays) if self.on_gpu else self

    def encode(self, levels: Levels) -> Integers:
        """y of a picture (H, W, 3), green, red, blue, whose sides are multiples of the patch P: (H / P, W / P, C)."""
        return np.concatenate(list(self._encode(levels)))

    def _encode(self, levels: Levels) -> Iterator[Integers]:
        patch, (rows, columns) = self.patch, (side // self.patch for side in levels.shape[:2])
        for first, last in strips(rows, columns, patch):
            top, bottom = self._around(first, last, rows)
            found = []
            for left, right in tiles(columns, patch):
                start, end = self._around(left, right, columns)
                part = levels[patch * top : patch * bottom, patch * start : patch * end].astype(np.int64) - 128
                y = self.to_numpy(self._encoder(self.to_device(part[None] << LEVEL_SHIFT)))[0]
                found.append(y[first - top : last - top, left - start : right - start].astype(np.int64))
            yield LATENT_SCALE * np.concatenate(found, axis=1)

    def _encoder(self, x: Array) -> Array:
        h = self.residuals("encoder.fine", Conv3x3(self.linear("encoder.stem"))(_repeat(unshuffle, x, 2)))
        for scale in self.scales[1:]:
            h = self.residuals(f"encoder.{scale}", Conv3x3(self.linear(f"encoder.down_{scale}"), stride=2)(relu(h)))
        y = self.linear("encoder.out")(relu(h))
        if self.has_linear_path:
            y = y + self.linear("encoder.straight")(_repeat(unshuffle, x, len(self.scales) + 1))
        return y

    def _around(self, first: int, last: int, side: int) -> tuple[int, int]:
        """First and last row, or column, of the grid that rows, or columns, first ... last - 1 depend on."""
        halo = HALO // self.patch
        return max(0, first - halo), min(side, last + halo)

    def features(self, z: Integers, width: int, first: int, last: int) -> Iterator[Array]:
        """Features of rows first ... last - 1 of the grid z (h, w, C), tile by tile from the left.

        They are (P (last - first), P n, F), P the patch, for tiles of n columns.

        Args:
            width: index of the quantisation step, on which the networks are conditioned.
            first, last: rows of the grid.
        """
        patch, (top, bottom) = self.patch, self._around(first, last, len(z))
        for left, right in tiles(z.shape[1], patch):
            start, end = self._around(left, right, z.shape[1])
            part = self._with_gains(z[top:bottom, start:end], width, GAINS[1])
            conditioning = np.full((*part.shape[:2], 1), LATENT_SCALE * log_width(width), np.int64)
            # The float network reads z / 4 and the logarithm: this layer rescales by 4 more.
            maps = self._synthesis(self.to_device(np.concatenate([part, conditioning], axis=2)[None]))[0]
            rows = slice(patch * (first - top), patch * (last - top))
            yield maps[rows, patch * (left - start) : patch * (right - start)]

    def sent(self, y: Integers, width: int) -> Integers:
        """Return y (h, w, C) quantised at quantisation step index `width`."""
        return self._with_gains(y, width, GAINS[0])

    def _with_gains(self, z: Integers, width: int, table: str) -> Integers:
        if not self.has_linear_path:
            return z
        gains = self.arrays[table][width].astype(np.int64)
        return np.asarray((z * gains + (1 << FRACTION >> 1)) >> FRACTION)

    def _synthesis(self, x: Array) -> Array:
        h = self.residuals(f"synthesis.{self.scales[-1]}", Conv3x3(self.linear("synthesis.enter"))(x))
        for scale in self.scales[-2::-1]:
            h = self.residuals(f"synthesis.{scale}", shuffle(self.linear(f"synthesis.up_{scale}")(relu(h))))
        h = _repeat(shuffle, Conv3x3(self.linear("synthesis.out"))(relu(h)), 2)
        if self.has_linear_path:
            picture = self.linear("synthesis.straight")(x[..., :-1])
            h[..., :COLOURS] += _repeat(shuffle, picture, len(self.scales) + 1)
        return relu(h)

    def base_reconstruction(self, features: Array) -> Array:
        """Return the base reconstruction of features (H, W, F): levels less 128, (H, W, 3), -128 ... 127."""
        mean = self.linear("synthesis.mean")
        return rescale(mean.accumulate(features), mean.shift + LEVEL_SHIFT, LIMIT).clip(-128, 127)

    @functools.cached_property
    def local_net(self) -> LocalNet:
        """The local decoder; it reads levels less 128, the features, and a flag of a noised context."""
        return self._window_net("local", self.window, COLOURS, 1 << LEVEL_SHIFT)

    @functools.cached_property
    def prior_net(self) -> LocalNet:
        """The prior; it reads latents, and beside them the logarithm of the width."""
        return self._window_net("prior", self.prior_window, self.latent, 1 / LATENT_SCALE)

    def _window_net(self, name: str, window: Window, channels: int, unit: float) -> LocalNet:
        """Build a network over windows of values in units of `unit` of the networks' own."""
        positions = len(window.offsets()) * channels
        mix, heads = self.folded(f"{name}.mix"), self.folded(f"{name}.heads")
        mix[:, :positions] *= unit
        drawn = self.arrays[f"{name}.drawn"].astype(np.float64) * (unit * 2.0 ** -self.info["shifts"][f"{name}.heads"])
        earlier, size = self.to_device(drawn), len(heads) // channels
        parts = ((heads[size * one : size * (one + 1)], earlier[one, :, :one]) for one in range(channels))
        whole = [namespace(heads).concat(part, axis=1) for part in parts]
        return LocalNet(mix, self.folded_residuals(name), whole)


def _repeat(move: Callable[[Array], Array], x: Array, times: int) -> Array:
    for _ in range(times):
        x = move(x)
    return x


def grid_size(size: tuple[int, int], patch: int) -> tuple[int, int]:
    """Rows and columns of the latent grid of a picture (H, W)."""
    rows, columns = (max(LEAST_PLACES, -(-side // patch)) for side in size)
    return rows, columns


def strips(rows: int, columns: int, patch: int) -> Iterator[tuple[int, int]]:
    """First and last row of each strip of a grid whose positions stand for patch x patch pixels."""
    step = max(1, STRIP // (patch**2 * columns), LOWEST // patch)
    for first in range(0, rows, step):
        yield first, min(rows, first + step)


def tiles(columns: int, patch: int) -> Iterator[tuple[int, int]]:
    """First and last column of each tile of a strip of such a grid, about equally wide."""
    count = min(columns, -(-patch * columns // WIDEST))
    for number in range(count):
        yield columns * number // count, columns * (number + 1) // count


class FeatureRows:
    """What the local decoder reads beside its window, for the wavefront engine, which takes rows from the top.

    Args:
        z: the latents, (h, w, C).
        width: index of the quantisation step.
        columns: of the picture; those beyond are cut off.
        noised: whether the context has errors, as it has unless the exact pixels are known.
    """

    def __init__(self, model: WindowedModel, z: Integers, width: int, columns: int, noised: bool) -> None:
        self.model, self.z, self.width, self.columns, self.noised = model, z, width, columns, noised
        self.strips = strips(len(z), z.shape[1], model.patch)
        self.first, self.last = 0, 0
        self.store: Array = None
        self.like = model.to_device(np.zeros(0), np.float32)

    def __call__(self, first: int, last: int) -> Array:
        """Rows first ... last - 1 of the picture: (rows, W, F + 1, 1), float32, which holds 20 bits exactly."""
        while self.last < last:
            self._go_on(first)
        return self.store[first - self.first : last - self.first]

    def _go_on(self, first: int) -> None:
        top, bottom = next(self.strips)
        kept = None if self.store is None else self.store[first - self.first :]
        known, left = (0 if kept is None else len(kept)), 0
        for tile in self.model.features(self.z, self.width, top, bottom):
            right = min(self.columns, left + tile.shape[1])
            if left == 0:
                size = (known + len(tile), self.columns, tile.shape[2] + 1, 1)
                self.store = zeros(size, self.like)
            self.store[known:, left:right, :-1, 0] = tile[:, : right - left]
            left = right
        if kept is not None:
            self.store[:known] = kept
        self.store[known:, :, -1] = 2.0**FRACTION if self.noised else 0.0
        self.first, self.last = (0 if kept is None else first), self.model.patch * bottom
