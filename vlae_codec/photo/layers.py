"""What a colour model's folder may declare: its layers fit together and stay exact, as `model_limits` has it."""

from __future__ import annotations

from ..errors import ModelError
from ..integer_net import WEIGHT_LIMIT
from ..model_limits import Layers, largest
from ..wavefront import Window
from .model import COLOURS, SCALES

MAX_CHANNELS = 1 << 10
"""Of any map smaller than the picture: what a strip of it takes stays within some hundreds of megabytes."""
MAX_FEATURES = 1 << 7
"""Of the map of the picture's size."""
SQUARE = 16
"""Pixels of a square of 4x4, which the finest maps have a place for."""


class PhotoLayers(Layers):
    """Those of format 2: encoder, synthesis, prior, local decoder."""

    def walk(self) -> None:
        """All layers of a colour model."""
        latent, patch = self.info["latent"], self.info.get("patch", 16)
        scales = SCALES[patch]
        width = self.map("encoder.fine", self.layer("encoder.stem", 9 * SQUARE * COLOURS))
        for scale in scales[1:]:
            width = self.map(f"encoder.{scale}", self.layer(f"encoder.down_{scale}", 9 * width))
        self.layer("encoder.out", width, latent)
        width = self.map(f"synthesis.{scales[-1]}", self.layer("synthesis.enter", 9 * (latent + 1)))
        for scale in scales[-2::-1]:
            width = self.map(f"synthesis.{scale}", self.spread(f"synthesis.up_{scale}", width, 4))
        features = self.spread("synthesis.out", 9 * width, SQUARE)
        if features > MAX_FEATURES:
            raise ModelError(f"weights.npz: {features} features of a pixel, and at most {MAX_FEATURES} are read")
        self.layer("synthesis.mean", features, COLOURS)
        if "synthesis.straight.weight" in self.arrays:
            self.straight(latent, patch * patch * COLOURS, features)
        self.window_net("prior", Window(*self.info["prior_window"]), latent, 1)
        self.window_net("local", Window(*self.info["window"]), COLOURS, features + 1)

    def straight(self, latent: int, levels: int, features: int) -> None:
        """The linear path from a patch's levels to its latents and back, to the first features."""
        self.layer("encoder.straight", levels, latent)
        self.layer("synthesis.straight", latent, levels)
        if features < COLOURS:
            raise ModelError(f"weights.npz: {features} features of a pixel, and a linear path needs {COLOURS}")

    def map(self, name: str, width: int) -> int:
        """The residual blocks of a map of so many channels, whose number comes back."""
        if width > MAX_CHANNELS:
            raise ModelError(f"weights.npz: {name} has {width} channels, and at most {MAX_CHANNELS} are read")
        self.blocks(name, width, 9)
        return width

    def spread(self, name: str, inputs: int, places: int) -> int:
        """A layer whose outputs become several places; the channels of each come back."""
        channels, rest = divmod(self.layer(name, inputs), places)
        if rest:
            raise ModelError(f"weights.npz: the outputs of {name} do not divide into {places} places")
        return channels

    def window_net(self, name: str, window: Window, channels: int, beside: int) -> None:
        """The network of a wavefront, which reads `beside` numbers beside its window."""
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
