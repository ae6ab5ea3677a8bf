"""What the sender draws and the receiver does not: some pixels only, in single precision."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import WINDOW_NAMES, some_images, tiny_model

from vlae_codec.autoregressive import engine
from vlae_codec.latents.posterior import posterior_of
from vlae_codec.model.networks import Integers


def latents(count: int) -> Integers:
    return np.random.default_rng(5).integers(-2000, 2000, (count, 16))


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_without_bounds_all_is_drawn(window: str) -> None:
    model, z = tiny_model(window), latents(5)
    everywhere = np.ones((5, model.height, model.width), bool)
    np.testing.assert_array_equal(model.draw(z, 3, near=everywhere), model.draw(z, 3))


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_pixels_by_index_are_those_of_the_wavefront(window: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine draws all pixels, and takes those out of bounds for blank; here in blocks of a few pixels, too."""
    model, z = tiny_model(window), latents(7)
    near = np.random.default_rng(6).random((7, model.height, model.width)) < 0.4
    near[2] = False
    expected = tiny_model(window, device="torch").draw(z, near=near)
    np.testing.assert_array_equal(model.draw(z, near=near), expected)
    monkeypatch.setattr(engine, "BLOCK", 5 * 8 * 9)
    assert engine.block_pixels(model.local_net, 1) == 5
    np.testing.assert_array_equal(model.draw(z, near=near), expected)
    assert expected.any() and not expected[~near].any()


def test_single_precision_is_nearly_exact() -> None:
    model, images = tiny_model(), some_images(40)
    posterior, rough = posterior_of(model, images), posterior_of(model.approximate, images)
    assert rough.mean.shape == posterior.mean.shape and rough.mean.dtype == posterior.mean.dtype
    np.testing.assert_allclose(rough.mean, posterior.mean, atol=0.01)
    z = latents(40)
    bits, nearly = (one.distortion_bits(images, z) for one in (model, model.approximate))
    np.testing.assert_allclose(nearly, bits, rtol=1e-3)
    assert np.mean(model.approximate.draw(z) != model.draw(z)) < 1e-3
