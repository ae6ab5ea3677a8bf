"""What comes of compressing a picture of any size, by a model of either family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..model.info import ModelInfo

Progress = Callable[[int, int], None]
"""Callback with rows done since the last call, and the number of all."""


@dataclass(frozen=True)
class PhotoCompressed:
    """A file's bytes, the model that they name, and what they cost.

    Attributes:
        data: the file.
        model: its model.
        size: of the picture, (H, W).
        coded_size: of the picture that is coded, which the windowed family makes smaller at low qualities.
        kl_bits: ideal length of the latents' code: -log2 p of rounded latents, or KL(q(z|x) || p(z)) of dithered ones.
        lossy_bits: that as written.
        pixel_bits: -log2 p(x|z) of a lossless file's exact pixels, else None.
        residual_bits: these as written.
        notices: what happened to the picture before.
    """

    data: bytes
    model: ModelInfo
    size: tuple[int, int]
    coded_size: tuple[int, int]
    kl_bits: float
    lossy_bits: int
    pixel_bits: float | None
    residual_bits: int
    notices: tuple[str, ...]
