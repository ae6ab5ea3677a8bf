"""Random crops of pictures that lie in a device's memory, cut there in one gather."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vlae_codec.errors import VlaeError

from .shards import Pictures

GREY = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in the grey level of a pixel."""


class Mix(NamedTuple):
    """What crops are made of.

    Attributes:
        drawn: the share of crops from drawn pictures, where there are both kinds.
        grey: the share of crops without colour.
        halved: the share of crops cut twice as large and halved by averages of 2 x 2 pixels; they come from pictures
            that are large enough.
    """

    drawn: float = 0.25
    grey: float = 0.05
    halved: float = 0.25


class Sampler:
    """Cuts crops at random places, photographs also turned and mirrored; drawn pictures stay upright, as text is.

    Pictures are chosen by the square root of their number of pixels.

    Args:
        pictures: to cut from; their pixels are copied to the device once.
        side: of the crops in pixels.
        mix: shares of the kinds of crops.
        device: where the pixels and the crops are.

    Raises:
        VlaeError: no picture is as large as a crop.
    """

    def __init__(self, pictures: Pictures, side: int, mix: Mix | None = None, device: str | torch.device = "cpu"):
        self.side = side
        self.mix = mix or Mix()
        self.device = torch.device(device)
        self.levels = torch.from_numpy(pictures.levels).to(self.device)
        self.tables = tuple(torch.from_numpy(np.asarray(table)).to(self.device) for table in pictures[1:])
        self.shares = torch.tensor(GREY, device=self.device).view(1, 3, 1, 1)
        self.whole = self._chances(pictures, side)
        self.double = self._chances(pictures, 2 * side)
        if self.whole is None:
            raise VlaeError(f"no picture has {side} x {side} pixels")

    def crops(self, count: int, generator: torch.Generator) -> Tensor:
        """Crops of red, green and blue, uint8 (count, 3, side, side), without any wait for the device.

        Args:
            count: of crops; those cut twice as large come last.
            generator: decides all, on the sampler's device.
        """
        halved = round(count * self.mix.halved) if self.double is not None else 0
        parts = []
        if count > halved and self.whole is not None:
            parts.append(self._cut(self.whole, count - halved, self.side, generator))
        if halved and self.double is not None:
            parts.append(_halve(self._cut(self.double, halved, 2 * self.side, generator)))
        out = torch.cat(parts)
        plain = torch.rand(count, generator=generator, device=self.device) < self.mix.grey
        if self.device.type == "cpu":  # where waiting costs nothing, only crops that lose their colour are computed
            out[plain] = self._grey(out[plain])
            return out
        return torch.where(plain.view(count, 1, 1, 1), self._grey(out), out)

    def _grey(self, crops: Tensor) -> Tensor:
        return (crops * self.shares).sum(1, keepdim=True).round().to(torch.uint8).expand(crops.shape)

    def _chances(self, pictures: Pictures, side: int) -> Tensor | None:
        """How often each picture is chosen, float32 (N,), or nothing where none is large enough."""
        sizes = pictures.height * pictures.width
        weights = np.sqrt(sizes) * (np.minimum(pictures.height, pictures.width) >= side)
        kinds = [(weights * pictures.drawn, self.mix.drawn), (weights * ~pictures.drawn, 1 - self.mix.drawn)]
        there = [(kind / kind.sum(), share) for kind, share in kinds if kind.any()]
        if not there:
            return None
        if len(there) == 1:
            there = [(there[0][0], 1.0)]
        chances = sum((kind * share for kind, share in there), np.zeros(len(sizes)))
        return torch.from_numpy(chances.astype(np.float32)).to(self.device)

    def _cut(self, chances: Tensor, count: int, side: int, generator: torch.Generator) -> Tensor:
        """Crops, uint8 (count, 3, side, side)."""
        numbers = torch.multinomial(chances, count, replacement=True, generator=generator)
        offset, height, width, drawn = (table[numbers].view(count, 1, 1) for table in self.tables)
        random = torch.rand(5, count, 1, 1, generator=generator, device=self.device)
        top = torch.minimum((random[0] * (height - side + 1)).long(), height - side)  # 1 - 2^-24 may round to 1
        left = torch.minimum((random[1] * (width - side + 1)).long(), width - side)
        upset, mirrored, turned = ((one < 0.5) & ~drawn for one in random[2:])
        places = Places(offset, height, width, top, left, upset, mirrored, turned)
        return _sliced(self.levels, places, side) if self.device.type == "cpu" else gathered(self.levels, places, side)


class Places(NamedTuple):
    """Where crops are cut, and how they are turned, (count, 1, 1) each; the names say it."""

    offset: Tensor
    height: Tensor
    width: Tensor
    top: Tensor
    left: Tensor
    upset: Tensor
    mirrored: Tensor
    turned: Tensor


def gathered(levels: Tensor, places: Places, side: int) -> Tensor:
    """Crops, uint8 (count, 3, side, side), by one gather: what is fast on a GPU."""
    along = torch.arange(side, device=levels.device)
    down, right = along.view(1, side, 1), along.view(1, 1, side)
    row, column = torch.where(places.turned, right, down), torch.where(places.turned, down, right)
    row = torch.where(places.upset, side - 1 - row, row)
    column = torch.where(places.mirrored, side - 1 - column, column)
    index = places.offset + (places.top + row) * places.width + places.left + column
    return levels[index].permute(0, 3, 1, 2)


def _sliced(levels: Tensor, places: Places, side: int) -> Tensor:
    """Cut the same crops one after another, which is fast on a CPU."""
    pixels = levels.numpy()
    out = np.empty((len(places.top), side, side, 3), np.uint8)
    rows = zip(*(table.flatten().tolist() for table in places), strict=True)
    for crop, (offset, height, width, top, left, upset, mirrored, turned) in zip(out, rows, strict=True):
        picture = pixels[offset : offset + height * width].reshape(height, width, 3)
        cut = picture[top : top + side, left : left + side]
        cut = cut[:: -1 if upset else 1, :: -1 if mirrored else 1]
        crop[...] = cut.transpose(1, 0, 2) if turned else cut
    return torch.from_numpy(out).permute(0, 3, 1, 2)


def _halve(crops: Tensor) -> Tensor:
    """Averages of 2 x 2 pixels, halves rounded up, uint8."""
    wide = crops.to(torch.int16)
    rows = wide[:, :, ::2] + wide[:, :, 1::2]
    return ((rows[..., ::2] + rows[..., 1::2] + 2) >> 2).to(torch.uint8)
