"""Training with labels: they go with their images, and z is pressed to say nothing of them."""

from __future__ import annotations

import copy
import dataclasses
import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from small_models import config_of, float_model, some_images

from vlae_codec.errors import VlaeError
from vlae_models.data.sets import load_ink, load_labels
from vlae_models.nets.label import one_hot
from vlae_models.nets.vlae import VLAE, as_tensor
from vlae_models.recipe import BILEVEL, BilevelRecipe, TrainConfig, parse_recipe
from vlae_models.train.label_start import start_labels
from vlae_models.train.labelled import LabelledTrainer, expected_images, relabelled
from vlae_models.train.style import ClassStyles

LABELS = 3
TRAIN = TrainConfig(updates=4, batch=10, free_updates=0, average=0.9, edit=1.0, use_valid=True)
RECIPE = BilevelRecipe("tiny", "mnist-dynamic", config_of(labels=LABELS), TRAIN, "made up for a test")


def write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    shape = b"".join(n.to_bytes(4, "big") for n in values.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, values.ndim]) + shape + values.tobytes()))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of three motifs, whose label is the motif's number."""
    folder = tmp_path_factory.mktemp("data") / "mnist"
    folder.mkdir()
    labels = np.random.default_rng(0).integers(0, LABELS, 120).astype(np.uint8)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", some_images(LABELS)[labels] * np.uint8(255))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return folder.parent


def trained(data: Path, folder: Path, minutes: float | None = None, **changes: Any) -> LabelledTrainer:
    recipe = dataclasses.replace(RECIPE, train=dataclasses.replace(TRAIN, **changes))
    trainer = LabelledTrainer(recipe, data, folder, minutes, "cpu")
    trainer.run(quiet=True)
    return trainer


def test_labels_are_split_as_their_images_are(data: Path) -> None:
    ink, labels = load_ink("mnist-dynamic", data), load_labels("mnist-dynamic", data)
    for pictures, classes in zip(ink, labels, strict=True):
        np.testing.assert_array_equal(pictures, some_images(LABELS)[classes] * 255)
    with pytest.raises(VlaeError, match="not known"):
        load_labels("omniglot", data)
    with pytest.raises(VlaeError, match="--data"):
        load_labels("mnist-dynamic", data / "missing")


def test_the_classifier_learns_the_labels_of_the_images(data: Path, tmp_path: Path) -> None:
    log = trained(data, tmp_path, updates=60).state.log[-1]
    assert log["label_errors"] == 0
    assert math.isfinite(float(log["neg_elbo_nats"]))


def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LabelledTrainer, "validate_every", 2)
    whole = trained(data, tmp_path / "whole").average.state_dict()
    step = LabelledTrainer._step

    def stops(self: LabelledTrainer) -> Any:
        if self.state.step == 3:
            raise KeyboardInterrupt
        return step(self)

    with monkeypatch.context() as patch:
        patch.setattr(LabelledTrainer, "_step", stops)
        with pytest.raises(KeyboardInterrupt):
            trained(data, tmp_path / "parts")
    torch.rand(17)
    parts = trained(data, tmp_path / "parts").average.state_dict()
    assert not [name for name in whole if not torch.equal(whole[name], parts[name])]


def test_each_weight_of_the_recipe_changes_what_is_learnt(data: Path, tmp_path: Path) -> None:
    plain = trained(data, tmp_path / "plain").average.encoder.squeeze.weight
    for name, value in (("label", 0.0), ("edit", 0.0), ("style", 1.0)):
        other = trained(data, tmp_path / name, **{name: value}).average.encoder.squeeze.weight
        assert not torch.equal(plain, other), name


def test_noise_under_its_own_label_is_the_latents_again() -> None:
    net, z, label = float_model(labels=LABELS), torch.randn(6, 16), torch.arange(6) % LABELS
    with torch.no_grad():
        again = relabelled(net, z, one_hot(label, LABELS), label)
        other = relabelled(net, z, one_hot(label, LABELS), (label + 1) % LABELS)
    torch.testing.assert_close(again, z, atol=1e-4, rtol=1e-4)
    assert (other - z).abs().amax(1).min() > 0.01


def test_the_start_fits_classifier_prior_and_auxiliary_decoder_alone(data: Path) -> None:
    net = VLAE(RECIPE.model)
    ink = as_tensor(load_ink("mnist-dynamic", data).train) / 255
    labels = torch.from_numpy(load_labels("mnist-dynamic", data).train.astype(np.int64))
    before = {name: weight.clone() for name, weight in net.state_dict().items()}
    start_labels(net, ink, labels, TRAIN, updates=60)
    changed = {name.split(".")[0] for name, weight in net.state_dict().items() if not torch.equal(weight, before[name])}
    assert changed == {"label", "prior", "auxiliary"}
    with torch.no_grad():
        fitted = net(ink, one_hot(labels, LABELS))
        net.load_state_dict(before)
        start = net(ink, one_hot(labels, LABELS))
    assert float(fitted.rate.mean()) < float(start.rate.mean()) - 1
    assert float(fitted.auxiliary.mean()) < float(start.auxiliary.mean())


def test_a_start_from_a_model_with_labels_fits_the_auxiliary_decoder_alone(data: Path) -> None:
    net = copy.deepcopy(float_model(labels=LABELS))
    ink = as_tensor(load_ink("mnist-dynamic", data).train) / 255
    labels = torch.from_numpy(load_labels("mnist-dynamic", data).train.astype(np.int64))
    before = {name: weight.clone() for name, weight in net.state_dict().items()}
    start_labels(net, ink, labels, TRAIN, updates=2)
    changed = {name.split(".")[0] for name, weight in net.state_dict().items() if not torch.equal(weight, before[name])}
    assert changed == {"auxiliary"}


def test_a_style_is_what_an_image_has_beside_its_class() -> None:
    random = np.random.default_rng(0)
    width, label = random.integers(2, 9, 60), torch.from_numpy(random.integers(0, 2, 60))
    bars = np.arange(28) < (width + 8 * label.numpy())[:, None]
    x = torch.from_numpy(np.repeat(bars[:, None, None], 28, axis=2)).float()
    styles = ClassStyles(x, label)(x, label)
    for one in range(2):
        own, expected = styles[label == one, 0], width[label.numpy() == one]
        torch.testing.assert_close((own.mean(), own.std()), (torch.tensor(0.0), torch.tensor(1.0)), atol=1e-4, rtol=0)
        assert np.corrcoef(own.numpy(), expected)[0, 1] > 0.99


def test_edits_teach_what_the_pictures_are_drawn_from_and_not_the_auxiliary_decoder() -> None:
    net = copy.deepcopy(float_model(labels=LABELS))
    whole, drawn = expected_images(net, torch.randn(4, 16), torch.arange(4) % LABELS)
    (whole.sum() + drawn.sum()).backward()  # type: ignore[no-untyped-call]
    assert net.auxiliary.weight.grad is None
    assert net.decoder.out.weight.grad is not None and net.decoder.out.weight.grad.abs().max() > 0


def test_labels_need_latents() -> None:
    tree = {"name": "a", "data": "mnist-dynamic", "model": {"latent": 0, "labels": 2}}
    with pytest.raises(VlaeError, match="labels"):
        parse_recipe(tree, BILEVEL)
