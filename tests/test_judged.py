"""What a judge may take an image for, and that it reads nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_models import some_images, write_ink_sets

from benchmarks import classifier
from benchmarks.classifier import Classifier, classify
from benchmarks.judged import AMONG, CLASSES, Judged, choices_among, load_judged
from vlae_codec.errors import VlaeError


def test_choices_are_twenty_of_the_own_group_as_far_as_it_goes() -> None:
    classes = np.arange(60)
    groups = np.where(classes < 30, 0, np.where(classes < 40, 1, 2))  # groups of 30, 10 and 20
    labels = np.repeat(classes, 2)
    choices = choices_among(labels, groups[labels], np.arange(120))
    assert choices.shape == (120, AMONG)
    np.testing.assert_array_equal(choices[:, 0], labels)
    for row, label in zip(choices, labels, strict=True):
        assert len(set(row)) == AMONG
        own = int((groups[row] == groups[label]).sum())
        assert own == min(AMONG, int((groups == groups[label]).sum()))
    assert {tuple(row) for row in choices[:2]} != {tuple(choices[0])}  # another image, other distractors
    np.testing.assert_array_equal(choices[7:9], choices_among(labels, groups[labels], np.array([7, 8])))


def test_the_judge_reads_among_its_choices(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(Classifier(CLASSES["characters"]).state_dict(), tmp_path / "characters.pt")
    images = some_images(6)
    choices = np.stack([np.random.default_rng(i).permutation(1623)[:AMONG] for i in range(6)])
    judged = Judged(images, choices[:, 0], choices, "characters")
    found = classify(images, judged, tmp_path)
    assert all(value in row for value, row in zip(found, choices, strict=True))
    np.testing.assert_array_equal(found, classify(images, judged._replace(choices=choices[:, ::-1].copy()), tmp_path))


def test_a_judge_that_was_not_trained_is_one_clear_line(tmp_path: Path) -> None:
    judged = Judged(some_images(1), np.zeros(1, np.int64), np.zeros((1, 1), np.int64), "characters")
    with pytest.raises(VlaeError, match=r"benchmarks\.classifier characters"):
        classify(judged.images, judged, tmp_path)


def test_every_judge_has_a_set_to_be_judged_by() -> None:
    assert classifier.SETS.keys() == classifier.EPOCHS.keys() == CLASSES.keys()


def test_characters_come_with_their_classes(tmp_path: Path) -> None:
    ink = np.random.default_rng(1).integers(0, 256, (40, 28, 28)).astype(np.uint8)
    write_ink_sets(tmp_path, ink)
    path = tmp_path / "omniglot" / "omniglot28.npz"
    with np.load(path) as file:
        np.savez(path, **file, test_char=np.arange(40) % 25, test_alphabet=np.arange(40) % 25 // 22)
    judged = load_judged("omniglot", tmp_path, 8)
    assert judged.images.shape == (8, 28, 28) and judged.choices.shape == (8, AMONG)
    np.testing.assert_array_equal(judged.choices[:, 0], judged.labels)
    np.testing.assert_array_equal(judged.labels, np.array([2, 7, 12, 17, 22, 27, 32, 37]) % 25)
