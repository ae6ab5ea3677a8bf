"""What errors are worth where a picture of the photo family varies much or little."""

from __future__ import annotations

import numpy as np
import pytest

from vlae_codec.families.photo import masking, transform
from vlae_codec.families.photo.masking import LEAST, MOST
from vlae_codec.families.photo.rounding import choose

RANDOM = np.random.default_rng(3)


def half_textured() -> np.ndarray:
    """Return a picture (128, 256, 3) that is smooth on the left and grained on the right, by fine and coarse grain."""
    picture = np.full((128, 256, 3), 120)
    picture[:, 128:] += RANDOM.integers(-40, 41, (128, 128, 1))
    picture[:, 128:] += RANDOM.integers(-30, 31, (16, 16, 1)).repeat(8, 0).repeat(8, 1)
    return picture.astype(np.uint8)


def test_all_errors_of_a_flat_picture_are_worth_as_much() -> None:
    for worth in masking.masking(np.full((70, 90, 3), (10, 200, 30), np.uint8)):
        assert worth.shape == transform.grid((70, 90)) and (worth == 1).all()


def test_errors_in_texture_are_worth_less() -> None:
    for worth in masking.masking(half_textured()):
        assert worth[:, :7].min() > 1 > worth[:, 9:].max()
        assert worth.min() >= LEAST and worth.max() <= MOST


def test_only_coarse_variation_hides_errors_of_the_first_slice() -> None:
    picture = np.full((128, 256, 3), 120, np.uint8)
    picture[::2, 128::2] = 160  # within blocks alone, whose means are all the same
    found = masking.masking(picture)
    assert (found.of(0)[:, 9:15] == found.of(0)[0, 10]).all() and found.of(0)[0, 12] == found.of(0)[0, 3]
    assert (found.of(1)[:, 9:] < found.of(1)[:, :7]).all() and found.of(3) is found.of(1)


def test_bands_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = half_textured()
    whole = masking.masking(picture)
    monkeypatch.setattr(transform, "BAND", 16 * 256)
    assert all((one == other).all() for one, other in zip(whole, masking.masking(picture), strict=True))


def test_fewer_latents_are_sent_where_errors_are_worth_less() -> None:
    values = RANDOM.normal(0, 200, (16, 400)).astype(np.int32)
    means, scales = np.zeros_like(values), np.full(values.shape, 20, np.uint8)
    worth = np.repeat([LEAST, 1.0, MOST], [200, 100, 100])
    plain, found = choose(values, means, scales, 5), choose(values, means, scales, 5, worth=worth)
    sent, usual = (np.abs(one).sum(0) for one in (found, plain))
    assert (sent[:200] <= usual[:200]).all() and sent[:200].sum() < usual[:200].sum()
    assert (sent[200:300] == usual[200:300]).all()
    assert (sent[300:] >= usual[300:]).all() and sent[300:].sum() > usual[300:].sum()
