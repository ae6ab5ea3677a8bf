"""Latents that make up for the transforms' loss come nearer to the picture, from an effort and a quality on."""

from __future__ import annotations

import numpy as np

import vlae_codec
from vlae_codec.families.photo.compensation import LEAST, LEAST_EFFORT, MOST, Source, add_loss, unrounded
from vlae_codec.families.photo.container import parse_file
from vlae_codec.families.photo.model import PhotoModel
from vlae_codec.families.photo.transform import Levels, analyse
from vlae_codec.families.registry import find_model, load


def picture(height: int = 96, width: int = 150) -> Levels:
    """Edges, gradients and fine texture."""
    rows, columns = np.mgrid[:height, :width]
    waves = 60 * np.sin(rows / 5) * np.cos(columns / (3 + rows / 20)) + np.where(columns > 70, 40, -40)
    noise = np.random.default_rng(2).normal(0, 2, (height, width, 3))
    return np.asarray((128 + waves[:, :, None] + noise).clip(0, 255), np.uint8)


def test_latents_come_nearer_to_the_picture() -> None:
    model, levels = load(find_model("photo"), PhotoModel), picture()
    errors = []
    for effort in (LEAST_EFFORT - 1, LEAST_EFFORT):
        drawn = unrounded(model, Source(model, levels, effort, several=False).latents(240), levels.shape[:2])
        errors.append(np.square(drawn - levels.astype(float)).mean())
    assert errors[1] < 0.9 * errors[0]


def test_shares_rise_from_nothing_to_the_most() -> None:
    model = load(find_model("photo"), PhotoModel)
    shares = [Source(model, picture(), LEAST_EFFORT, several=True).sixteenths(level) for level in range(256)]
    assert shares == sorted(shares) and shares[LEAST] == 0 and shares[-1] == MOST
    assert Source(model, picture(), LEAST_EFFORT - 1, several=True).sixteenths(255) == 0
    thin = np.zeros((70_000, 1, 3), np.uint8)
    assert Source(model, thin, LEAST_EFFORT, several=True).sixteenths(255) == 0


def test_what_is_added_is_the_linear_path_of_what_is_lost() -> None:
    """The same as twice its half, up to rounding, and nothing where nothing is lost."""
    model, levels = load(find_model("photo"), PhotoModel), picture()
    y, lost = analyse(model, levels), np.zeros_like(levels)
    lost[20:40, 30:60] = 9
    found = []
    for drawn, sixteenths in ((levels, 8), (levels - lost, 8), (levels - lost, 16)):
        changed = y.copy()
        add_loss(model, changed, levels, drawn, sixteenths)
        found.append(changed - y)
    assert not found[0].any() and found[1].any()
    assert np.abs(found[2] - 2 * found[1]).max() <= 1
    assert not found[1][:, :, 6:].any()  # no position that sees no change


def test_it_begins_with_an_effort_and_a_quality() -> None:
    levels = picture()
    for quality, alike in ((40, True), (90, False)):
        files = [
            vlae_codec.compress(levels, "photo", quality=quality, effort=effort)
            for effort in (LEAST_EFFORT - 1, LEAST_EFFORT)
        ]
        assert (files[0] == files[1]) == alike


def test_a_target_gives_what_its_quality_gives() -> None:
    levels = picture()
    by_target = vlae_codec.compress(levels, "photo", target_bytes=4000, effort=LEAST_EFFORT)
    level = parse_file(by_target).level
    assert level > LEAST
    assert by_target == vlae_codec.compress(levels, "photo", quality=level / 255 * 100, effort=LEAST_EFFORT)
