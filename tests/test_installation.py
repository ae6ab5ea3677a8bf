"""Models in the user's folder: installed whole or not at all, verified, held against limits."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import vlae_codec
from benchmarks.small_model import small_arrays, small_info, write_small_model
from vlae_codec.errors import ModelError
from vlae_codec.families import installation, registry
from vlae_codec.families.registry import read_model
from vlae_codec.model import limits
from vlae_codec.model.folder import fingerprint
from vlae_codec.model.networks import IntegerModel

Run = Callable[..., Result]
PICTURE = np.eye(8, dtype=bool)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A model folder of the user's, not installed."""
    write_small_model(tmp_path / "small")
    return tmp_path / "small"


def rewrite(folder: Path, arrays: dict[str, Any] | None = None, **changes: Any) -> None:
    """Change a model and give it the fingerprint that it has then: made to deceive, not damaged by accident."""
    arrays = small_arrays() if arrays is None else arrays
    info = {**small_info(small_arrays()), **changes}
    info["fingerprint"] = fingerprint(info, arrays).hex()
    np.savez(folder / "weights.npz", **arrays)
    (folder / "model.json").write_text(json.dumps(info))


def test_install_then_use(run: Run, small: Path, user_models: Path) -> None:
    data = vlae_codec.compress(PICTURE, str(small))
    with pytest.raises(ModelError, match=rf"{data[3:6].hex()}.*vlae-models install"):
        vlae_codec.decompress(data)
    result = run("models", "install", small)
    assert result.exit_code == 0
    (installed,) = user_models.iterdir()
    assert installed.name.startswith("small-")
    assert str(installed) in result.stdout
    assert vlae_codec.decompress(data).size == (8, 8)
    assert vlae_codec.compress(PICTURE, "small") == data
    again = run("models", "install", small)
    assert (again.exit_code, len(list(user_models.iterdir()))) == (1, 1)
    assert "installed already" in again.stderr


def test_two_models_of_one_name(run: Run, small: Path, tmp_path: Path) -> None:
    write_small_model(tmp_path / "other", seed=8)
    files = []
    for folder in (small, tmp_path / "other"):
        files.append(vlae_codec.compress(PICTURE, str(folder), lossless=True))
        assert run("models", "install", folder).exit_code == 0
    assert files[0][3:6] != files[1][3:6]
    for data in files:
        assert np.array_equal(np.asarray(vlae_codec.decompress(data)), PICTURE)
    with pytest.raises(ModelError, match="2 models are called 'small'"):
        vlae_codec.compress(PICTURE, "small")
    assert [line.split()[0] for line in run("models", "list").stdout.splitlines()].count("small") == 2


def test_list_and_show(run: Run, mnist: str, small: Path) -> None:
    run("models", "install", small)
    listed = json.loads(run("models", "list", "--json").stdout)
    assert {(one["name"], one["shipped"]) for one in listed} >= {(mnist, True), ("small", False)}
    table = run("models", "list").stdout
    assert mnist in table and "small" in table
    shown = json.loads(run("models", "show", "small", "--json").stdout)
    assert (shown["width"], shown["latent"], len(shown["fingerprint"])) == (8, 16, 64)
    assert "Fingerprint" in run("models", "show", mnist).stdout
    assert run("models", "show", "nothing").exit_code == 1


def test_verify(run: Run, small: Path, user_models: Path) -> None:
    run("models", "install", small)
    assert run("models", "verify").exit_code == 0
    (installed,) = user_models.iterdir()
    arrays = {**small_arrays(), "local.out.bias": np.array([1], np.int32)}
    np.savez(installed / "weights.npz", **arrays)
    result = run("models", "verify")
    assert result.exit_code == 1
    assert "small" in result.stdout and "damaged" in result.stdout
    assert "not those that model.json names" in result.stderr
    assert run("models", "verify", "mnist").exit_code == 0
    (installed / "model.json").write_text("{")
    assert "1 of" in run("models", "verify").stderr
    assert "note:" in run("models", "list").stderr


def test_nothing_is_installed_of_what_does_not_verify(run: Run, small: Path, tmp_path: Path, user_models: Path) -> None:
    whole = (small / "weights.npz").read_bytes()
    for damage in (whole[:-40], whole[:200] + b"\xff" * 40 + whole[240:], b""):
        (small / "weights.npz").write_bytes(damage)
        result = run("models", "install", small)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    (small / "weights.npz").unlink()
    assert run("models", "install", small).exit_code == 1
    assert "not a model folder" in run("models", "install", tmp_path / "none").stderr
    assert not list(user_models.iterdir())


def test_only_data_is_copied(small: Path) -> None:
    (small / "CARD.md").write_text("# small\n")
    (small / "setup.py").write_text("raise SystemExit")
    folder = installation.install_model(small).folder
    assert sorted(entry.name for entry in folder.iterdir()) == ["CARD.md", "model.json", "weights.npz"]


@pytest.mark.parametrize(
    "changes",
    [{"height": 1 << 20}, {"width": 0}, {"height": 7}, {"latent": 1 << 20}, {"latent": 17}, {"prior_blocks": 0},
     {"window": [1, 2]}, {"window": [99, 2, 1]}, {"window": [1, 2, 2]}, {"height": True}, {"auto": "yes"},
     {"name": "../evil"}, {"name": "\x1b[31m"}, {"name": ""}, {"shifts": {}}, {"block_shares": [0, 0]},
     {"block_shares": [1]}, {"index_lengths": []}, {"index_lengths": [[1] * 41] * 4}, {"index_lengths": [5] * 4},
     {"shifts": dict.fromkeys(small_info(small_arrays())["shifts"], 1 << 40)}],
    ids=str,
)  # fmt: skip
def test_declared_sizes_are_limited(small: Path, changes: dict[str, Any]) -> None:
    rewrite(small, **changes)
    with pytest.raises(ModelError):
        read_model(small, IntegerModel)


@pytest.mark.parametrize("name", ["encoder.stem", "decoder.full", "prior.1.2", "local.window", "local.out"])
@pytest.mark.parametrize("part", ["weight", "bias"])
def test_arrays_have_to_fit_one_another(small: Path, name: str, part: str) -> None:
    arrays, key = small_arrays(), f"{name}.{part}"
    whole = arrays[key]
    for wrong in (whole[:-1], whole.astype(np.float32), whole.astype(np.uint16), whole[..., None], None):
        changed = {**arrays, key: wrong} if wrong is not None else {k: v for k, v in arrays.items() if k != key}
        rewrite(small, changed)
        with pytest.raises(ModelError):
            read_model(small, IntegerModel)
    limit = np.full(whole.shape, -(1 << 15) if part == "weight" else 1 << 60, np.int64)
    for changed in ({**arrays, key: limit}, {**arrays, "more": whole}):
        rewrite(small, changed)
        with pytest.raises(ModelError, match=r"exact|no layer"):
            read_model(small, IntegerModel)


def test_archives_of_weights_that_swell(small: Path) -> None:
    with zipfile.ZipFile(small / "weights.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.npy", bytes(limits.MAX_FILE + 1))
    with pytest.raises(ModelError, match="limits"):
        read_model(small, IntegerModel)
    header = b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999,), }"
    with zipfile.ZipFile(small / "weights.npz", "w") as file:
        file.writestr("huge.npy", header.ljust(127) + b"\n")
    with pytest.raises(ModelError, match="size that it declares"):
        read_model(small, IntegerModel)
    (small / "model.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match=r"model\.json"):
        read_model(small, IntegerModel)
    (small / "model.json").write_bytes(b" " * (limits.MAX_INFO + 1))
    with pytest.raises(ModelError, match="larger than"):
        read_model(small, IntegerModel)


def test_models_in_columns_order_are_read(small: Path) -> None:
    arrays: dict[str, Any] = {name: np.asfortranarray(array) for name, array in small_arrays().items()}
    shutil.copy(small / "model.json", small / "kept.json")
    np.savez(small / "weights.npz", **arrays)
    assert read_model(small, IntegerModel).fingerprint.hex() == registry.read_folder(small).fingerprint
