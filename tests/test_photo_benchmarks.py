"""What photographs are measured with."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks import feature_net, photo_rates, results, rivals
from benchmarks.cifar_tables import KEYS, tiny_pictures, tiny_rates
from benchmarks.feature_net import FeatureNet, changed, distances_if_trained, feature_distances, load_net, save, train
from benchmarks.rivals import RIVALS, Rival, best_within, decoded, encoded, installed
from vlae_codec.errors import VlaeError
from vlae_codec.families.windowed.codec import DEFAULT_QUALITY
from vlae_codec.report.quality import ms_ssim

Pictures = NDArray[np.uint8]


def smooth(count: int, height: int, width: int) -> Pictures:
    """Pictures of slow waves in colour."""
    rng = np.random.default_rng(4)
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    phases = rng.random((count, 1, 1, 3)) * 6
    waves = np.sin(3 * rows[..., None] + phases) + np.cos(2 * columns[..., None] - phases)
    return np.asarray(127 + 60 * waves, np.uint8)


def test_rivals_keep_within_bytes_if_they_can() -> None:
    picture = smooth(1, 64, 90)[0]
    for rival in installed(RIVALS):
        shown, size, quality = best_within(rival, picture, 900)
        assert shown.shape == picture.shape and size <= 900
        assert quality == rival.highest or len(encoded(rival, picture, quality=quality + 1)) > 900
        assert best_within(rival, picture, 0)[2] == 0


def test_shrunken_pictures_come_back_in_their_size() -> None:
    rival, picture = Rival("half", "PNG", {}, 2), smooth(1, 33, 47)[0]
    data = encoded(rival, picture)
    assert Image.open(io.BytesIO(data)).size == (24, 17)
    assert decoded(rival, data, (33, 47)).shape == picture.shape


@pytest.mark.parametrize("side", [32, 200])
def test_tiny_pictures_have_fewer_scales(side: int) -> None:
    picture = smooth(1, side, side)[0]
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 20, picture.shape), 0, 255).astype(np.uint8)
    assert ms_ssim(picture, picture) == pytest.approx(1)
    assert 0.1 < ms_ssim(picture, noisy) < 0.95


def test_a_model_of_one_width_has_one_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_rates, "installed", lambda several: [rival for rival in several if rival.format == "PNG"])
    assert photo_rates.qualities("photo-exact") == photo_rates.QUALITIES
    assert photo_rates.qualities("cifar-7x4") == (DEFAULT_QUALITY,)
    picture = smooth(1, 32, 32)[0]
    found = [photo_rates.measure(picture, n == 0, model="cifar-7x4") for n in range(2)]
    means = photo_rates.means(found)
    (row,) = means["qualities"].values()
    assert means["lossless_pictures"] == 1 and means["lossless"]["ours"] > means["lossless"]["bound"] > 0
    assert 0 < row["bpp"] < 4 and row["psnr"] > 10
    name = photo_rates.result_name("cifar-7x4", "cifar10")
    results.write_result(name, {"model": "cifar-7x4", **means, "pictures": 2}, tmp_path)
    assert tiny_rates(tmp_path)[-1].startswith(f"| cifar-7x4 | {row['bpp']:.3f} |")
    with pytest.raises(VlaeError, match="no model"):
        photo_rates.qualities("nothing")


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(rivals, "_supported", lambda kind: kind != "JXL")
    rivals.say_missing()
    assert "JPEG XL" in capsys.readouterr().err
    assert "JPEG XL" not in [rival.name for rival in installed(RIVALS)]


def test_distances_of_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr(feature_net, "load_net", FeatureNet().eval)
    pictures = smooth(3, 128, 160)
    other = np.random.default_rng(0).integers(0, 256, pictures.shape, np.uint8)
    little = np.clip(pictures.astype(int) + 2, 0, 255).astype(np.uint8)
    assert feature_distances(pictures, pictures) == pytest.approx(np.zeros(3), abs=1e-6)
    assert (feature_distances(pictures, little) > 0).all()
    assert (feature_distances(pictures, little) < feature_distances(pictures, other)).all()
    assert (feature_distances(pictures, other) < 2).all()
    monkeypatch.setattr(feature_net, "PATH", tmp_path / "none.npz")
    assert distances_if_trained(pictures, other) is None


def test_the_net_learns_and_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 256)
    pictures = np.clip(rng.integers(0, 90, (256, 32, 32, 3)) + 120 * labels[:, None, None, None], 0, 255)
    pictures = pictures.astype(np.uint8)
    assert changed(pictures[:5], rng).shape == (5, 32, 32, 3)
    net = train(pictures, labels, 4)
    save(net, tmp_path / "net.npz")
    again = load_net(tmp_path / "net.npz")
    assert (feature_net.read_classes(again, pictures) == labels).mean() > 0.9


def test_a_vlae_stands_beside_the_decoder_of_its_window_without_latents(tmp_path: Path) -> None:
    coded = dict.fromkeys(KEYS, 1.0)
    models = {
        "cifar-7x4-grey": {**coded, "fingerprint": "f", "window": "7x4", "bits": 4.5},
        "cifar-7x4-bound": {**coded, "fingerprint": "b", "window": "7x4", "bits": 3.5},
        "cifar-local": {"window": "7x4", "bits": 3.25},
        "cifar-local-7x4-grey": {"window": "7x4", "bits": 6.0},
    }
    results.write_result("cifar_windows", {"models": models, "images": 10, "files": 1}, tmp_path)
    found = tiny_pictures(tmp_path)
    assert found[-2] == "| 7x4 | cifar-7x4-bound | 3.500 | 3.250 | +0.250 |"
    assert found[-1] == "| 7x4, grey values | cifar-7x4-grey | 4.500 | 6.000 | -1.500 |"
    assert not any(line.startswith("| cifar-local") for line in found)
