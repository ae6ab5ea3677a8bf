"""Integers against the floats they were exported from."""

from __future__ import annotations

import math
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from small_models import WINDOW_NAMES, config_of, exported, float_model, some_images, some_latents, tiny_model

from vlae_codec.coding.prefix_code import IndexCode
from vlae_codec.exact.layers import FRACTION, WEIGHT_LIMIT
from vlae_codec.families.registry import read_model
from vlae_codec.model.folder import read_arrays
from vlae_codec.model.networks import IntegerModel
from vlae_models.nets.vlae import as_tensor
from vlae_models.recipe import WINDOWS, BilevelRecipe, TrainConfig
from vlae_models.release.export import MAX_SHIFT, Exporter, model_info, weight_fraction, write_model
from vlae_models.release.packing import pack

SHAPES = [*((window, 16, 2) for window in WINDOW_NAMES), ("5x3", 32, 4), ("4x2", 16, 1)]
shapes = pytest.mark.parametrize(("window", "latent", "blocks"), SHAPES)
IMAGES = some_images(24)


@shapes
def test_posterior_is_that_of_the_floats(window: str, latent: int, blocks: int) -> None:
    mean, log_scale = tiny_model(window, latent, blocks).posterior(IMAGES)
    with torch.no_grad():
        expected = [part.numpy() for part in float_model(window, latent, blocks).encoder(as_tensor(IMAGES))]
    np.testing.assert_allclose(mean / 1024, expected[0], atol=0.01)
    np.testing.assert_allclose(log_scale / 1024, expected[1], atol=0.01)
    assert expected[0].std() > 0.1


@shapes
def test_prior_is_that_of_the_floats(window: str, latent: int, blocks: int) -> None:
    model, z = tiny_model(window, latent, blocks), some_latents(24, latent)
    with torch.no_grad():
        conditionals = float_model(window, latent, blocks).prior.conditionals(torch.from_numpy(z / 1024).float())
    expected_mean, expected_log_scale = (part.numpy() for part in conditionals)
    for block in range(blocks):
        dims = slice(block * 8, block * 8 + 8) if latent // blocks == 8 else slice(0, latent)
        mean, scale = model.prior_block(block, z[:, : dims.start])
        np.testing.assert_allclose(mean / 1024, expected_mean[:, dims], atol=0.01)
        np.testing.assert_allclose(np.log(scale / 2**14), expected_log_scale[:, dims], atol=0.01)


@shapes
def test_distortion_is_that_of_the_floats(window: str, latent: int, blocks: int) -> None:
    """Integers may cost 0.1 nat an image, of images that the model takes for likely: its own pictures."""
    model, net = tiny_model(window, latent, blocks), float_model(window, latent, blocks)
    z = some_latents(24, latent)
    pictures = model.draw(z)
    with torch.no_grad():
        expected = net.distortion(as_tensor(pictures), net.decoder(torch.from_numpy(z / 1024).float())).numpy()
    nats = model.distortion_bits(pictures, z) * math.log(2)
    assert expected.std() > 1
    assert abs((nats - expected).mean()) < 0.1
    np.testing.assert_allclose(nats, expected, atol=0.5)


def test_weights_fill_sixteen_bits() -> None:
    _, arrays = exported()
    for name, array in arrays.items():
        assert array.dtype == (np.int16 if name.endswith("weight") else np.int32), name
        if name.endswith("weight"):
            assert abs(array.astype(int)).max() <= WEIGHT_LIMIT


@pytest.mark.parametrize("largest", [1e-12, 0.3, 1.0, 1.9999, 2.0, 31.9, 32.0, 1000.0])
def test_weight_fraction_is_the_most_that_fits(largest: float) -> None:
    bits = weight_fraction(np.array([-largest, largest / 2]))
    assert largest * 2.0**bits <= WEIGHT_LIMIT
    assert bits == MAX_SHIFT or largest * 2.0 ** (bits + 1) > WEIGHT_LIMIT


def test_weight_fraction_of_nothing() -> None:
    assert weight_fraction(np.zeros((0, 4))) <= MAX_SHIFT


def test_a_matrix_is_stored_at_its_scale() -> None:
    out = Exporter()
    out.matrix("layer", torch.tensor([[1.5, -0.25]]), torch.tensor([1.0, -2.0]), less=4)
    bits = out.shifts["layer"] - 4
    assert bits == 14
    assert out.arrays["layer.weight"].tolist() == [[1.5 * 2**bits, -0.25 * 2**bits]]
    assert out.arrays["layer.bias"].tolist() == [2 ** (bits + FRACTION), -2 * 2 ** (bits + FRACTION)]


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_info_describes_the_model(window: str) -> None:
    info, arrays = exported(window)
    assert info["window"] == list(WINDOWS[window])
    assert set(info["shifts"]) == {name.rsplit(".", 1)[0] for name in arrays}
    above, left, right = WINDOWS[window]
    assert len(arrays["local.window.weight"]) == above * (left + 1 + right) + left
    for lengths in info["index_lengths"]:
        IndexCode(lengths)
    recipe = BilevelRecipe("tiny", "none", config_of(window), TrainConfig())
    assert model_info(recipe, {}, auto=False)["auto"] is False


def test_the_same_weights_make_the_same_bytes(tmp_path: Path) -> None:
    info, arrays = exported()
    written = [write_model(tmp_path / name, info, arrays) for name in ("one", "two")]
    assert written[0] == written[1] == info
    for name in ("weights.npz", "model.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    reversed_arrays = {name: arrays[name] for name in reversed(arrays)}
    assert pack(reversed_arrays) == (tmp_path / "one" / "weights.npz").read_bytes()
    assert read_model(tmp_path / "one", IntegerModel).fingerprint.hex() == info["fingerprint"]


def test_the_pack_is_an_npz_without_pickles() -> None:
    arrays = exported()[1]
    data = pack(arrays)
    with np.load(BytesIO(data), allow_pickle=False) as file:
        assert {name.removesuffix(".planes") for name in file.files} == set(arrays)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
    found = read_arrays(data)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].flags.c_contiguous == array.flags.c_contiguous
        np.testing.assert_array_equal(found[name], array)


def test_planes_of_any_integers_come_back() -> None:
    rng = np.random.default_rng(3)
    arrays = {f"a.i{size}": rng.integers(-(2**7), 2**7, (3, 5)).astype(f"i{size}") for size in (1, 2, 4, 8)}
    arrays["ends"] = np.array([-(2**63), 2**63 - 1, 0, -1])
    arrays["by columns"] = np.asfortranarray(rng.integers(-9, 9, (4, 6)).astype(np.int16))
    arrays["one"] = np.array([-300], np.int16)
    found = read_arrays(pack(arrays))
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
