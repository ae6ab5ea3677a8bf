"""A small classifier that learns digits from PNG files and from a collection: pictures a second, epoch by epoch.

Run as `python -m benchmarks.training_reads --data FOLDER`. Both data sets are in memory and go through PyTorch's loader
in shuffled batches; that of the collection keeps decoded pictures. Speeds are by the time of one process on the
processor.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from benchmarks.classifier import BATCH, RATE, SEED, Classifier
from benchmarks.judged import load_judged
from benchmarks.options import images_option
from benchmarks.results import write_result
from benchmarks.stores import opened, png
from vlae_cli.common import data_option, exit_on_error, progress_bar
from vlae_codec.collections import encode_part
from vlae_codec.engines.torch import PictureDataset

KEEP = 1 << 30


class Pngs(Dataset[Any]):
    """Digits of PNG files in memory, uint8 (1, 28, 28), with their classes."""

    def __init__(self, files: list[bytes], labels: list[int]) -> None:
        self.files, self.labels = files, labels

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> Any:
        digit = opened(self.files[number]).astype(np.uint8) * np.uint8(255)
        return torch.from_numpy(digit[None]), self.labels[number]


def learn(data: Dataset[Any], count: int, epochs: int) -> dict[str, Any]:
    """Train a classifier, and return pictures a second of each epoch, and the share that it reads rightly at last."""
    torch.manual_seed(SEED)
    model = Classifier()
    optimiser = torch.optim.AdamW(model.parameters(), RATE)
    speeds = []
    with progress_bar("training") as step:
        for _ in range(epochs):
            started, right = time.process_time(), 0
            for images, labels in DataLoader(data, batch_size=BATCH, shuffle=True):
                scores = model(images.float() / 255)
                optimiser.zero_grad(set_to_none=True)
                F.cross_entropy(scores, labels).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                right += int((scores.argmax(1) == labels).sum())
            speeds.append(count / (time.process_time() - started))
            step(count, epochs * count)
    return {
        "first_epoch": round(speeds[0], 1),
        "later_epochs": round(statistics.median(speeds[1:]), 1),
        "right": round(right / count, 4),
    }


@click.command()
@data_option
@images_option(2000)
@click.option("--epochs", type=click.IntRange(2), default=4, show_default=True)
@exit_on_error
def main(data: Path, images: int, epochs: int) -> None:
    """Measure what reading costs a training."""
    judged = load_judged("mnist-static", data, images)
    pictures = [digit * np.uint8(255) for digit in judged.images]
    labels = judged.labels.tolist()
    sets: dict[str, Dataset[Any]] = {"PNG": Pngs(list(map(png, pictures)), labels)}
    for name, exact in (("collection, exact", True), ("collection, lossy", False)):
        packed = encode_part(pictures, "mnist", effort=1, lossless=exact)
        sets[name] = PictureDataset(packed, labels=labels, keep_bytes=KEEP)
    rows = [{"store": name, **learn(one, images, epochs)} for name, one in sets.items()]
    for row in rows:
        row["later_over_png"] = round(row["later_epochs"] / rows[0]["later_epochs"], 3)
    result = {"images": images, "epochs": epochs, "rows": rows}
    write_result("training_reads", result)
    click.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
