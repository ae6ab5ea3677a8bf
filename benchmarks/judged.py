"""Test images of any set with what a judge may take them for: digits, characters among twenty, kinds of silhouettes.

A judge is a classifier that was trained on the set's own training images. It reads a digit among ten and a silhouette
among its 101 kinds. A character is read among twenty: its own and nineteen others, drawn by seed from its own alphabet
and, where that has fewer, from the others; the judge has learnt all of them from the drawers of the training part.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.digits import Digits, Labels, evenly, load_grey, load_test
from vlae_models.data.mat_file import read_mat
from vlae_models.data.sets import CALTECH_FILE, OMNIGLOT_FILE, Images, load_ink, load_set

JUDGES = {"mnist-static": "digits", "mnist-dynamic": "digits", "omniglot": "characters", "caltech": "silhouettes"}
"""Which judge reads the images of a set."""
MEASURES = {
    "class_kept": ("class kept, %", 100.0, 100.0),
    "pixel_errors": ("pixels wrong, %", 100.0, 0.0),
    "distortion_bits": ("-log p(x|z), bits an image", 1.0, 0.0),
}
"""What is drawn against the payload: its axis, what a value is multiplied with there, and how far up it goes."""
CLASSES = {"digits": 10, "characters": 1623, "silhouettes": 101}
AMONG = 20
SEED = 11


class Judged(NamedTuple):
    """Bilevel images of 0 and 1, uint8 (N, 28, 28); classes, (N,); what each may be taken for, (N, K), its own too."""

    images: Images
    labels: Labels
    choices: NDArray[np.int64]
    judge: str


def load_judged(name: str, folder: Path, count: int | None = None) -> Judged:
    """Load the test images of a set, or `count` of them evenly spaced, with their classes.

    Raises:
        VlaeError: the set's files are not there.
    """
    judge = JUDGES[name]
    every = np.arange(CLASSES[judge])
    if name == "mnist-static":
        digits = load_test(folder, count)
        return Judged(*digits, np.tile(every, (len(digits.labels), 1)), judge)
    images, labels = load_set(name, folder).test, load_labelled(judge, folder, train=False).labels
    chosen = evenly(count or len(images), len(images))
    if judge == "characters":
        with np.load(folder / OMNIGLOT_FILE, allow_pickle=False) as file:
            choices = choices_among(labels, file["test_alphabet"].astype(np.int64), chosen)
    else:
        choices = np.tile(every, (len(chosen), 1))
    return Judged(images[chosen], labels[chosen], choices, judge)


def choices_among(labels: Labels, groups: Labels, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Twenty classes for each chosen image, its own first, the others from its group as far as that goes.

    Args:
        labels: class of every image, (M,).
        groups: group of every image, (M,); a class lies in one group.
        chosen: numbers of the images that are to be read, (N,).
    """
    classes, first = np.unique(labels, return_index=True)
    group_of = groups[first]
    rows = []
    for number in chosen:
        random = np.random.default_rng([SEED, int(number)])
        order = random.permutation(len(classes))
        order = order[classes[order] != labels[number]]
        near = group_of[order] == groups[number]
        others = np.concatenate([order[near], order[~near]])[: AMONG - 1]
        rows.append([labels[number], *classes[others]])
    return np.array(rows, np.int64)


def load_labelled(judge: str, folder: Path, train: bool = True) -> Digits:
    """Ink, uint8 of 0 to 255, and classes of the training images that a judge learns from, or of the test images."""
    if judge == "digits":
        return load_grey("train" if train else "t10k", folder)
    if judge == "characters":
        part = "train" if train else "test"
        with np.load(folder / OMNIGLOT_FILE, allow_pickle=False) as file:
            return Digits(file[part], file[f"{part}_char"].astype(np.int64))
    ink, matrices = load_ink("caltech", folder), read_mat(folder / CALTECH_FILE)
    labels = [matrices[f"{part}_labels"].reshape(-1).astype(np.int64) - 1 for part in ("train", "val", "test")]
    if train:
        return Digits(np.concatenate([ink.train, ink.valid]), np.concatenate(labels[:2]))
    return Digits(ink.test, labels[2])
