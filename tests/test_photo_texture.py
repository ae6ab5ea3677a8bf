"""Texture of the photo family: what was not sent is drawn, the same on every machine."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

import vlae_codec
from vlae_codec.errors import VlaeError
from vlae_codec.exact.philox import philox
from vlae_codec.exact.tables import load_tables
from vlae_codec.families.photo import coding, transform
from vlae_codec.families.photo.container import parse_file
from vlae_codec.families.photo.masking import masking
from vlae_codec.families.photo.model import PhotoModel
from vlae_codec.families.photo.texture import LARGEST, LEAST, SCALES, SIGMA_FRACTION, Draw, drawn, offsets
from vlae_codec.families.registry import find_model, load

SIZE = (150, 210)


def scene() -> np.ndarray:
    """Return grass under a sky, uint8 (H, W, 3)."""
    rng = np.random.default_rng(1)
    out = np.full((*SIZE, 3), (110, 150, 220), np.uint8)
    out[70:] = np.clip(np.array([60, 110, 40]) + rng.normal(0, 30, (SIZE[0] - 70, SIZE[1], 1)), 0, 255)
    return out


@pytest.fixture(scope="module")
def data() -> bytes:
    """The file of the scene at a low quality."""
    return vlae_codec.compress(scene(), "photo", quality=30)


@pytest.fixture(scope="module")
def model() -> PhotoModel:
    """The released model."""
    return load(find_model("photo"), PhotoModel)


def test_offsets_are_quantiles_of_normal_distributions_cut_to_a_bin() -> None:
    normal = NormalDist()
    for index in (0, 10, 20, 31):
        sigma = LEAST * (LARGEST / LEAST) ** (index / 31)
        low, high = normal.cdf(-0.5 / sigma), normal.cdf(0.5 / sigma)
        expected = [sigma * normal.inv_cdf(low + (high - low) * (b + 0.5) / 256) for b in range(256)]
        np.testing.assert_allclose(offsets()[index] / 256, expected, atol=0.004)


def test_scales_are_far_from_ties_of_rounding() -> None:
    """A power that is off in its last bits gives the same integers."""
    sigma = 2**SIGMA_FRACTION * LEAST * (LARGEST / LEAST) ** (np.arange(SCALES) / 31)
    assert np.abs(sigma % 1 - 0.5).min() > 1e-6


def test_texture_follows_the_page() -> None:
    scales = np.random.default_rng(0).integers(0, SCALES, (20, 3, 5)).astype(np.uint8)
    seed, number, heat = 12345678901234567, 3, 11
    found = drawn(scales[:, 1:], 1, Draw(heat / 16, seed, number))
    quantile = load_tables().quantile.tolist()
    for c, r, j in np.ndindex(*scales.shape):
        sigma = round(2**9 * 64 ** (int(scales[c, r, j]) / 31))
        inside = [k for k, value in enumerate(quantile) if abs(sigma * value) <= 1 << 27]
        counter = np.array([r, j, (c >> 4) + (number << 16), 5 << 28])[:, None]
        m = c % 16
        words = philox(counter[0], counter[1], counter[2], counter[3], (seed & 0xFFFFFFFF, seed >> 32))
        b = int(words[m >> 2][0]) >> 8 * (m & 3) & 255
        k = inside[0] + ((2 * b + 1) * len(inside) >> 9)
        assert r == 0 or found[c, r - 1, j] == (heat * (sigma * quantile[k] + (1 << 19) >> 20) + 128) >> 8


def test_a_model_without_texture_says_so(model: PhotoModel, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(model, "texture", None)
    with pytest.raises(VlaeError, match="`temperature`: not for model photo"):
        vlae_codec.decompress(data, temperature=0.5)
    vlae_codec.decompress(data)


def test_only_what_was_not_sent_is_drawn(model: PhotoModel) -> None:
    file = parse_file(vlae_codec.compress(scene(), "photo", quality=50, effort=4))
    rows, columns = transform.grid(SIZE)
    base, texture = (coding.pop(model, file.payload, rows, columns, file.level, Draw(heat)) for heat in (0.0, 1.0))
    sent = transform.analyse(model, scene())
    coding.push(model, sent, file.level, 4, masking(scene()))
    np.testing.assert_array_equal(base, sent)
    away = np.abs(texture - base)
    assert 0 < away.max() <= 8
    assert 0.01 < (away > 0).mean() < 1


def test_bands_draw_what_the_whole_draws(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.asarray(vlae_codec.decompress(data, temperature=1.0))
    monkeypatch.setattr(transform, "BAND", 4000)
    np.testing.assert_array_equal(np.asarray(vlae_codec.decompress(data, temperature=1.0)), whole)


def test_seeds_and_temperatures_are_pictures_of_their_own(data: bytes) -> None:
    base = np.asarray(vlae_codec.decompress(data)).astype(int)
    drawn = {
        (seed, heat): np.asarray(vlae_codec.decompress(data, seed, temperature=heat)).astype(int)
        for seed in (0, 1)
        for heat in (0.0, 0.5, 1.0)
    }
    for seed in (0, 1):
        np.testing.assert_array_equal(drawn[seed, 0.0], base)
        near, far = (np.abs(drawn[seed, heat] - base).mean() for heat in (0.5, 1.0))
        assert 0 < near < far
    assert (drawn[0, 1.0] != drawn[1, 1.0]).any()
    np.testing.assert_array_equal(np.asarray(vlae_codec.decompress(data, 1, temperature=1, preview=True)), base)
    sky, grass = (np.abs(drawn[0, 1.0] - base)[rows].mean() for rows in (slice(10, 50), slice(90, 140)))
    assert sky < 0.3 * grass


def test_numpy_and_torch_draw_the_same(data: bytes) -> None:
    pytest.importorskip("torch")
    for heat in (0.3, 1.0):
        one, other = (vlae_codec.decompress(data, 9, temperature=heat, device=device) for device in ("cpu", "torch"))
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
