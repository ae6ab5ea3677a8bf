"""The static MNIST digits with their classes, which the file of the fixed binarisation does not hold.

The binarisation drew every pixel of an MNIST digit once with its grey value as the probability of ink,
and its digits come in another order. So each bilevel digit is given the class of the grey digit
that makes it most likely. The margin shows how safe that is.

Run as `python -m benchmarks.digits --data FOLDER` to see and store how sure the matches are.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.results import write_result
from vlae_cli.common import data_option
from vlae_models.data.sets import Images, load_idx, load_set

Labels = NDArray[np.int64]

ORIGINALS = {"train": "train", "valid": "train", "test": "t10k"}
"""MNIST's file for each part of the fixed binarisation."""
CLAMP = 1 / 510
"""Least probability of a pixel; a grey value of 0 or 255 leaves no more doubt than half a step."""
CHUNK = 500


class Matches(NamedTuple):
    """The most likely original of each bilevel image, (N,) each.

    Attributes:
        original: its index.
        log_likelihood: of the image under it, nats.
        margin: by how much the most likely one of another class is less likely, nats.
    """

    original: NDArray[np.int64]
    log_likelihood: NDArray[np.float64]
    margin: NDArray[np.float64]


class Digits(NamedTuple):
    """Bilevel images, uint8 of 0 and 1, (N, 28, 28), and their classes, int64, (N,)."""

    images: Images
    labels: Labels


def load_grey(name: str, folder: Path) -> Digits:
    """MNIST as distributed: uint8 0 ... 255 and classes; name "train" or "t10k"."""
    names = f"{name}-images-idx3-ubyte.gz", f"{name}-labels-idx1-ubyte.gz"
    images, labels = (load_idx(folder / "mnist" / part) for part in names)
    return Digits(images, labels.astype(np.int64))


def match(images: Images, grey: Digits) -> Matches:
    """Find each bilevel image's most likely original among the grey ones.

    Args:
        images: uint8 of 0 and 1, (N, H, W).
        grey: uint8, (M, H, W), of two classes at least; grey / 255 is the probability of a 1.
    """
    chance = np.clip(grey.images.reshape(len(grey.images), -1) / 255, CLAMP, 1 - CLAMP)
    logit = (np.log(chance) - np.log1p(-chance)).astype(np.float32).T  # (pixels, M)
    empty = np.log1p(-chance).sum(axis=1).astype(np.float32)  # (M,)
    flat = images.reshape(len(images), -1)
    found = []
    for start in tqdm(range(0, len(flat), CHUNK), desc="matching", delay=2, leave=False, disable=None):
        likelihood = flat[start : start + CHUNK].astype(np.float32) @ logit + empty
        rows, best = np.arange(len(likelihood)), likelihood.argmax(axis=1)
        first = likelihood[rows, best]
        likelihood[grey.labels[best][:, None] == grey.labels] = -np.inf
        found.append((best, first, first - likelihood.max(axis=1)))
    original, value, margin = (np.concatenate(part) for part in zip(*found, strict=True))
    return Matches(original.astype(np.int64), value.astype(np.float64), margin.astype(np.float64))


def expected_log_likelihood(grey: Images) -> NDArray[np.float64]:
    """Return the expected log-likelihood of a fair binarisation of each grey image (M, H, W), nats, (M,)."""
    chance = grey.reshape(len(grey), -1) / 255
    clamped = np.clip(chance, CLAMP, 1 - CLAMP)
    return np.asarray((chance * np.log(clamped) + (1 - chance) * np.log1p(-clamped)).sum(axis=1))


def load_test(folder: Path, count: int | None = None) -> Digits:
    """Load the static test digits with classes; `count` of them evenly spaced, as the file is grouped by class."""
    images = load_set("mnist-static", folder).test
    images = images[evenly(count or len(images), len(images))]
    grey = load_grey("t10k", folder)
    return Digits(images, grey.labels[match(images, grey).original])


def evenly(count: int, total: int) -> NDArray[np.int64]:
    """`count` indices evenly spaced through `total`, from the middle of each stretch."""
    count = min(count, total)
    return (np.arange(count) * 2 + 1) * total // (2 * count)


@click.command()
@data_option
def main(data: Path) -> None:
    """Match the 10,000 static test digits with MNIST's and say how sure that is."""
    images = load_set("mnist-static", data).test
    grey = load_grey("t10k", data)
    found = match(images, grey)
    expected = expected_log_likelihood(grey.images)[found.original]
    labels = grey.labels[found.original]
    figures = {
        "images": len(images),
        "distinct_originals": len(np.unique(found.original)),
        "classes": np.bincount(labels, minlength=10).tolist(),
        "classes_of_originals": np.bincount(grey.labels, minlength=10).tolist(),
        "sorted_by_class": bool((np.diff(labels) >= 0).all()),
        "least_margin_nats": round(float(found.margin.min()), 2),
        "margins_below_10_nats": int((found.margin < 10).sum()),
        "median_margin_nats": round(float(np.median(found.margin)), 2),
        "mean_log_likelihood_nats": round(float(found.log_likelihood.mean()), 2),
        "expected_log_likelihood_nats": round(float(expected.mean()), 2),
        "least_log_likelihood_over_expected_nats": round(float((found.log_likelihood - expected).min()), 2),
    }
    path = write_result("digits", figures)
    for key, value in figures.items():
        click.echo(f"{key:42} {value}")
    click.echo(f"in {path.name}")


if __name__ == "__main__":
    main()
