"""Convolutions by their Fourier transform: the integers of the layers, or a clear word that they may not be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_models import SHAPES, exported, some_images, tiny_model

from vlae_codec.exact.kernels import fold
from vlae_codec.exact.layers import Conv3x3, Linear
from vlae_codec.exact.spectral import Kernel, Side, Transform
from vlae_codec.model.networks import MANY, IntegerModel


def convolved(folded: NDArray[np.float64], transform: Transform, maps: NDArray[np.float64], shift: int) -> Kernel:
    """Hold a kernel's result, rounded down, against that of the layer; return the kernel."""
    height, width, channels, batch = maps.shape
    kernel, outputs = Kernel.of(folded, transform, shift), len(folded)
    planes = np.zeros((height + 1, width, max(channels, outputs), batch))
    before, after = (np.zeros((transform.frequencies, count, batch)) for count in (channels, outputs))
    out = np.zeros((height, width, outputs, batch))
    transform.analyse(maps, planes[:, :, :channels].copy(), before)
    kernel.apply(transform, before, after)
    transform.synthesise(after, planes[:, :, :outputs].copy(), out)
    weight, bias = folded[:, :-1].T * 2.0**shift, (folded[:, -1] - 0.5) * 2.0**shift
    expected = Conv3x3(Linear(weight, bias, shift))(maps.transpose(3, 0, 1, 2)).transpose(1, 2, 3, 0)
    np.testing.assert_array_equal(np.floor(out), expected)
    return kernel


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 9), st.integers(8, 18))
def test_sums_are_those_of_the_layer(seed: int, height: int, width: int, shift: int) -> None:
    rng, (inputs, outputs, batch) = np.random.default_rng(seed), (3, 4, 2)
    weight, bias = rng.integers(-999, 1000, (9 * inputs, outputs)), rng.integers(-(2**20), 2**20, outputs)
    maps = rng.integers(0, 2**12, (height, width, inputs, batch)).astype(np.float64)
    kernel = convolved(fold(weight, bias, shift), Transform(height, width, np.float64), maps, shift)
    assert kernel.most > 2**12


def test_sums_just_below_an_integer_are_rounded_down() -> None:
    """Sums of 1 at a shift of 1 are 1/2 away from the next integer, with 1/2 of the rounding on it or just below it."""
    weight, bias = np.ones((9, 1), np.int64), np.array([-1])
    maps = np.arange(30, dtype=np.float64).reshape(5, 6, 1, 1)
    convolved(fold(weight, bias, 1), Transform(5, 6, np.float64), maps, 1)


@pytest.mark.parametrize("pixels", range(1, 16))
def test_the_transform_of_a_side_is_undone(pixels: int) -> None:
    side, rng = Side.of(pixels, np.float64), np.random.default_rng(pixels)
    x = rng.normal(size=(2 * pixels, 3))
    np.testing.assert_allclose(side.synthesis @ (side.analysis @ x[:pixels]), x[:pixels], atol=1e-13)
    np.testing.assert_allclose(side.back @ (side.whole @ x), x, atol=1e-13)
    whole = (side.whole @ x).reshape(side.size, 2, -1)
    np.testing.assert_allclose(
        whole[:, 0] + 1j * whole[:, 1], np.fft.fft(x[:pixels] + 1j * x[pixels:], side.size, axis=0), atol=1e-12
    )


def test_the_bound_falls_with_weights_and_rises_with_the_step() -> None:
    transform = Transform(6, 6, np.float64)
    folded = fold(np.full((9, 1), 100), np.array([0]), 10)
    most = Kernel.of(folded, transform, 10).most
    assert Kernel.of(2 * folded, transform, 10).most == pytest.approx(most / 2, rel=1e-3)
    assert Kernel.of(folded, transform, 11).most == pytest.approx(most / 2, rel=1e-3)
    assert Kernel.of(folded, transform, 45).most < 2**12


@pytest.mark.parametrize("shape", SHAPES.values(), ids=str)
def test_features_are_those_of_the_layers(shape: tuple[str, int, int]) -> None:
    model, rng = tiny_model(*shape), np.random.default_rng(3)
    z = rng.integers(-4000, 4000, (MANY + 5, model.latent))
    expected = np.concatenate([model.features(part) for part in np.array_split(z, 8)])
    np.testing.assert_array_equal(model.features(z), expected)


def test_posteriors_are_those_of_the_layers() -> None:
    model, images = tiny_model(), some_images(2 * MANY + 5)
    parts = [model.posterior(part) for part in np.array_split(images, 8)]
    for found, expected in zip(model.posterior(images), zip(*parts, strict=True), strict=True):
        np.testing.assert_array_equal(found, np.concatenate(expected))
    model, images = tiny_model(labels=3), some_images(MANY)
    np.testing.assert_array_equal(
        model.given(1).posterior(images)[0],
        np.concatenate([model.posterior(images[:9])[0], model.posterior(images[9:])[0]]),
    )


def test_images_that_may_be_wrong_are_read_by_the_layers() -> None:
    info, arrays = exported()
    rng, shape = np.random.default_rng(4), arrays["encoder.fine.0.first.weight"].shape
    changed = {**arrays, "encoder.fine.0.first.weight": rng.integers(-(2**15) + 1, 2**15, shape)}
    model, images = IntegerModel({**info, "shifts": {**info["shifts"], "encoder.full": 40}}, changed), some_images(MANY)
    assert not model._spectral_encoder(images, MANY, lambda images: np.zeros((len(images), 1))).any()
    np.testing.assert_array_equal(
        model.posterior(images)[0], np.concatenate([model.posterior(one)[0] for one in np.split(images, 2)])
    )


def test_features_that_may_be_wrong_are_computed_by_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of 16 bits at a rescaling by nothing exceed what the transform can hold; all is clamped then."""
    info, arrays = exported()
    rng, changed = np.random.default_rng(2), dict(arrays)
    for name in ("decoder.coarse.0.first", "decoder.out"):
        changed[f"{name}.weight"] = rng.integers(-(2**15) + 1, 2**15, arrays[f"{name}.weight"].shape)
    info = {**info, "shifts": {**info["shifts"], "decoder.coarse.0.first": 0, "decoder.out": 0, "decoder.full": 24}}
    model = IntegerModel(info, changed)
    z = rng.integers(-4000, 4000, (MANY, model.latent))
    decoder, features = model._spectral_decoder, np.zeros((28, 28, 4, MANY))
    assert not decoder._workspace(MANY).run(decoder._spread(model.to_device(z)), features)
    np.testing.assert_array_equal(model.features(z), np.concatenate([model.features(z[:16]), model.features(z[16:])]))
