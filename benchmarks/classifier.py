"""A judge of what survives compression: a small convolutional net that reads bilevel digits, characters or silhouettes.

It is trained on all training images of its set, each pixel drawn anew every time with its grey value as the
probability of ink and the image shifted by up to a pixel, and never gets a test image or a model's picture.

Run as `python -m benchmarks.classifier JUDGE --data FOLDER` (some minutes on one core); the weights stay under runs/.
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

from benchmarks.digits import Labels
from benchmarks.judged import CLASSES, Judged, load_judged, load_labelled
from benchmarks.results import write_result
from vlae_cli.common import data_option
from vlae_codec.errors import VlaeError
from vlae_models.data.sets import Images

FOLDER = Path("runs") / "classifier"
SETS = {"digits": "mnist-static", "characters": "omniglot", "silhouettes": "caltech"}
"""The test set by which each judge is judged."""
EPOCHS = {"digits": 4, "characters": 24, "silhouettes": 40}
BATCH = 128
RATE = 0.002
SEED = 7


class Classifier(nn.Module):
    """Scores (B, classes) of bilevel images, float (B, 1, 28, 28) of 0 and 1."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_layer(1, 32, kernel=5, stride=2),
            *_layer(32, 64, stride=2),
            *_layer(64, 64),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(64 * 7 * 7, 128),
            nn.ReLU(),
            nn.Linear(128, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.body(x)
        return scores


def _layer(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]


def load_classifier(judge: str, folder: Path = FOLDER) -> Classifier:
    """Load the trained net of a judge, "digits", "characters" or "silhouettes".

    Raises:
        VlaeError: it was not trained yet.
    """
    path = folder / f"{judge}.pt"
    if not path.exists():
        raise VlaeError(f"{path}: not trained yet; python -m benchmarks.classifier {judge} --data FOLDER does it")
    model = Classifier(CLASSES[judge])
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval()


def classify(images: Images, judged: Judged, folder: Path = FOLDER) -> Labels:
    """Return the class that the judge reads in each bilevel image among its choices, int64 (N,).

    Args:
        images: uint8 of 0 and 1, (N, 28, 28), in the place of `judged.images`.
        judged: which judge reads, and among what.
        folder: of the judges' weights.
    """
    model = load_classifier(judged.judge, folder)
    with torch.no_grad():
        parts = [model(part) for part in torch.split(torch.from_numpy(images).unsqueeze(1).float(), 500)]
        scores = torch.cat(parts).gather(1, torch.from_numpy(judged.choices))
    best = scores.argmax(1, keepdim=True).numpy()
    return np.asarray(np.take_along_axis(judged.choices, best, 1)[:, 0], np.int64)


def binarise(grey: NDArray[np.uint8], random: np.random.Generator) -> Tensor:
    """Return a fresh binarisation of each digit, shifted by up to a pixel, float (B, 1, 28, 28)."""
    padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)))
    rows, columns = random.integers(0, 3, (2, len(grey), 1, 1))
    index = np.arange(len(grey))[:, None, None]
    height, width = grey.shape[1:]
    moved = padded[index, rows + np.arange(height)[:, None], columns + np.arange(width)]
    ink = random.integers(0, 255, moved.shape, np.uint8) < moved
    return torch.from_numpy(ink).unsqueeze(1).float()


def train(images: Images, labels: Labels, classes: int, epochs: int) -> Classifier:
    """Train a classifier on grey images with a one-cycle learning rate."""
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    model: Classifier = Classifier(classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
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
@click.argument("judges", nargs=-1, required=True, type=click.Choice(list(CLASSES)))
@data_option
@click.option("--epochs", type=click.IntRange(1), help="Through the training images [default: by the judge].")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
def main(judges: tuple[str, ...], data: Path, epochs: int | None, threads: int) -> None:
    """Train JUDGES and say how many of the test images each reads."""
    torch.set_num_threads(threads)
    for judge in judges:
        started, rounds = time.monotonic(), epochs or EPOCHS[judge]
        model = train(*load_labelled(judge, data), CLASSES[judge], rounds)
        FOLDER.mkdir(parents=True, exist_ok=True)
        torch.save(model.state_dict(), FOLDER / f"{judge}.pt")
        training = time.monotonic() - started
        test = load_judged(SETS[judge], data)
        right = classify(test.images, test) == test.labels
        write_result(
            f"classifier-{judge}",
            {
                "judge": judge,
                "set": SETS[judge],
                "epochs": rounds,
                "threads": threads,
                "training_seconds": round(training, 1),
                "weights": sum(parameter.numel() for parameter in model.parameters()),
                "images": len(right),
                "among": test.choices.shape[1],
                "right": round(float(right.mean()), 4),
            },
        )
        click.echo(
            f"{judge}: {100 * right.mean():.2f} % of {len(right)} test images read; {training:.0f} s of training"
        )


if __name__ == "__main__":
    main()
