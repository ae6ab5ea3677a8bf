"""What a windowed model's folder may declare: its layers fit together and stay exact, as `model.limits` has it."""

from __future__ import annotations

import numpy as np

from ...autoregressive.order import Window
from ...errors import ModelError
from ...exact.layers import FRACTION, WEIGHT_LIMIT
from ...model.limits import Layers, largest
from .model import COLOURS, GAINS, SCALES, WIDTHS

MAX_CHANNELS = 1 << 10
"""Of any map smaller than the picture: what a strip of it takes stays within some hundreds of megabytes."""
MAX_FEATURES = 1 << 7
"""Of the map of the picture's size."""
SQUARES = 16
"""Pixels of a square of 4x4, which the finest maps have a position for."""


class WindowedLayers(Layers):
    """Those of format 2: encoder, synthesis, prior, local decoder."""

    def walk(self) -> None:
        """All layers of a windowed model."""
        latent, scales = self.info["latent"], SCALES[self.info.get("patch", 16)]
        width = self.layer("encoder.stem", 9 * SQUARES * COLOURS)
        for scale in scales:
            width = self.layer(f"encoder.down_{scale}", 9 * width) if scale != scales[0] else width
            self.map(f"encoder.{scale}", width)
        self.layer("encoder.out", width, latent)
        width = self.layer("synthesis.enter", 9 * (latent + 1))
        for scale in reversed(scales):
            width = self.spread(f"synthesis.up_{scale}", width, 4) if scale != scales[-1] else width
            self.map(f"synthesis.{scale}", width)
        features = self.spread("synthesis.out", 9 * width, SQUARES)
        if not COLOURS <= features <= MAX_FEATURES:
            raise ModelError(f"weights.npz: {features} features of a pixel, and {COLOURS} to {MAX_FEATURES} are read")
        self.layer("synthesis.mean", features, COLOURS)
        if GAINS[0] in self.arrays:
            self.linear_path(latent, COLOURS * 4 ** (len(scales) + 1))
        self.window_net("prior", Window(*self.info["prior_window"]), latent, 1)
        self.window_net("local", Window(*self.info["window"]), COLOURS, features + 1)

    def linear_path(self, latent: int, patch: int) -> None:
        """Check the linear path from a patch of so many subpixels to z and back, and its gains."""
        self.layer("encoder.straight", patch, latent)
        self.layer("synthesis.straight", latent, patch)
        for table in GAINS:
            gains = self.arrays.get(table, np.zeros(0))
            if gains.shape != (WIDTHS, latent) or gains.min() < 0 or gains.max() > 1 << FRACTION:
                raise ModelError(f"weights.npz: {table} should be {WIDTHS} x {latent} numbers of 0 to {1 << FRACTION}")
            self.seen.add(table)

    def map(self, name: str, width: int) -> None:
        """Check the residual blocks of a map of so many channels."""
        if width > MAX_CHANNELS:
            raise ModelError(f"weights.npz: {name} has {width} channels, and at most {MAX_CHANNELS} are read")
        self.blocks(name, width, 9)

    def spread(self, name: str, inputs: int, positions: int) -> int:
        """Check a layer whose outputs become several positions; return the channels of each."""
        channels, rest = divmod(self.layer(name, inputs), positions)
        if rest:
            raise ModelError(f"weights.npz: the outputs of {name} do not divide into {positions} positions")
        return channels

    def window_net(self, name: str, window: Window, channels: int, beside: int) -> None:
        """Check the network of a wavefront, which reads `beside` numbers beside its window."""
        width = self.layer(f"{name}.mix", len(window.offsets()) * channels + beside)
        if width > MAX_CHANNELS:
            raise ModelError(f"weights.npz: {name} has {width} channels, and at most {MAX_CHANNELS} are read")
        self.blocks(name, width, 1)
        outputs, rest = divmod(self.layer(f"{name}.heads", width), 3 * channels)
        drawn = self.arrays.get(f"{name}.drawn")
        shape = (channels, 3 * outputs, channels)
        if rest or drawn is None or drawn.shape != shape or largest(drawn) > WEIGHT_LIMIT:
            raise ModelError(f"weights.npz: {name}.heads and {name}.drawn, {shape} in 16 bits, do not fit each other")
        self.seen.add(f"{name}.drawn")
