"""From many pictures to what a model's encoder reads of them: the integers of its layers, by spectral convolutions."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .feature_decoder import Pair
from .layers import FRACTION
from .spectral import TAPS, Floats, Kernel, Maps, Transform, kernels


class SpectralEncoder:
    """The convolutions of an encoder, of numpy.

    Args:
        height, width: of the pictures.
        layer: gives a layer by its name, folded.
        blocks: gives residual blocks by their name, folded.
        shift: the largest of the layers' rescalings.
    """

    def __init__(
        self, height: int, width: int, layer: Callable[[str], Floats], blocks: Callable[[str], list[Pair]], shift: int
    ) -> None:
        stem, self.down, self.squeeze = (layer(f"encoder.{name}") for name in ("stem", "down", "squeeze"))
        self.dtype = stem.dtype
        self.large = Transform(height // 2, width // 2, self.dtype)
        self.small = Transform(height // 4, width // 4, self.dtype)
        self.stem = Kernel.of(stem, self.large, shift)
        self.fine = kernels(blocks("encoder.fine"), self.large, shift)
        self.coarse = kernels(blocks("encoder.coarse"), self.small, shift)
        self.kept = threading.local()

    def __call__(self, images: NDArray[np.uint8], few: int, plain: Callable[[NDArray[np.uint8]], Floats]) -> Floats:
        """Return what comes of images (B, H, W), (B, features).

        Args:
            images: of 0 and 1.
            few: images that are worked on at once.
            plain: does the same by the layers, for images where this may not be exact.
        """
        parts = []
        for start in range(0, len(images), few):
            part = images[start : start + few]
            work: _Workspace | None = getattr(self.kept, "work", None)
            if work is None or work.batch != len(part):
                work = self.kept.work = _Workspace(self, len(part))
            parts.append(work.out.reshape(-1, len(part)).T.copy() if work.run(part) else plain(part))
        return np.concatenate(parts)


class _Workspace:
    """Buffers for a number of pictures."""

    def __init__(self, encoder: SpectralEncoder, batch: int) -> None:
        self.encoder, self.batch, dtype = encoder, batch, encoder.dtype
        height, width = encoder.large.shape
        wide, narrow = len(encoder.down), encoder.down.shape[1] // len(TAPS)
        self.squares = np.zeros((height, width, 4, batch), dtype)
        self.fine = Maps(encoder.large, narrow, max(4, narrow), batch)
        self.padded = np.zeros((height + 2, width + 2, narrow, batch), dtype)
        self.taps = np.ones((height // 2, width // 2, len(TAPS) * narrow + 1, batch), dtype)
        self.coarse = Maps(encoder.small, wide, wide, batch)
        self.active = np.ones((height // 2, width // 2, wide + 1, batch), dtype)
        self.out = np.zeros((height // 2, width // 2, len(encoder.squeeze), batch), dtype)

    def run(self, images: NDArray[np.uint8]) -> bool:
        """Write what comes of images to `out`, (H / 4, W / 4, C, B); return whether it is certainly exact."""
        encoder, fine, coarse = self.encoder, self.fine, self.coarse
        low, zero, high = encoder.large.bounds
        for channel in range(4):
            row, column = divmod(channel, 2)
            self.squares[:, :, channel] = images[:, row::2, column::2].transpose(1, 2, 0)
        self.squares *= 2.0**FRACTION
        certain = fine.convolve(encoder.stem, self.squares, fine.stream)
        fine.stream.clip(low, high, fine.stream)
        certain &= fine.residuals(encoder.fine)
        self.padded[1:-1, 1:-1] = fine.active
        height, width = encoder.large.shape
        channels = self.padded.shape[2]
        for tap in range(len(TAPS)):
            row, column = divmod(tap, 3)
            own = self.padded[row : row + height : 2, column : column + width : 2]
            self.taps[:, :, tap * channels : (tap + 1) * channels] = own
        self._pixels(encoder.down, self.taps, coarse.stream)
        coarse.stream.clip(low, high, coarse.stream)
        certain &= coarse.residuals(encoder.coarse)
        self.active[:, :, :-1] = coarse.active
        self._pixels(encoder.squeeze, self.active, self.out)
        self.out.clip(zero, high, self.out)
        return certain

    def _pixels(self, layer: Floats, maps: Floats, out: Floats) -> None:
        """Write a layer of each pixel."""
        np.matmul(layer, maps, out=out)
        if self.fine.exact:
            np.floor(out, out=out)
