"""The windowed model in integers: same as in floats, same on every backend, same code read as written."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from small_models import windowed_model

from vlae_codec.coding.binary_coder import FEW, Reader, Writer
from vlae_codec.families.windowed import grid, pixels
from vlae_codec.families.windowed import model as photo_model
from vlae_codec.families.windowed.model import WIDTHS, WindowedModel, log_width, width_of
from vlae_codec.families.windowed.pixels import COLD, Sampler, decisions
from vlae_models.windowed.config import WindowedConfig, WindowedRecipe, WindowedTraining
from vlae_models.windowed.nets import with_gains
from vlae_models.windowed.start import start_linear_path
from vlae_models.windowed.vlae import WindowedVLAE

SMALL = WindowedConfig(
    latent=5, fine=6, mid=7, coarse=8, features=4, local=24, local_layers=1, prior=12, prior_layers=1
)
RECIPE = WindowedRecipe("small", "photos", SMALL, WindowedTraining())
CONFIGS = {
    "photo": SMALL,
    "straight": dataclasses.replace(SMALL, linear_path=True),
    "patch 8": dataclasses.replace(SMALL, patch=8, window="5x3"),
    "grey window": dataclasses.replace(SMALL, patch=4, fine_blocks=2, linear_path=True, grey_window=True),
    "plain VAE": dataclasses.replace(SMALL, patch=4, window="none", prior_sharper=3),
}
SIZES = [(16, 16), (19, 37)]


def start(config: WindowedConfig) -> WindowedVLAE:
    """A network with random weights, also where training starts at zero, and pictures' components where it says so."""
    torch.manual_seed(3)
    made = WindowedVLAE(config)
    torch.nn.init.normal_(made.local.drawn, std=0.1)
    if config.linear_path:
        start_linear_path(made.encoder, made.synthesis, np.stack([picture(32, 32, seed) for seed in range(20)]), 0.007)
    made.eval()
    return made


@pytest.fixture(scope="module", params=CONFIGS)
def net(request: pytest.FixtureRequest) -> WindowedVLAE:
    return start(CONFIGS[request.param])


@pytest.fixture(scope="module")
def model(net: WindowedVLAE) -> WindowedModel:
    return windowed_model(net, dataclasses.replace(RECIPE, model=net.config))


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth fields and some noise, as in photographs."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width] / 16
    waves = [np.sin(rows * a + columns * b + c) for a, b, c in rng.normal(size=(3, 3))]
    return np.clip(128 + 60 * np.stack(waves, -1) + rng.normal(0, 4, (height, width, 3)), 0, 255).astype(np.uint8)


def test_widths_fall_evenly() -> None:
    assert [width_of(index) for index in (0, 21, 42, WIDTHS - 1)] == [11585, 4104, 1454, 515]
    assert all(log_width(index) > log_width(index + 1) for index in range(WIDTHS - 1))


def test_encoder_and_mean_picture_are_those_of_the_float_network(net: WindowedVLAE, model: WindowedModel) -> None:
    levels = picture(64, 48)
    y = model.encode(levels)
    with torch.no_grad():
        x = torch.from_numpy(levels).permute(2, 0, 1)[None].float()
        expected = net.encoder((x - 128) / 64)[0].permute(1, 2, 0).numpy()
        assert np.abs(y / 1024 - expected).max() < 0.05
        z = torch.from_numpy(y / 1024).float().permute(2, 0, 1)[None]
        log = torch.tensor([log_width(30) / 1024])
        mean = (net.synthesis.mean(net.synthesis(z, log)) * 64 + 128)[0].permute(1, 2, 0).numpy()
    drawn = pixels.base_reconstruction(model, y, 30, 64, 48)
    assert np.abs(drawn - mean.clip(0, 255)).max() < 3
    if net.config.linear_path:
        assert np.abs(drawn.astype(float) - levels).mean() < 15, "principal components say what the picture shows"


@pytest.mark.parametrize("width", [0, 30, WIDTHS - 1])
def test_gates_are_those_of_the_float_network(net: WindowedVLAE, model: WindowedModel, width: int) -> None:
    y = np.random.default_rng(0).integers(-20000, 20000, (3, 4, model.latent))
    value, log = torch.from_numpy(y).float().permute(2, 0, 1)[None], torch.tensor([log_width(width) / 1024])
    with torch.no_grad():
        expected = with_gains(value, net.encoder.gains, log)[0].permute(1, 2, 0).numpy()
    assert np.abs(model.sent(y, width) - expected).max() <= 20000 / 2048 + 1
    if net.config.linear_path:
        assert np.abs(model.sent(y, 0)).sum() < np.abs(model.sent(y, WIDTHS - 1)).sum() < np.abs(y).sum()


@pytest.mark.parametrize("size", [(24 * 16, 16), (16, 24 * 16)])
def test_tiles_leave_no_seams(model: WindowedModel, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    levels = picture(*size)
    y = model.encode(levels)
    whole = pixels.base_reconstruction(model, y, 20, *levels.shape[:2])
    for name in ("STRIP", "LOWEST", "WIDEST"):
        monkeypatch.setattr(photo_model, name, 1)
    assert len(list(photo_model.strips(len(y), y.shape[1], model.patch))) == len(y)
    assert len(list(photo_model.tiles(y.shape[1], model.patch))) == y.shape[1]
    assert (model.encode(levels) == y).all()
    assert (pixels.base_reconstruction(model, y, 20, *levels.shape[:2]) == whole).all()


@pytest.mark.parametrize("width", [0, 40, WIDTHS - 1])
def test_the_grid_comes_back_and_costs_what_the_float_prior_says(
    net: WindowedVLAE, model: WindowedModel, width: int
) -> None:
    y = model.encode(picture(64, 96))
    writer = Writer(grid.decisions(model, *y.shape[:2]))
    z = grid.push_grid(model, writer, y, width)
    data = writer.to_bytes()
    assert np.abs(2 * (z - y)).max() <= width_of(width)
    height, across = y.shape[:2]
    assert (grid.pop_grid(model, Reader(data, grid.decisions(model, height, across)), height, across, width) == z).all()
    with torch.no_grad():
        value = torch.from_numpy(z / 1024).float().permute(2, 0, 1)[None]
        kl = float(net.rate(value, torch.tensor([log_width(width) / 1024]))) * y.shape[0] * y.shape[1]
    assert writer.spent == pytest.approx(kl, rel=0.01)
    assert writer.spent - 8 < 8 * len(data) <= writer.spent + 64


def test_a_latent_that_says_nothing_costs_less_by_a_sharper_prior() -> None:
    rates = []
    for sharper in (0, 2):
        net = start(dataclasses.replace(SMALL, prior_sharper=sharper))
        with torch.no_grad():
            net.prior.heads.weight.zero_()
            net.prior.heads.bias.reshape(SMALL.latent, 3, -1)[:, 1] = 0
            net.prior.heads.bias.reshape(SMALL.latent, 3, -1)[:, 2] = 1
            width = torch.full((50,), 3.0)
            z = (torch.rand(50, SMALL.latent, 8, 8) - 0.5) * 8  # y = 0
            rates.append(float(net.rate(z, width).mean()) / SMALL.latent)
    # All of it arises at the ends of the bin: pi^2 / (6 ln 2) bits over the product of inverse scale and width.
    assert rates[0] > 3.5 * rates[1] > 0


def test_the_dither_makes_the_error_uniform(model: WindowedModel) -> None:
    """Whatever y is: that is what makes the rate the KL."""
    width = 20
    y = np.full((20, 20, model.latent), 777, np.int64)
    z = grid.push_grid(model, Writer(grid.decisions(model, 20, 20)), y, width)
    error = (z - y) / width_of(width)
    assert abs(error.mean()) < 0.02 and error.std() == pytest.approx(12**-0.5, rel=0.03)
    assert np.abs(np.histogram(error, 8, (-0.5, 0.5))[0] / error.size - 1 / 8).max() < 0.02


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("grey", [False, True])
def test_exact_pixels_come_back(net: WindowedVLAE, model: WindowedModel, size: tuple[int, int], grey: bool) -> None:
    levels = picture(*size)
    if grey:
        levels = np.repeat(levels[:, :, :1], 3, axis=2)
    padded = np.pad(levels, ((0, -size[0] % 16), (0, -size[1] % 16), (0, 0)), mode="edge")
    z = model.encode(padded)
    count = decisions(*size, grey)
    writer = Writer(count)
    pixels.push_pixels(model, writer, levels, z, 30, grey, None)
    data = writer.to_bytes()
    assert (pixels.pop_pixels(model, Reader(data, count), size, z, 30, grey, None) == levels).all()
    assert 8 * len(data) <= writer.spent + 64
    if not grey and size[0] % 16 == 0 and size[1] % 16 == 0:
        with torch.no_grad():
            x = torch.from_numpy(levels).permute(2, 0, 1)[None].float()
            value = torch.from_numpy(z / 1024).float().permute(2, 0, 1)[None]
            features = net.synthesis(value, torch.tensor([log_width(30) / 1024]))
            places = torch.arange(size[0] * size[1])[None]
            bits = float(net.distortion(x, features, x, torch.zeros(1), places)) * size[0] * size[1]
        assert writer.spent == pytest.approx(bits, rel=0.01)


@pytest.mark.parametrize("temperature", [0, 0.5, 1])
def test_equal_seeds_draw_equal_pictures_on_numpy_and_torch(net: WindowedVLAE, temperature: float) -> None:
    drawn = []
    recipe = dataclasses.replace(RECIPE, model=net.config)
    for device in ("cpu", "torch"):
        one = windowed_model(net, recipe, device)
        z = one.encode(picture(32, 48))
        writer = Writer(grid.decisions(one, *z.shape[:2]))
        z = grid.push_grid(one, writer, z, 25)
        drawn.append((writer.to_bytes(), pixels.draw(one, z, 25, (21, 40), seed=9, temperature=temperature)))
    assert drawn[0][0] == drawn[1][0]
    assert (drawn[0][1] == drawn[1][1]).all()
    other = pixels.draw(windowed_model(net, recipe), z, 25, (21, 40), seed=10, temperature=temperature)
    assert (other != drawn[0][1]).any() == (temperature > 0)


def test_samples_follow_the_distribution(model: WindowedModel) -> None:
    """A level's frequency over many seeds is the probability that the coder gives it."""
    z = np.zeros((1, 1, SMALL.latent), np.int64)
    first = np.array([pixels.draw(model, z, 0, (1, 1), seed=seed)[0, 0, 0] for seed in range(200)], np.float64)
    bits = []
    for level in range(0, 256, 5):
        writer = Writer(FEW)
        levels = np.full((1, 1, 3), level, np.uint8)
        pixels.push_pixels(model, writer, levels, z, 0, True, None)
        bits.append(writer.spent)
    likely = 2.0 ** -np.array(bits)
    mean = (likely * np.arange(0, 256, 5)).sum() / likely.sum()
    spread = np.sqrt((likely * (np.arange(0, 256, 5) - mean) ** 2).sum() / likely.sum())
    assert abs(first.mean() - mean) < 5 * spread / 200**0.5 + 1.5


@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_a_random_word_keeps_all_its_bits(net: WindowedVLAE, device: str) -> None:
    """Two components of one weight: the largest word below the middle picks the first, the middle the second."""
    model = windowed_model(net, RECIPE, device)
    sampler = Sampler(model, COLD)
    outputs = np.zeros((6, 2, 1))
    outputs[2:4] = np.array([-1024.0, 1024.0])[:, None, None]  # the components' means
    words = np.array([[[2**31 - 1, 2**31]], [[2**31, 2**31]]])  # (pixels, channels, two words)
    levels = model.to_numpy(sampler(0, model.to_device(outputs), model.to_device(words, np.int64)))
    assert (levels < 0).tolist() == [[True], [False]]


def test_a_grey_window_hides_colour() -> None:
    """Windows of equal grey values give equal distributions, in floats and, but for rounding, in integers."""
    net = start(CONFIGS["grey window"])
    window = torch.randn(5, len(net.local.offsets), 3)
    other = window + torch.randn(5, len(net.local.offsets), 1) * torch.tensor([0.299, -0.587, 0.0])
    beside, here = torch.randn(5, net.config.features + 1), torch.randn(5, 3)
    drawn = [net.local(one.flatten(1), beside, here) for one in (window, other)]
    assert torch.allclose(drawn[0], drawn[1], atol=1e-4) and not torch.allclose(window, other)
    with_colour = start(dataclasses.replace(net.config, grey_window=False)).local
    drawn = [with_colour(one.flatten(1), beside, here) for one in (window, other)]
    assert not torch.allclose(drawn[0], drawn[1], atol=1e-2)
    weight = windowed_model(net, dataclasses.replace(RECIPE, model=net.config)).arrays["local.mix.weight"]
    colours = (
        weight[: 3 * len(net.local.offsets)].reshape(-1, 3, weight.shape[1]) / np.array([0.587, 0.299, 0.114])[:, None]
    )
    assert np.abs(colours - colours.mean(1, keepdims=True)).max() <= 0.5 / 0.114 + 0.5
