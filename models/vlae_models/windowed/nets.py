"""Encoder, synthesis, prior and local decoder of the windowed model; ReLU only, so that they export to integers.

    x --encoder--> y --dither of width d--> z --synthesis (given d)--> features --local decoder--> p(x_i | window_i)
                                            |--> prior (given d): p(z_j | window_j), channel after channel

Pixels enter as (level - 128) / 64, in the order green, red, blue; latents enter as z / 4.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vlae_codec.families.windowed.model import SCALES

from ..nets.layers import Residual, conv, linear
from ..recipe import WINDOWS
from .config import WindowedConfig

PIXEL_UNIT = 64.0
LATENT_UNIT = 4.0
MEAN_UNIT = 32.0
"""Pixel levels to 1 in a mean that a head puts out."""
COLOURS = 3
GREY = (0.587, 0.299, 0.114)
"""What green, red and blue give to the grey value of a pixel."""


class Encoder(nn.Module):
    """Pictures (B, 3, H, W) to y (B, C, H / P, W / P), P the patch."""

    def __init__(self, config: WindowedConfig) -> None:
        super().__init__()
        self.stem = conv(16 * COLOURS, config.fine, 3)
        self.scales = SCALES[config.patch]
        channels = 0
        for scale in self.scales:
            before, channels = channels, getattr(config, scale)
            if before:
                self.add_module(f"down_{scale}", conv(before, channels, 3, stride=2))
            self.add_module(scale, _blocks(config, scale))
        self.out = conv(channels, config.latent, 1, gain=0.1 if config.linear_path else 1.0)
        self.straight = conv(config.patch**2 * COLOURS, config.latent, 1) if config.linear_path else None
        self.gains = WienerGains(config.latent) if config.linear_path else None

    def forward(self, x: Tensor) -> Tensor:
        """y of pictures in units of 64 levels, before its gains."""
        h = self.stem(unshuffled(x, 2))
        for scale in self.scales:
            if scale != self.scales[0]:
                h = getattr(self, f"down_{scale}")(torch.relu(h))
            h = _through(getattr(self, scale), h)
        y: Tensor = self.out(torch.relu(h)).float()
        if self.straight is not None:
            y = y + self.straight(unshuffled(x, len(self.scales) + 1)).float()
        return LATENT_UNIT * y


class Synthesis(nn.Module):
    """z (B, C, h, w) and its width to features (B, F, P h, P w), and from these the base reconstruction."""

    def __init__(self, config: WindowedConfig) -> None:
        super().__init__()
        self.scales = SCALES[config.patch][::-1]
        channels = getattr(config, self.scales[0])
        self.enter = conv(config.latent + 1, channels, 3)
        for scale in self.scales:
            before, channels = channels, getattr(config, scale)
            if scale != self.scales[0]:
                self.add_module(f"up_{scale}", conv(before, 4 * channels, 1))
            self.add_module(scale, _blocks(config, scale))
        self.out = conv(config.fine, 16 * config.features, 3, gain=0.1 if config.linear_path else 1.0)
        self.mean = conv(config.features, COLOURS, 1)
        self.straight = conv(config.latent, config.patch**2 * COLOURS, 1) if config.linear_path else None
        self.gains = WienerGains(config.latent) if config.linear_path else None

    def forward(self, z: Tensor, log_width: Tensor) -> Tensor:
        """Features of latents whose widths are 2^log_width, (B,)."""
        conditioning = log_width[:, None, None, None].expand(-1, 1, *z.shape[2:])
        z = with_gains(z, self.gains, log_width)
        h = self.enter(torch.cat([z / LATENT_UNIT, conditioning], 1))
        for scale in self.scales:
            if scale != self.scales[0]:
                h = F.pixel_shuffle(getattr(self, f"up_{scale}")(torch.relu(h)), 2)
            h = _through(getattr(self, scale), h)
        h = shuffled(self.out(torch.relu(h)), 2)
        if self.straight is not None:
            picture = shuffled(self.straight(z / LATENT_UNIT), len(self.scales) + 1)
            h = torch.cat([h[:, :COLOURS] + picture, h[:, COLOURS:]], 1)
        return torch.relu(h)


class WienerGains(nn.Module):
    """Which part of each latent passes at each width: much where its variance v exceeds that of the noise, d^2 / 12.

    The sender's close for what is not worth its bits (reverse water-filling), the receiver's are a Wiener filter of
    what arrives. Both are sigmoid(slope * log(12 v / d^2)).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.zeros(channels))
        self.slope = nn.Parameter(torch.ones(channels))

    def forward(self, log_width: Tensor) -> Tensor:
        """Factors (B, C) for widths 2^log_width, (B,)."""
        return torch.sigmoid(self.slope * (self.level - 2 * math.log(2) * log_width[:, None]))


def with_gains(z: Tensor, gains: WienerGains | None, log_width: Tensor) -> Tensor:
    """Latents (B, C, h, w) times their gains; as they are in a network without any."""
    return z if gains is None else z * gains(log_width)[:, :, None, None]


def unshuffled(x: Tensor, times: int) -> Tensor:
    """Return maps (B, C, H, W) with their sides halved so many times, (B, 4^times C, ...)."""
    for _ in range(times):
        x = F.pixel_unshuffle(x, 2)
    return x


def shuffled(x: Tensor, times: int) -> Tensor:
    """Return maps with their sides doubled so many times; undoes `unshuffled`."""
    for _ in range(times):
        x = F.pixel_shuffle(x, 2)
    return x


def _blocks(config: WindowedConfig, scale: str) -> nn.ModuleList:
    count = config.fine_blocks if scale == "fine" else 2
    return nn.ModuleList([Residual(getattr(config, scale)) for _ in range(count)])


def _through(blocks: nn.ModuleList, h: Tensor) -> Tensor:
    for block in blocks:
        h = block(h)
    return h


class WindowNet(nn.Module):
    """Mixtures of the channels of a position from its window, from what else is known of it, and channel from channel.

    Args:
        offsets: of the window's positions (row, column), in raster order.
        channels: of a position.
        beside: further inputs.
        width, layers: of the 1x1 residual layers.
        mixtures: components of a channel.
        grey: read the windows, which are of green, red and blue, without colour.
    """

    def __init__(
        self,
        offsets: list[tuple[int, int]],
        channels: int,
        beside: int,
        width: int,
        layers: int,
        mixtures: int,
        grey: bool = False,
    ) -> None:
        super().__init__()
        self.offsets, self.channels, self.mixtures, self.grey = offsets, channels, mixtures, grey
        self.mix = linear(len(offsets) * channels + beside, width)
        self.firsts = nn.ModuleList([linear(width, width) for _ in range(layers)])
        self.seconds = nn.ModuleList([linear(width, width, gain=0.1) for _ in range(layers)])
        self.heads = linear(width, channels * 3 * mixtures, gain=0.1)
        self.drawn = nn.Parameter(torch.zeros(channels, 3 * mixtures, channels))

    def forward(self, window: Tensor, beside: Tensor, here: Tensor) -> Tensor:
        """Return the mixtures' parameters, (N, channels, 3, K).

        Args:
            window: windows, offset by offset, (N, offsets * channels).
            beside: what else is known, (N, beside).
            here: the channels of the position, each one conditioned on those before it, (N, channels).
        """
        # Of the window to the means no digit may be lost, so only the residual layers take part in autocasting.
        with torch.autocast(window.device.type, enabled=False):
            h = F.linear(torch.cat([window, beside], 1), self.mix_weight(), self.mix.bias)
        for first, second in zip(self.firsts, self.seconds, strict=True):
            h = h + second(torch.relu(first(torch.relu(h)))).float()
        with torch.autocast(window.device.type, enabled=False):
            out = self.heads(torch.relu(h)).reshape(len(h), self.channels, -1)
            out = out + torch.einsum("cmd,nd->ncm", self.drawn_earlier(), here)
        parameters: Tensor = out.reshape(len(h), self.channels, 3, self.mixtures)
        return parameters

    def mix_weight(self) -> Tensor:
        """Return the first layer's weights, (width, offsets * channels + beside).

        Grey windows are a constraint on them: a pixel's grey value has one weight, of which each colour has its part.
        """
        if not self.grey:
            return self.mix.weight
        count = len(self.offsets) * self.channels
        window = self.mix.weight[:, :count].reshape(-1, len(self.offsets), self.channels)
        parts = window.sum(2, keepdim=True) * window.new_tensor(GREY)
        return torch.cat([parts.flatten(1), self.mix.weight[:, count:]], 1)

    def drawn_earlier(self) -> Tensor:
        """Return each channel's share from the channels before it, (channels, 3 K, channels)."""
        return self.drawn * torch.tril(torch.ones_like(self.drawn[:, 0]), -1)[:, None]

    def gather(self, picture: Tensor, positions: Tensor) -> Tensor:
        """Windows (N, K * channels) of positions, zero outside the picture.

        Args:
            picture: (B, channels, H, W).
            positions: numbers of positions in raster order, (B, n); N = B n.
        """
        height, width = picture.shape[2:]
        pad = max((max(-r, abs(c)) for r, c in self.offsets), default=0)
        padded = F.pad(picture, (pad, pad, pad, pad)).permute(0, 2, 3, 1)
        stride = width + 2 * pad
        rows = torch.div(positions, width, rounding_mode="floor")
        start = (rows + pad) * stride + positions % width + pad
        shift = torch.tensor([r * stride + c for r, c in self.offsets], dtype=torch.int64, device=positions.device)
        flat = padded.reshape(len(picture) * (height + 2 * pad) * stride, -1)
        first = torch.arange(len(picture), device=positions.device)[:, None] * ((height + 2 * pad) * stride)
        index = (first + start)[..., None] + shift  # (B, n, K)
        return flat[index].reshape(positions.numel(), len(self.offsets) * self.channels)


def local_decoder(config: WindowedConfig) -> WindowNet:
    """Return the local decoder, started as a predictor by neighbours: a good start that training may leave."""
    offsets = WINDOWS[config.window].offsets()
    beside = config.features + 1
    net = WindowNet(
        offsets, COLOURS, beside, config.local, config.local_layers, config.mixtures, grey=config.grey_window
    )
    near = [offsets.index(position) for position in ((0, -1), (-1, 0), (-1, -1)) if position in offsets]
    with torch.no_grad():
        # An input of -2 ... 2 with 2 added passes a ReLU unchanged.
        for colour in range(COLOURS):
            for number, position in enumerate(near):
                row = number * COLOURS + colour
                net.mix.weight[row] = 0
                net.mix.weight[row, position * COLOURS + colour] = 1
                net.mix.bias[row] = 2
        net.mix.weight[:, -1] = 0  # the flag of a noised context: no difference yet
        _predict_by_neighbours(net, len(near))
    return net


def _predict_by_neighbours(net: WindowNet, near: int) -> None:
    """Let the components' means be W, N, (W + N) / 2, W + N - NW, less what the colours before were mispredicted."""
    scale, mixtures = PIXEL_UNIT / MEAN_UNIT, net.mixtures
    kinds = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [1, 1, -1]])[:, :near]
    heads = net.heads.weight.reshape(COLOURS, 3, mixtures, -1)
    bias = net.heads.bias.reshape(COLOURS, 3, mixtures)
    drawn = net.drawn.reshape(COLOURS, 3, mixtures, COLOURS)
    bias[:, 2] = torch.linspace(-3.5, -1.0, mixtures)
    for colour in range(COLOURS):
        for component in range(mixtures):
            kind = scale * kinds[component % len(kinds)]
            row = heads[colour, 1, component]
            row[: near * COLOURS] = 0
            row[torch.arange(near) * COLOURS + colour] = kind
            for before in range(colour):
                row[torch.arange(near) * COLOURS + before] = -kind / colour
                drawn[colour, 1, component, before] = scale / colour
            bias[colour, 1, component] = -2 * row[: near * COLOURS].sum()


def latent_prior(config: WindowedConfig) -> WindowNet:
    """Return the prior over the latent grid, conditioned on the logarithm of the quantisation step."""
    offsets = WINDOWS[config.prior_window].offsets()
    net = WindowNet(offsets, config.latent, 1, config.prior, config.prior_layers, config.prior_mixtures)
    with torch.no_grad():
        logarithms = torch.linspace(-3.0, -1.5, config.prior_mixtures) - config.prior_sharper * math.log(2)
        net.heads.bias.reshape(config.latent, 3, -1)[:, 2] = logarithms
    return net
