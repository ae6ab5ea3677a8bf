"""From z to the features that the local decoder reads, in place (design D5): the layers of the model's decoder.

Maps are (C, H, W, B), pictures innermost, so that shifting a map by a pixel copies long runs. A convolution
gathers its nine taps into one buffer and is one product.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .arrays import Array, namespace
from .kernels import InPlace, zeros

Pair = tuple[Array, Array]


@dataclass(frozen=True)
class FeatureNet:
    """Folded layers (`kernels.fold`): z to a quarter of the side, residual blocks, half, blocks, the whole side."""

    height: int
    width: int
    full: Array
    spread: Array
    widen: Array
    coarse: Sequence[Pair]
    up: Array
    fine: Sequence[Pair]
    out: Array
    kept: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @classmethod
    def build(
        cls, height: int, width: int, layer: Callable[[str], Array], blocks: Callable[[str], list[Pair]]
    ) -> FeatureNet:
        """Return the net of layers by name."""
        names = ("full", "spread", "widen", "up", "out")
        return cls(
            height, width, coarse=blocks("decoder.coarse"), fine=blocks("decoder.fine"),
            **{name: layer(f"decoder.{name}") for name in names},
        )  # fmt: skip

    def __call__(self, z: Array, few: int) -> Array:
        """Features (H, W, F, B) of latents (B, D); `few` pictures are worked on at once."""
        out = zeros((self.height, self.width, len(self.out) // 4, len(z)), z)
        for start in range(0, len(z), few):
            part = z[start : start + few]
            made = self._workspace(len(part), z, len(part) == few).run(part)
            out[..., start : start + len(part)] = namespace(z).permute_dims(made, (1, 2, 0, 3))
        return out

    def _workspace(self, batch: int, like: Array, keep: bool) -> _Workspace:
        """Buffers for a number of pictures; this thread's last ones if they fit, for fresh memory is dear."""
        work: _Workspace | None = getattr(self.kept, "work", None)
        if work is None or work.batch != batch:
            work = _Workspace(self, batch, like)
            if keep:
                self.kept.work = work
        return work


class _Maps:
    """Buffers for the convolutions of one resolution."""

    def __init__(self, ops: InPlace, channels: int, height: int, width: int, batch: int) -> None:
        self.ops, self.shape = ops, (channels, height, width, batch)
        self.stream = ops.zeros(channels, height * width * batch)
        self.update = ops.zeros(channels, height * width * batch)
        padded = ops.zeros(channels, height + 2, width + 2, batch)
        self.inside = padded[:, 1:-1, 1:-1]
        self.taps = ops.zeros(9 * channels + 1, height * width * batch)
        self.taps[-1] = 1.0
        self.shifted = [padded[:, r : r + height, c : c + width] for r in range(3) for c in range(3)]

    def activate(self) -> None:
        """ReLU of the stream, for the convolution that comes."""
        self.ops.clip(self.stream.reshape(self.shape), 0, self.inside)

    def gather(self) -> Array:
        """Return the nine taps of the active map and a row of ones, (9 C + 1, H W B)."""
        into = self.taps[:-1].reshape(9, *self.shape)
        for index, shifted in enumerate(self.shifted):
            into[index] = shifted
        return self.taps

    def residuals(self, blocks: Sequence[Pair]) -> None:
        """All the blocks; the ReLU of the result is left active."""
        self.activate()
        for first, second in blocks:
            self.ops.layer(first, self.gather(), self.update, low=0, into=self.inside)
            self.ops.update(second, self.gather(), self.update, self.stream)
            self.activate()


class _Workspace:
    """Buffers for a number of pictures."""

    def __init__(self, net: FeatureNet, batch: int, like: Array) -> None:
        self.net, self.batch, self.ops = net, batch, InPlace(like)
        ops, size = self.ops, (net.height // 4) * (net.width // 4)
        thin = net.widen.shape[1] - 1
        self.latent = ops.zeros(net.full.shape[1], batch)
        self.hidden = ops.zeros(len(net.full) + 1, batch)
        self.spread = ops.zeros(size * thin, batch)
        self.thin = ops.zeros(thin + 1, size * batch)
        self.coarse = _Maps(ops, len(net.widen), net.height // 4, net.width // 4, batch)
        self.active = ops.zeros(len(net.widen) + 1, size * batch)
        self.up = ops.zeros(len(net.up), size * batch)
        self.fine = _Maps(ops, len(net.up) // 4, net.height // 2, net.width // 2, batch)
        self.out = ops.zeros(len(net.out), 4 * size * batch)
        for buffer in (self.latent, self.hidden, self.thin, self.active):
            buffer[-1] = 1.0

    def run(self, z: Array) -> Array:
        """Features (F, H, W, B), a view of a buffer."""
        net, ops, coarse, fine = self.net, self.ops, self.coarse, self.fine
        xp = namespace(z)
        self.latent[:-1] = z.T
        ops.layer(net.full, self.latent, self.hidden[:-1], low=0)
        ops.layer(net.spread, self.hidden, self.spread, low=0)
        _, height, width, batch = coarse.shape
        self.thin[:-1] = xp.permute_dims(self.spread.reshape(height * width, -1, batch), (1, 0, 2)).reshape(
            -1, height * width * batch
        )
        ops.layer(net.widen, self.thin, coarse.stream)
        coarse.residuals(net.coarse)
        ops.clip(coarse.stream, 0, self.active[:-1])
        ops.layer(net.up, self.active, self.up)
        fine.stream.reshape(-1, height, 2, width, 2, batch)[...] = _squares(self.up, coarse.shape)
        fine.residuals(net.fine)
        ops.layer(net.out, fine.gather(), self.out, low=0)
        return _squares(self.out, fine.shape).reshape(-1, net.height, net.width, batch)


def _squares(x: Array, shape: tuple[int, ...]) -> Array:
    """(4 C, H W B) as (C, H, 2, W, 2, B): channel 4 c + 2 r + k is position (r, k) of channel c."""
    _, height, width, batch = shape
    return namespace(x).permute_dims(x.reshape(-1, 2, 2, height, width, batch), (0, 3, 1, 4, 2, 5))
