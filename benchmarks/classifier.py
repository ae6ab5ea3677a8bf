"""A judge of what survives compression: a small convolutional net that reads bilevel digits.

It is trained on MNIST's 60,000 grey training digits, each pixel drawn anew every time with its grey value as the
probability of ink and the digit shifted by up to a pixel, and never sees a test digit or a model's picture.

Run as `python -m benchmarks.classifier --data FOLDER` (some minutes on one core); the weights stay under runs/.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from benchmarks.digits import Labels, load_grey, load_test
from benchmarks.results import write_result
from vlae_cli.common import data_option
from vlae_codec.errors import VlaeError
from vlae_models.data import Images

WEIGHTS = Path("runs") / "classifier" / "weights.pt"
BATCH = 128
RATE = 0.002
SEED = 7


class Classifier(nn.Module):
    """Scores (B, 10) of bilevel digits, float (B, 1, 28, 28) of 0 and 1."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_layer(1, 32, kernel=5, stride=2),
            *_layer(32, 64, stride=2),
            *_layer(64, 64),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(64 * 7 * 7, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.body(x)
        return scores


def _layer(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]


def load_classifier(weights: Path = WEIGHTS) -> Classifier:
    """The trained net.

    Raises:
        VlaeError: it was not trained yet.
    """
    if not weights.exists():
        raise VlaeError(f"{weights}: no classifier yet; train it with python -m benchmarks.classifier --data FOLDER")
    model = Classifier()
    model.load_state_dict(torch.load(weights, weights_only=True))
    return model.eval()


def classify(images: Images, weights: Path = WEIGHTS) -> Labels:
    """The class of each bilevel digit, int64 (N,); images uint8 of 0 and 1, (N, 28, 28)."""
    model = load_classifier(weights)
    with torch.no_grad():
        parts = [model(part).argmax(1) for part in torch.split(torch.from_numpy(images).unsqueeze(1).float(), 500)]
    return np.asarray(torch.cat(parts).numpy(), np.int64)


def binarise(grey: NDArray[np.uint8], random: np.random.Generator) -> Tensor:
    """A fresh binarisation of each digit, shifted by up to a pixel, float (B, 1, 28, 28)."""
    padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)))
    rows, columns = random.integers(0, 3, (2, len(grey), 1, 1))
    index = np.arange(len(grey))[:, None, None]
    height, width = grey.shape[1:]
    moved = padded[index, rows + np.arange(height)[:, None], columns + np.arange(width)]
    ink = random.integers(0, 255, moved.shape, np.uint8) < moved
    return torch.from_numpy(ink).unsqueeze(1).float()


def train(images: Images, labels: Labels, epochs: int) -> Classifier:
    """A classifier trained on grey digits with a one-cycle learning rate."""
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    model: Classifier = Classifier().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = epochs * (len(images) // BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.15)
    order = np.concatenate([random.permutation(len(images)) for _ in range(epochs)])
    bar = tqdm(range(steps), desc="classifier", unit="step", disable=None)
    for step in bar:
        chosen = order[step * BATCH : (step + 1) * BATCH]
        x = binarise(images[chosen], random).to(memory_format=torch.channels_last)
        loss = F.cross_entropy(model(x), torch.from_numpy(labels[chosen]), label_smoothing=0.05)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            bar.set_postfix_str(f"loss {loss.item():.3f}")
    model.eval()
    return model


@click.command()
@data_option
@click.option("--epochs", type=click.IntRange(1), default=4, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
def main(data: Path, epochs: int, threads: int) -> None:
    """Train the classifier and say how many of the 10,000 static test digits it reads."""
    torch.set_num_threads(threads)
    started = time.monotonic()
    grey = load_grey("train", data)
    model = train(grey.images, grey.labels, epochs)
    WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), WEIGHTS)
    training = time.monotonic() - started
    test = load_test(data)
    right = classify(test.images) == test.labels
    write_result(
        "classifier",
        {
            "epochs": epochs,
            "threads": threads,
            "training_seconds": round(training, 1),
            "weights": sum(parameter.numel() for parameter in model.parameters()),
            "images": len(right),
            "right": round(float(right.mean()), 4),
            "right_by_class": [round(float(right[test.labels == digit].mean()), 4) for digit in range(10)],
        },
    )
    click.echo(f"{100 * right.mean():.2f} % of {len(right)} static test digits read; {training:.0f} s of training")


if __name__ == "__main__":
    main()
