"""Training of windowed models on a small set of sheets: starts, resuming, windows, release."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vlae_codec.errors import ModelError, VlaeError
from vlae_codec.families import registry
from vlae_codec.families.request import Rate
from vlae_codec.families.windowed import codec
from vlae_codec.io.images import Picture
from vlae_codec.model.folder import INFO, WEIGHTS, fingerprint
from vlae_models.data import cifar
from vlae_models.data.crops import load_photos, load_validation, random_crops, shares
from vlae_models.release.packing import pack
from vlae_models.windowed.config import WindowedConfig, WindowedRecipe, WindowedTraining
from vlae_models.windowed.export import export_arrays, model_info
from vlae_models.windowed.release import release_windowed
from vlae_models.windowed.restore import start_from, start_local
from vlae_models.windowed.training import WindowedTrainer
from vlae_models.windowed.vlae import WindowedVLAE

MODEL = WindowedConfig(
    window="5x3",
    patch=4,
    latent=3,
    fine=6,
    features=4,
    linear_path=True,
    local=24,
    local_layers=1,
    prior=8,
    prior_layers=1,
)
TRAINING = WindowedTraining(
    updates=6,
    batch=2,
    crop=32,
    turned=False,
    positions=64,
    widest=0.0,
    finest=0.0,
    base_grad_decay=True,
    kl_floor=0.1,
    context_noise=0.0,
)
RECIPE = WindowedRecipe("tiny", "cifar10", model=MODEL, train=TRAINING)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sheets like those of CIFAR-10."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / cifar.NAME).mkdir()
    rng = np.random.default_rng(1)
    for name in ("train_00", "train_01", "test_00"):
        small = rng.integers(0, 256, (8 * 22, 8 * 25, 3), np.uint8)
        sheet = Image.fromarray(small).resize((32 * 25, 32 * 22), Image.Resampling.BILINEAR)
        sheet.save(folder / cifar.NAME / f"{name}.webp", lossless=True)
    return folder


@pytest.fixture(scope="module")
def released(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished training in `run` and what was released of it in `model`."""
    folder = tmp_path_factory.mktemp("released")
    WindowedTrainer(RECIPE, data, folder / "run", None, "cpu", quiet=True).run(quiet=True)
    release_windowed(folder / "run", RECIPE, data, folder / "model", auto=False)
    return folder


def test_sheets_are_cut_into_pictures(data: Path) -> None:
    pictures = cifar.load_cifar(data, "test_00.webp")
    assert pictures.shape == (550, 32, 32, 3)
    sheet = np.asarray(Image.open(data / cifar.NAME / "test_00.webp").convert("RGB"))
    assert (pictures[26][..., [1, 0, 2]] == sheet[32:64, 32:64]).all()
    train, valid = load_photos("cifar10", data, 32), load_validation("cifar10", data)
    assert len(train) == 100 and len(valid) == 256
    with pytest.raises(VlaeError, match="no test_9"):
        cifar.load_cifar(data, "test_9*")


def test_crops_stay_upright_if_asked() -> None:
    rows = np.broadcast_to(np.arange(32, dtype=np.uint8)[:, None, None], (32, 32, 3))
    found = random_crops([rows], shares([rows]), 20, 32, 0, np.random.default_rng(0), turned=False)
    assert (found == rows).all()
    turned = random_crops([rows], shares([rows]), 20, 32, 0, np.random.default_rng(0))
    assert not (turned == rows).all()


def test_a_resumed_training_goes_on_as_if_it_had_not_stopped(data: Path, tmp_path: Path) -> None:
    whole = WindowedTrainer(RECIPE, data, tmp_path / "whole", None, "cpu", quiet=True).run(quiet=True)
    stopped = WindowedTrainer(RECIPE, data, tmp_path / "stopped", None, "cpu", quiet=True)
    for _ in range(3):
        stopped._step()
    stopped._save()
    parts = WindowedTrainer(RECIPE, data, tmp_path / "stopped", None, "cpu", quiet=True).run(quiet=True)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, other)
    with (tmp_path / "whole" / "log.csv").open(newline="") as file:
        row = list(csv.DictReader(file))[-1]
    assert int(row["step"]) == 6 and float(row["bits_subpixel_0"]) > float(row["kl_bpp_0"]) / 3 > 0


def test_a_released_model_keeps_its_only_width_and_its_patch(data: Path, released: Path) -> None:
    info = registry.find_model(str(released / "model"))
    assert info and not info.auto and info.fingerprint == registry.read_tree(released / "model")["fingerprint"]
    picture = Picture(cifar.load_cifar(data, "test_00.webp")[0])
    files = {codec.compress_photo(picture, info, Rate(quality=quality)).data for quality in (0, 50, 100)}
    assert len(files) == 1, "trained at one width, it has one quality"


def test_a_local_decoder_starts_from_a_released_one_with_another_window(data: Path, released: Path) -> None:
    old = WindowedTrainer(RECIPE, data, released / "run", None, "cpu", quiet=True).average.local
    new = WindowedVLAE(dataclasses.replace(MODEL, window="7x4", latent=0)).local
    start_local(new, str(released / "model"))
    picture, places = torch.randn(1, 3, 16, 16), torch.arange(256)[None]
    beside, here = torch.zeros(256, 5), torch.randn(256, 3)
    expected = old(old.gather(picture, places), beside, here)
    assert torch.allclose(new(new.gather(picture, places), beside, here), expected, atol=1e-2)
    with pytest.raises(ModelError, match="shape"):
        start_local(WindowedVLAE(dataclasses.replace(MODEL, local=16)).local, str(released / "model"))
    with pytest.raises(ModelError, match="no model"):
        start_local(new, "nothing")


def test_a_plain_vae_comes_back_from_its_integers(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, model=dataclasses.replace(MODEL, window="none"))
    net = WindowedVLAE(recipe.model)
    again = WindowedVLAE(recipe.model)
    exported = export_arrays(net)
    info = model_info(recipe, exported.shifts)
    info["fingerprint"] = fingerprint(info, exported.arrays).hex()
    (tmp_path / WEIGHTS).write_bytes(pack(exported.arrays))
    (tmp_path / INFO).write_text(json.dumps(info))
    start_from(again, str(tmp_path))
    for one, other in zip(net.local.parameters(), again.local.parameters(), strict=True):
        assert torch.allclose(one, other, atol=0.001)


@pytest.mark.parametrize("window", ["5x3", "4x2"])
def test_all_networks_start_from_those_of_a_released_model(
    data: Path, released: Path, tmp_path: Path, window: str
) -> None:
    old = WindowedTrainer(RECIPE, data, released / "run", None, "cpu", quiet=True).average
    model = dataclasses.replace(MODEL, window=window)
    train = dataclasses.replace(TRAINING, init=str(released / "model"))
    new = WindowedTrainer(
        WindowedRecipe("new", "cifar10", model=model, train=train), data, tmp_path / "new", None, "cpu"
    ).model
    x = torch.rand(2, 3, 16, 16) * 255
    z = old.encoder((x - 128) / 64)
    assert torch.allclose(new.encoder((x - 128) / 64), z, atol=0.02)
    assert torch.allclose(new.synthesis(z, torch.zeros(2)), old.synthesis(z, torch.zeros(2)), atol=0.01)
    assert torch.allclose(new.rate(z, torch.zeros(2)), old.rate(z, torch.zeros(2)), rtol=0.01)
    for one, other in ((new.encoder.gains, old.encoder.gains), (new.synthesis.gains, old.synthesis.gains)):
        assert one is not None and other is not None
        widths = torch.linspace(-1, 3.5, 9)
        assert torch.allclose(one(widths), other(widths), atol=0.01)
    places, features = torch.arange(256).expand(2, -1), torch.rand(2, 4, 16, 16)
    before, after = (net.distortion(x, features, x, torch.zeros(2), places) for net in (old, new))
    assert torch.allclose(before, after, rtol=0.005) == (window == "5x3")
    sharper = WindowedVLAE(dataclasses.replace(model, prior_sharper=2))
    start_from(sharper, str(released / "model"))
    assert torch.allclose(sharper.rate(z, torch.zeros(2)), old.rate(z, torch.zeros(2)), rtol=0.01)
    with pytest.raises(ModelError, match="shape"):
        start_from(WindowedVLAE(dataclasses.replace(MODEL, latent=5)), str(released / "model"))


def test_the_mean_picture_asks_less_of_z_as_it_fades() -> None:
    torch.manual_seed(0)
    net = WindowedVLAE(MODEL)
    x = torch.rand(2, 3, 16, 16) * 255
    places = torch.arange(256).expand(2, -1)
    norms = []
    for asked in (1.0, 0.5, 0.0):
        net.zero_grad()
        net(x, torch.zeros(2), x, torch.zeros(2), places, asked).squared_error.mean().backward()
        norms.append(float(net.encoder.out.weight.grad.norm() if net.encoder.out.weight.grad is not None else 0))
        assert net.synthesis.mean.weight.grad is not None and net.synthesis.mean.weight.grad.norm() > 0
    assert norms[0] > norms[1] > norms[2] == 0


def test_less_of_the_local_decoder_reaches_z_if_it_is_not_heard() -> None:
    torch.manual_seed(0)
    net = WindowedVLAE(MODEL)
    x, places = torch.rand(2, 3, 16, 16) * 255, torch.arange(256).expand(2, -1)
    norms = []
    for heard in (1.0, 0.25):
        net.zero_grad()
        torch.manual_seed(0)
        net(x, torch.zeros(2), x, torch.zeros(2), places, 1.0, heard).distortion.mean().backward()
        assert net.encoder.stem.weight.grad is not None
        norms.append(float(net.encoder.stem.weight.grad.norm()))
    assert norms[1] == pytest.approx(norms[0] / 4, rel=1e-3)


def test_without_latents_nothing_is_spent_on_z() -> None:
    net = WindowedVLAE(dataclasses.replace(MODEL, latent=0, linear_path=False))
    x = torch.rand(1, 3, 8, 8) * 255
    parts = net(x, torch.zeros(1), x, torch.zeros(1), torch.arange(64)[None])
    assert float(parts.rate) == 0 < float(parts.distortion.detach())
    assert not any(name.startswith(("encoder", "prior", "synthesis")) for name, _ in net.named_parameters())
