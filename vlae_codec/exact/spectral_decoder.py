"""From z to the features of many pictures: the integers of `feature_decoder`, by spectral convolutions and numpy.

Maps are (H, W, C, B), so that a layer of one pixel is a product for each pixel, and nothing is gathered.
"""

from __future__ import annotations

import threading

import numpy as np

from .feature_decoder import FeatureNet, Pair
from .layers import LIMIT
from .spectral import Floats, Kernel, Transform

SIDE = 24
"""Pixels of the longest side whose convolutions take less time so."""


class SpectralDecoder:
    """The network of a `FeatureNet` of numpy.

    Args:
        net: the network.
        shift: the largest of its layers' rescalings.
    """

    def __init__(self, net: FeatureNet, shift: int) -> None:
        self.net, self.dtype = net, net.full.dtype
        self.bounds = tuple(np.array(bound, self.dtype) for bound in (-LIMIT, 0, LIMIT))
        self.small = Transform(net.height // 4, net.width // 4, self.dtype)
        self.large = Transform(net.height // 2, net.width // 2, self.dtype)
        self.coarse = [self._kernels(pair, self.small, shift) for pair in net.coarse]
        self.fine = [self._kernels(pair, self.large, shift) for pair in net.fine]
        self.out = Kernel.of(net.out, self.large, shift)
        self.kept = threading.local()

    @staticmethod
    def fits(net: FeatureNet) -> bool:
        """Return whether a network is small enough, and there."""
        return max(net.height, net.width) <= 2 * SIDE and isinstance(net.full, np.ndarray)

    def _kernels(self, pair: Pair, transform: Transform, shift: int) -> tuple[Kernel, Kernel]:
        first, second = (Kernel.of(layer, transform, shift) for layer in pair)
        return first, second

    def __call__(self, z: Floats, few: int) -> Floats:
        """Features (H, W, F, B) of latents (B, D), in single precision; `few` pictures are worked on at once."""
        net = self.net
        out = np.zeros((net.height, net.width, len(net.out) // 4, len(z)), np.float32)
        spread = self._spread(z)
        for start in range(0, len(z), few):
            here = slice(start, min(start + few, len(z)))
            if not self._workspace(here.stop - start).run(spread[:, here], out[..., here]):
                out[..., here] = net(z[here], here.stop - start)
        return out

    def _spread(self, z: Floats) -> Floats:
        """Return what the layers before the convolutions make of all pictures, whose weights are many: (.., B)."""
        x = np.concatenate([z.T, np.ones((1, len(z)), self.dtype)])
        for layer in (self.net.full, self.net.spread):
            x, inputs = np.ones((len(layer) + 1, len(z)), self.dtype), x
            here = np.matmul(layer, inputs, out=x[:-1])
            np.floor(here, out=here)
            here.clip(self.bounds[1], self.bounds[2], here)
        return x[:-1]

    def _workspace(self, batch: int) -> _Workspace:
        work: _Workspace | None = getattr(self.kept, "work", None)
        if work is None or work.batch != batch:
            work = self.kept.work = _Workspace(self, batch)
        return work


class _Maps:
    """Buffers for the convolutions of one resolution, up to so many channels."""

    def __init__(self, decoder: SpectralDecoder, transform: Transform, channels: int, most: int, batch: int) -> None:
        self.transform, self.bounds, self.shape = transform, decoder.bounds, (*transform.shape, channels, batch)
        self.exact = decoder.dtype == np.float64
        self.stream, self.active, self.update = (np.zeros(self.shape, decoder.dtype) for _ in range(3))
        self.lines = transform.rows.size * transform.shape[1]
        sizes = self.lines, transform.frequencies, transform.frequencies
        self.planes, *self.spectra = (np.zeros(size * most * batch, decoder.dtype) for size in sizes)

    def convolve(self, kernel: Kernel, maps: Floats, out: Floats) -> bool:
        """Write a convolution to `out`, rounded; return whether it is certainly exact."""
        transform, batch = self.transform, maps.shape[3]
        certain = not self.exact or bool(maps.max() <= kernel.most)

        def view(memory: Floats, lines: int, channels: int) -> Floats:
            return memory[: lines * channels * batch].reshape(lines, channels, batch)

        inputs, outputs = maps.shape[2], out.shape[2]
        before, after = (
            view(memory, transform.frequencies, channels)
            for memory, channels in zip(self.spectra, (inputs, outputs), strict=True)
        )
        transform.analyse(maps, view(self.planes, self.lines, inputs), before)
        kernel.apply(transform, before, after)
        transform.synthesise(after, view(self.planes, self.lines, outputs), out)
        np.floor(out, out=out)
        return certain

    def residuals(self, blocks: list[tuple[Kernel, Kernel]]) -> bool:
        """Do all the blocks, and leave the ReLU of the result active; return whether it is certainly exact."""
        (low, zero, high), stream, update, certain = self.bounds, self.stream, self.update, True
        stream.clip(zero, high, self.active)
        for first, second in blocks:
            certain &= self.convolve(first, self.active, update)
            update.clip(zero, high, update)
            certain &= self.convolve(second, update, update)
            update.clip(low, high, update)
            np.add(stream, update, out=stream)
            stream.clip(low, high, stream)
            stream.clip(zero, high, self.active)
        return certain


class _Workspace:
    """Buffers for a number of pictures."""

    def __init__(self, decoder: SpectralDecoder, batch: int) -> None:
        net, dtype = decoder.net, decoder.dtype
        self.decoder, self.batch = decoder, batch
        wide, narrow, last = len(net.widen), len(net.up) // 4, len(net.out)
        pixels = net.height // 4 * (net.width // 4)
        self.thin = np.ones((pixels, net.widen.shape[1], batch), dtype)
        self.active = np.ones((pixels, wide + 1, batch), dtype)
        self.up = np.zeros((pixels, len(net.up), batch), dtype)
        self.coarse = _Maps(decoder, decoder.small, wide, wide, batch)
        self.fine = _Maps(decoder, decoder.large, narrow, max(narrow, last), batch)
        self.out = np.zeros((net.height // 2, net.width // 2, last, batch), dtype)

    def run(self, spread: Floats, features: Floats) -> bool:
        """Write features (H, W, F, B) of what `_spread` gives; return whether they are certainly exact."""
        decoder, net, batch = self.decoder, self.decoder.net, self.batch
        low, zero, high = decoder.bounds
        thin = self.thin[:, :-1]
        thin[...] = spread.reshape(thin.shape)
        coarse, fine = self.coarse, self.fine
        stream = coarse.stream.reshape(len(self.thin), -1, batch)
        np.floor(np.matmul(net.widen, self.thin, out=stream), out=stream)
        stream.clip(low, high, stream)
        certain = coarse.residuals(decoder.coarse)
        self.active[:, :-1] = coarse.active.reshape(stream.shape)
        np.floor(np.matmul(net.up, self.active, out=self.up), out=self.up)
        self.up.clip(low, high, self.up)
        height, width = decoder.small.shape
        fine.stream.reshape(height, 2, width, 2, -1, batch)[...] = _squares(self.up, height, width)
        certain &= fine.residuals(decoder.fine)
        certain &= fine.convolve(decoder.out, fine.active, self.out)
        self.out.clip(zero, high, self.out)
        for row in (0, 1):
            for column in (0, 1):
                features[row::2, column::2] = self.out[:, :, 2 * row + column :: 4]
        return certain


def _squares(x: Floats, height: int, width: int) -> Floats:
    """(H, W, 4 C, B) as (H, 2, W, 2, C, B): channel 4 c + 2 r + k is position (r, k) of channel c."""
    squares: Floats = x.reshape(height, width, -1, 2, 2, x.shape[-1]).transpose(0, 3, 1, 4, 2, 5)
    return squares
