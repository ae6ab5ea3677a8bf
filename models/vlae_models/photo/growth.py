"""Latent channels for a restored network: more in the last slice, and a new start for those that are never sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vlae_codec.errors import ModelError

from .config import PhotoConfig
from .nets import PATCH, Head
from .vlae import LEVELS, PhotoVLAE

FINE = 0.9
"""Quality at which the picture's loss decides what channels in want of a start shall hold."""
AT_ONCE = 8
"""Crops that the networks see at once."""
RIDGE = 1e-6
"""Share of the mean variance of pixels that is added to each, for the inverse of their covariance."""


def smaller(config: PhotoConfig, slices: tuple[int, ...]) -> PhotoConfig:
    """Return the shapes of a released model whose last slice may have fewer channels.

    Raises:
        ModelError: the slices differ in more than the size of the last one, or that one would get smaller.
    """
    mine = config.slices
    if mine[:-1] != slices[:-1] or mine[-1] < slices[-1]:
        raise ModelError(f"the released model has slices {list(slices)}, the recipe {list(mine)}")
    return replace(config, slices=slices)


@torch.no_grad()
def grow(net: PhotoVLAE, small: PhotoVLAE) -> None:
    """Copy a network into one with more channels in the last slice, which are zero and which nothing reads."""
    old, size = small.config.latent, small.config.slices[-1]
    added = net.config.latent - old
    mine = dict(net.named_parameters())
    for name, weight in small.named_parameters():
        target, index = mine[name], []
        for length, wanted in zip(weight.shape, target.shape, strict=True):
            places = torch.arange(length)
            if wanted == length + 2 * added:  # a head's outputs, means before scales
                places[size:] += added
            elif name == "synthesis.enter.weight" and wanted == length + added:
                places[-1] += added  # the quality's map, which comes last
            index.append(places)
        if target.shape != weight.shape:
            target.zero_()
        target[torch.meshgrid(*index, indexing="ij")] = weight


@torch.no_grad()
def renew_channels(net: PhotoVLAE, levels: Tensor) -> int:
    """Give latent channels that are never sent a new start, and return how many those are.

    The nonlinear path adds nothing to them, and nothing but the linear path of the synthesis reads them. The two linear
    paths are the best of that rank to give back what the picture at a fine quality lacks: with B the regression of the
    loss r on the pixels x of a patch, and U the first eigenvectors of the covariance of B x, y = U^T B x adds U y.

    Args:
        net: the network to change.
        levels: training crops (N, 3, S, S), 0 ... 255.
    """
    counts, pixels, products = _statistics(net, levels)
    unused = torch.nonzero(counts == 0).flatten()
    if len(unused):
        pixels = pixels + RIDGE * pixels.diagonal().mean() * torch.eye(len(pixels), device=pixels.device)
        regression = torch.linalg.solve(pixels, products).T
        _, vectors = torch.linalg.eigh(regression @ pixels @ regression.T)
        basis = vectors[:, -len(unused) :].flip(1).float()
        _detach(net, unused)
        net.analysis.linear.weight[unused, :, 0, 0] = basis.T @ regression.float()
        net.synthesis.linear.weight[:, unused, 0, 0] = basis
        _predict(net, unused, counts)
    return len(unused)


def _statistics(net: PhotoVLAE, levels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return how often each channel is sent, and sums of x x^T and x r^T over patches, (768, 768), float64."""
    counts = torch.zeros(net.config.latent, device=levels.device)
    pixels, products = (
        torch.zeros(3 * PATCH**2, 3 * PATCH**2, dtype=torch.float64).to(levels.device) for _ in range(2)
    )
    for part in torch.split(levels, AT_ONCE):
        x = (part - LEVELS) / LEVELS
        quality = x.new_full((len(x),), FINE)
        y = net.analysis(x)
        for q in (quality, torch.ones_like(quality)):
            away = net.prior(y * net.gain(q), q, True).away
            counts += (away.abs() > 0.5).sum((0, 2, 3))
        drawn = net.synthesis(y * net.gain(quality) * net.inverse(quality), quality)
        patches, lost = (
            F.pixel_unshuffle(maps, PATCH).permute(0, 2, 3, 1).reshape(-1, 3 * PATCH**2).double()
            for maps in (x, x - drawn)
        )
        pixels += patches.T @ patches
        products += patches.T @ lost
    return counts, pixels, products


def _detach(net: PhotoVLAE, channels: Tensor) -> None:
    """Let no network write or read channels, and give them the gains that a fresh network has."""
    for layer in (net.analysis.out, net.analysis.linear):
        assert layer.bias is not None
        layer.weight[channels] = 0
        layer.bias[channels] = 0
    for gains in (net.gain, net.inverse):
        gains.terms[:, channels] = 0
    for reader, before in _readers(net):
        reader.weight[:, before + channels[before + channels < reader.in_channels]] = 0


def _readers(net: PhotoVLAE) -> Iterator[tuple[nn.Conv2d, int]]:
    """Iterate over the convolutions that read latents, and how many other maps each reads before them."""
    middle = net.config.middle
    yield net.synthesis.enter, 0
    for layers, before in ((net.prior.analysis, 0), (net.texture, middle)):
        assert isinstance(layers[0], nn.Conv2d)
        yield layers[0], before
    for heads in (net.prior.first, net.prior.second):
        for head in heads:
            assert isinstance(head, nn.Sequential) and isinstance(head[0], nn.Conv2d)
            yield head[0], middle


def _predict(net: PhotoVLAE, channels: Tensor, counts: Tensor) -> None:
    """Let the prior predict means of 0 for channels, and the scale of the channel of their slice that is least sent."""
    start = 0
    for number, size in enumerate(net.config.slices):
        mine = channels[(channels >= start) & (channels < start + size)] - start
        sent = counts[start : start + size]
        if len(mine) and sent.any():
            like = int(torch.where(sent > 0, sent, torch.inf).argmin())
            for heads in (net.prior.first, net.prior.second):
                for parameter in cast(Head, heads[number])[-1].parameters():
                    parameter[mine] = 0
                    parameter[size + mine] = parameter[size + like].clone()
        start += size
