"""Sharpened pictures: their latents come nearer to the picture, from an effort and a quality on, alike in every way."""

from __future__ import annotations

import numpy as np

import vlae_codec
from vlae_codec.families.photo import sharpening
from vlae_codec.families.photo.container import parse_file
from vlae_codec.families.photo.model import PhotoModel
from vlae_codec.families.photo.sharpening import LEAST, LEAST_EFFORT, MOST, REFERENCE, Source, share_of, sharper
from vlae_codec.families.photo.transform import Levels, synthesise
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
        source = Source(model, levels, effort, several=False)
        latents = sharpening.in_sixteenths(model, source.latents(240))
        errors.append(np.square(synthesise(model, latents, REFERENCE, levels.shape[:2]) - levels.astype(float)).mean())
    assert errors[1] < 0.9 * errors[0]


def test_shares_rise_from_nothing_to_the_most() -> None:
    shares = [share_of(level) for level in range(256)]
    assert shares == sorted(shares) and shares[LEAST] == 0 < shares[LEAST + 1] and shares[-1] <= MOST
    levels = np.array([[[0, 100, 250]]], np.uint8)
    drawn = np.array([[[10, 90, 240]]], np.uint8)
    assert sharper(levels, drawn, 0.75).tolist() == [[[0, 108, 255]]]  # 107.5 to the even one


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
