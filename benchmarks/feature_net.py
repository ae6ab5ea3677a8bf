"""How far two colour pictures are apart by the features of a small net that classifies CIFAR-10.

The distance is that of the net's activations after each of its three stages: every place's vector is brought to unit
length, and the mean squared difference is taken over places, then over stages (as Zhang et al. do with larger nets,
arXiv 1801.03924, but without weights fitted to people's judgements). The net is convolutional, so that photographs of
any size go through it, at their own size and downscaled by four, where it responds to shapes and not only to texture.

Run as `python -m benchmarks.feature_net --data FOLDER` to train it anew (ten minutes of a core); its weights are
committed, and no test picture or photograph had a part in them.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from benchmarks.cifar import Pictures, load_test, load_train
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_models.train.precision import has_bfloat16

PATH = Path(__file__).resolve().parent / "feature_net.npz"
WIDTHS = (32, 64, 128)
BATCH = 128
RATE = 0.006
SEED = 5
DOWNSCALED = 4
"""Photographs whose sides are this many times 32 or more are compared downscaled by it, too."""

WINDOW = 8
"""Positions of the side of windows whose statistics are compared: 16 pixels at the first stage, 64 at the third."""

Labels = NDArray[np.int64]


class Block(nn.Module):
    """A residual block that widens and, but for the first stage, halves the sides."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = _conv(inputs, outputs, stride)
        self.second = _conv(outputs, outputs, 1)
        self.beside = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.relu(self.second(F.relu(self.first(x))) + self.beside(x))
        return y


class FeatureNet(nn.Module):
    """Scores of the ten classes from pictures, float (B, 3, H, W) of -1 to 1."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.stem = nn.Sequential(nn.Conv2d(3, first, 4, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU())
        self.stages = nn.ModuleList([Block(first, first, 1), Block(first, second, 2), Block(second, third, 2)])
        self.scores = nn.Linear(third, 10)

    def activations(self, x: Tensor) -> list[Tensor]:
        """After each stage, (B, C, h, w)."""
        x, found = self.stem(x), []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.scores(self.activations(x)[-1].mean((2, 3)))
        return scores


def _conv(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))


def as_input(pictures: Pictures) -> Tensor:
    """Pictures, uint8 (B, H, W, 3), as the net takes them; copied, for torch needs to be able to write."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


@functools.cache
def load_net(path: Path = PATH) -> FeatureNet:
    """Load the trained net."""
    net = FeatureNet()
    with np.load(path, allow_pickle=False) as file:
        net.load_state_dict({name: torch.from_numpy(file[name].astype(np.float32)) for name in file.files})
    return net.eval()


@torch.no_grad()
def feature_distances(originals: Pictures, others: Pictures) -> NDArray[np.float64]:
    """Distances of pictures of one size, uint8 (B, H, W, 3): (B,), from 0 for equal ones to 2."""
    net, scales = load_net(), [(originals, others)]
    if min(originals.shape[1:3]) >= DOWNSCALED * 32:
        scales.append((_shrunk(originals), _shrunk(others)))
    found = []
    for pair in scales:
        here, there = (net.activations(as_input(pictures)) for pictures in pair)
        stages = [((_unit(x) - _unit(y)) ** 2).sum(1).mean((1, 2)) for x, y in zip(here, there, strict=True)]
        found.append(torch.stack(stages).mean(0))
    return np.asarray(torch.stack(found).mean(0).double().numpy())


@torch.no_grad()
def texture_distances(originals: Pictures, others: Pictures) -> NDArray[np.float64]:
    """Return distances of the statistics of features, of pictures of one size, uint8 (B, H, W, 3): (B,).

    Means and standard deviations of the activations, each position of unit length, over windows of `WINDOW` positions
    are compared, not positions: another leaf in the place of a leaf is no error, a smooth place is one (as the
    Wasserstein distortion of Qiu et al., arXiv 2310.03629, has it at one width of the window).
    """
    net, found = load_net(), []
    for x, y in zip(*(net.activations(as_input(pictures)) for pictures in (originals, others)), strict=True):
        (mean, deviation), (other_mean, other_deviation) = _statistics(_unit(x)), _statistics(_unit(y))
        apart = (mean - other_mean).square() + (deviation - other_deviation).square()
        found.append(apart.sum(1).mean((1, 2)))
    return np.asarray(torch.stack(found).mean(0).double().numpy())


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return means and standard deviations of windows that overlap by a half."""
    mean, square = (F.avg_pool2d(one, WINDOW, WINDOW // 2) for one in (x, x * x))
    return mean, (square - mean * mean).clamp(min=0).sqrt()


def distances_if_trained(originals: Pictures, others: Pictures) -> NDArray[np.float64] | None:
    """`feature_distances`; None as long as the net's weights are not there."""
    return feature_distances(originals, others) if PATH.exists() else None


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(1, keepdim=True) + 1e-8).sqrt()


def _shrunk(pictures: Pictures) -> Pictures:
    size = pictures.shape[2] // DOWNSCALED, pictures.shape[1] // DOWNSCALED
    return np.stack([np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX)) for one in pictures])


def read_classes(net: FeatureNet, pictures: Pictures) -> Labels:
    """Return the class that the net reads in each picture, (B,)."""
    with torch.no_grad():
        return np.concatenate([net(as_input(part)).argmax(1).numpy() for part in np.array_split(pictures, 10)])


def changed(pictures: Pictures, random: np.random.Generator) -> Pictures:
    """Return the pictures moved by up to four pixels, edges repeated, half of them mirrored."""
    padded = np.pad(pictures, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="reflect")
    rows, columns = random.integers(0, 9, (2, len(pictures), 1, 1))
    index, along = np.arange(len(pictures))[:, None, None], np.arange(pictures.shape[1])
    moved = padded[index, rows + along[:, None], columns + along]
    mirrored = random.random(len(pictures)) < 0.5
    moved[mirrored] = moved[mirrored, :, ::-1]
    return np.asarray(moved)


def train(pictures: Pictures, labels: Labels, epochs: int) -> FeatureNet:
    """Train a net with a one-cycle learning rate."""
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    net: FeatureNet = FeatureNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = epochs * (len(pictures) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.03)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.2)
    order = np.concatenate([random.permutation(len(pictures)) for _ in range(epochs)])
    bar = tqdm(range(steps), desc="feature net", unit="step", disable=None)
    for step in bar:
        chosen = order[step * BATCH : (step + 1) * BATCH]
        x = as_input(changed(pictures[chosen], random)).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16("cpu")):
            scores = net(x)
        loss = F.cross_entropy(scores.float(), torch.from_numpy(labels[chosen]), label_smoothing=0.05)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % 20 == 0:
            bar.set_postfix_str(f"loss {loss.item():.3f}")
    return net.eval()


def save(net: FeatureNet, path: Path = PATH) -> None:
    """Write the weights, halved to 16 bits but for the statistics and counters."""
    state: dict[str, Any] = {name: values.numpy() for name, values in net.state_dict().items()}
    halved = {name: x.astype(np.float16) if x.ndim > 1 else x for name, x in state.items()}
    np.savez_compressed(path, **halved)


@click.command()
@data_option
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True, help="Through the training pictures.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@exit_on_error
def main(data: Path, epochs: int, threads: int) -> None:
    """Train the net, keep its weights and say how many test pictures it reads."""
    torch.set_num_threads(threads)
    started = time.monotonic()
    net = train(*load_train(data), epochs)
    save(net)
    load_net.cache_clear()
    pictures, labels = load_test(data)
    right = float((read_classes(load_net(), pictures) == labels).mean())
    figures = {
        "epochs": epochs,
        "threads": threads,
        "training_seconds": round(time.monotonic() - started, 1),
        "weights": sum(parameter.numel() for parameter in net.parameters()),
        "images": len(labels),
        "right": round(right, 4),
    }
    write_result("feature_net", figures)
    click.echo(f"{100 * right:.2f} % of {len(labels)} test pictures read")


if __name__ == "__main__":
    main()
