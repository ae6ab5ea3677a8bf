"""From z to the features of many pictures: the integers of `feature_decoder`, by spectral convolutions and numpy.

Maps are (H, W, C, B), so that a layer of one pixel is a product for each pixel, and nothing is gathered.
"""

from __future__ import annotations

import threading

import numpy as np

from .feature_decoder import FeatureNet
from .spectral import Floats, Kernel, Maps, Transform, kernels


class SpectralDecoder:
    """The network of a `FeatureNet` of numpy.

    Args:
        net: the network.
        shift: the largest of its layers' rescalings.
    """

    def __init__(self, net: FeatureNet, shift: int) -> None:
        self.net, self.dtype, self.exact = net, net.full.dtype, net.full.dtype == np.float64
        self.small = Transform(net.height // 4, net.width // 4, self.dtype)
        self.large = Transform(net.height // 2, net.width // 2, self.dtype)
        self.coarse = kernels(net.coarse, self.small, shift)
        self.fine = kernels(net.fine, self.large, shift)
        self.out = Kernel.of(net.out, self.large, shift)
        self.kept = threading.local()

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
        _, zero, high = self.small.bounds
        x = np.concatenate([z.T, np.ones((1, len(z)), self.dtype)])
        for layer in (self.net.full, self.net.spread):
            x, inputs = np.ones((len(layer) + 1, len(z)), self.dtype), x
            here = np.matmul(layer, inputs, out=x[:-1])
            if self.exact:
                np.floor(here, out=here)
            here.clip(zero, high, here)
        return x[:-1]

    def _workspace(self, batch: int) -> _Workspace:
        work: _Workspace | None = getattr(self.kept, "work", None)
        if work is None or work.batch != batch:
            work = self.kept.work = _Workspace(self, batch)
        return work


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
        self.coarse = Maps(decoder.small, wide, wide, batch)
        self.fine = Maps(decoder.large, narrow, max(narrow, last), batch)
        self.out = np.zeros((net.height // 2, net.width // 2, last, batch), dtype)

    def run(self, spread: Floats, features: Floats) -> bool:
        """Write features (H, W, F, B) of what `_spread` gives; return whether they are certainly exact."""
        decoder, net, batch = self.decoder, self.decoder.net, self.batch
        low, zero, high = decoder.small.bounds
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
