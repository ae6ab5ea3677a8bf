"""Colour models in the user's folder: installed whole or not at all, verified, held against limits, told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import vlae_codec
from benchmarks.small_model import write_small_model
from benchmarks.small_photo_model import small_photo_arrays, small_photo_info, write_small_photo_model
from vlae_codec.errors import FormatError, ModelError
from vlae_codec.families import installation
from vlae_codec.families.registry import find_model, list_models, load, read_model
from vlae_codec.families.windowed.model import WindowedModel
from vlae_codec.model.folder import fingerprint

Run = Callable[..., Result]
PICTURE = np.arange(3 * 18 * 7, dtype=np.uint8).reshape(18, 7, 3)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A colour model's folder, not installed."""
    write_small_photo_model(tmp_path / "small")
    return tmp_path / "small"


def rewrite(folder: Path, arrays: dict[str, Any] | None = None, **changes: Any) -> None:
    """Change a model and give it the fingerprint that it has then: made to deceive, not damaged by accident."""
    arrays = small_photo_arrays() if arrays is None else arrays
    info = {**small_photo_info(small_photo_arrays()), **changes}
    if "fingerprint" not in changes:
        info["fingerprint"] = fingerprint(info, arrays).hex()
    np.savez(folder / "weights.npz", **arrays)
    (folder / "model.json").write_text(json.dumps(info))


def test_install_then_use(run: Run, small: Path, user_models: Path) -> None:
    data = vlae_codec.compress(PICTURE, str(small), lossless=True)
    with pytest.raises(ModelError, match=rf"{data[3:6].hex()}.*vlae-models install"):
        vlae_codec.decompress(data)
    (small / "CARD.md").write_text("# small\n")
    (small / "setup.py").write_text("raise SystemExit")
    result = run("models", "install", small)
    assert result.exit_code == 0
    (installed,) = user_models.iterdir()
    assert installed.name.startswith("small-photo-") and str(installed) in result.stdout
    assert sorted(entry.name for entry in installed.iterdir()) == ["CARD.md", "model.json", "weights.npz"]
    assert np.array_equal(np.asarray(vlae_codec.decompress(data)), PICTURE)
    assert vlae_codec.compress(PICTURE, "small-photo", lossless=True) == data
    again = run("models", "install", small)
    assert again.exit_code == 1 and "installed already" in again.stderr


def test_list_show_and_verify(run: Run, small: Path, user_models: Path) -> None:
    run("models", "install", small)
    listed = {one["name"]: one for one in json.loads(run("models", "list", "--json").stdout)}
    assert (listed["small-photo"]["shipped"], listed["small-photo"]["width"]) == (False, None)
    shown = json.loads(run("models", "show", "small-photo", "--json").stdout)
    assert shown["latent"] == 3 and "shifts" not in shown
    assert "small-photo" in run("models", "verify", "small-photo").stdout
    (installed,) = user_models.iterdir()
    arrays = {**small_photo_arrays(), "prior.mix.bias": np.zeros(6, np.int32)}
    np.savez(installed / "weights.npz", **arrays)
    verified = run("models", "verify", "small-photo", "photo")
    assert (verified.exit_code, len(verified.stderr.splitlines())) == (1, 1)
    assert "1 of 2 damaged" in verified.stderr and "not those that model.json names" in verified.stderr
    (installed / "model.json").write_text("{")
    assert "note:" in run("models", "list").stderr and run("models", "verify").exit_code == 1
    assert "no model 'nothing'" in run("models", "verify", "nothing").stderr


def test_two_models_of_one_name(small: Path, tmp_path: Path) -> None:
    write_small_photo_model(tmp_path / "other", seed=8)
    files = [vlae_codec.compress(PICTURE, str(folder), lossless=True) for folder in (small, tmp_path / "other")]
    for folder in (small, tmp_path / "other"):
        installation.install_model(folder)
    for data in files:
        assert np.array_equal(np.asarray(vlae_codec.decompress(data)), PICTURE)
    with pytest.raises(ModelError, match="2 models are called 'small-photo'"):
        vlae_codec.compress(PICTURE, "small-photo")
    for info in list_models():
        assert find_model(info.fingerprint[:12]) == info


def test_names_are_those_of_all_kinds(user_models: Path, mnist: str) -> None:
    write_small_photo_model(user_models / "one", name=mnist)
    assert find_model(mnist).shipped and find_model(mnist).family == "bilevel"
    write_small_photo_model(user_models / "two", seed=9, name="small")
    write_small_model(user_models / "three")
    with pytest.raises(ModelError, match="2 models are called 'small'"):
        find_model("small")
    with pytest.raises(ModelError, match=r"no model 'none': installed are .*photo"):
        find_model("none")


@pytest.mark.parametrize(
    "changes",
    [{"latent": 0}, {"latent": True}, {"latent": 1 << 20}, {"latent": 4}, {"window": [1, 2]}, {"window": [1, 1, 99]},
     {"window": [1, 1, 2]}, {"window": [], "prior_window": [1, 1, 0, 1, 1, 1]}, {"prior_window": [1, 1, 1]},
     {"prior_sharper": 5}, {"prior_sharper": True},
     {"patch": 8}, {"patch": 5}, {"patch": [16]}, {"patch": True}, {"widths": [0]}, {"widths": [0, 64]}, {"widths": 3},
     {"shifts": {}}, {"shifts": dict.fromkeys(small_photo_info(small_photo_arrays())["shifts"], 1 << 40)},
     {"name": "../evil"}, {"name": "\x1b[31m"}, {"auto": "yes"}, {"fingerprint": "not hexadecimal"}, {"format": 3},
     {"format": "2"}],
    ids=str,
)  # fmt: skip
def test_declared_sizes_are_limited(small: Path, changes: dict[str, Any]) -> None:
    rewrite(small, **changes)
    with pytest.raises(ModelError):
        read_model(small, WindowedModel)


@pytest.mark.parametrize("name", ["encoder.stem", "synthesis.up_mid", "synthesis.out", "prior.mix", "local.heads"])
@pytest.mark.parametrize("part", ["weight", "bias"])
def test_arrays_have_to_fit_one_another(small: Path, name: str, part: str) -> None:
    arrays, key = small_photo_arrays(), f"{name}.{part}"
    whole = arrays[key]
    for wrong in (whole[:-1], whole.astype(np.float32), whole[..., None], None):
        changed = {**arrays, key: wrong} if wrong is not None else {k: v for k, v in arrays.items() if k != key}
        rewrite(small, changed)
        with pytest.raises(ModelError):
            read_model(small, WindowedModel)
    limit = np.full(whole.shape, -(1 << 15) if part == "weight" else 1 << 60, np.int64)
    for changed in ({**arrays, key: limit}, {**arrays, "more": whole}):
        rewrite(small, changed)
        with pytest.raises(ModelError, match=r"exact|no layer"):
            read_model(small, WindowedModel)


def test_what_heads_read_of_drawn_channels_has_to_fit(small: Path) -> None:
    arrays = small_photo_arrays()
    for wrong in (arrays["prior.drawn"][:-1], np.full_like(arrays["prior.drawn"], -(1 << 15))):
        rewrite(small, {**arrays, "prior.drawn": wrong})
        with pytest.raises(ModelError, match=r"prior\.drawn"):
            read_model(small, WindowedModel)
    rewrite(small, {name: array for name, array in arrays.items() if name != "local.drawn"})
    with pytest.raises(ModelError, match=r"local\.drawn"):
        read_model(small, WindowedModel)


def test_maps_are_not_wider_than_memory_allows(small: Path) -> None:
    arrays = small_photo_arrays()
    wide = {"synthesis.out": (18, 16 * 129), "synthesis.mean": (129, 3)}
    for name, shape in wide.items():
        arrays |= {f"{name}.weight": np.zeros(shape, np.int16), f"{name}.bias": np.zeros(shape[1], np.int32)}
    rewrite(small, arrays)
    with pytest.raises(ModelError, match="129 features"):
        read_model(small, WindowedModel)
    arrays = small_photo_arrays()
    wide = {"synthesis.enter": (36, 1025), "synthesis.up_mid": (1025, 12)}
    for name, shape in wide.items():
        arrays |= {f"{name}.weight": np.zeros(shape, np.int16), f"{name}.bias": np.zeros(shape[1], np.int32)}
    rewrite(small, arrays)
    with pytest.raises(ModelError, match="1025 channels"):
        read_model(small, WindowedModel)


def test_latents_that_run_away_are_refused(small: Path, user_models: Path) -> None:
    arrays = small_photo_arrays()
    arrays["prior.drawn"] = np.full_like(arrays["prior.drawn"], (1 << 15) - 1)
    shifts = {**small_photo_info(arrays)["shifts"], "prior.heads": 0}
    rewrite(small, arrays, shifts=shifts)
    with pytest.raises(FormatError, match="beyond the format's range"):
        vlae_codec.compress(PICTURE, str(small))
    with pytest.raises(ModelError, match="beyond the format's range"):
        installation.install_model(small)
    assert not list(user_models.iterdir())


def test_a_model_is_read_once(small: Path) -> None:
    info = find_model(str(small))
    assert info and load(info, WindowedModel) is load(info, WindowedModel)
