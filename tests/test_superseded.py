"""Models of the package that others have superseded: their files decode, their names mean the newer ones."""

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
from vlae_codec.errors import ModelError
from vlae_codec.families.bilevel import codec
from vlae_codec.families.store import find_photo_model, find_photo_prefix, list_photo_models, read_photo_info
from vlae_codec.model import registry
from vlae_codec.model.networks import read_info

Run = Callable[..., Result]
ZOO = Path(__file__).resolve().parents[1] / "models" / "vlae_models" / "zoo"
PICTURE = np.eye(8, dtype=bool)


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of one model, which the package is made to have."""
    write_small_model(tmp_path / "zoo" / "small", auto=True)
    monkeypatch.setattr(registry, "_zoo", lambda: tmp_path / "zoo")
    return tmp_path / "zoo"


def supersede(zoo: Path) -> tuple[str, str]:
    """Move the model to the older ones and release another of its name; their fingerprints, the older first."""
    old = read_info(zoo / "small")["fingerprint"]
    (zoo / registry.OLDER).mkdir()
    (zoo / "small").rename(zoo / registry.OLDER / f"small-{old[:6]}")
    return old, write_small_model(zoo / "small", seed=8, auto=True)["fingerprint"]


def test_files_of_a_superseded_model_decode(zoo: Path) -> None:
    files = [vlae_codec.compress(PICTURE, "small"), vlae_codec.compress(PICTURE, "small", lossless=True)]
    files.append(vlae_codec.compress_many([PICTURE], "small", lossless=True))
    drawn = [np.asarray(image) for data in files for image in vlae_codec.decompress_many(data, seed=3)]
    old, new = supersede(zoo)
    again = [np.asarray(image) for data in files for image in vlae_codec.decompress_many(data, seed=3)]
    np.testing.assert_array_equal(drawn, again)
    assert [vlae_codec.inspect(data).fingerprint for data in files] == [old] * 3
    assert vlae_codec.inspect(vlae_codec.compress(PICTURE, "small")).fingerprint == new


def test_names_and_auto_mean_the_newer_one(zoo: Path) -> None:
    old, new = supersede(zoo)
    assert registry.find_model("small").fingerprint == new
    assert [info.fingerprint for info in codec.candidates("auto")] == [new]
    assert registry.find_model(old[:8]).older
    assert [(info.fingerprint, info.auto, info.shipped) for info in registry.list_models()] == [
        (new, True, True),
        (old, False, True),
    ]


def test_a_model_without_a_successor_has_no_name(zoo: Path) -> None:
    old, _ = supersede(zoo)
    (zoo / "small").rename(zoo.parent / "gone")
    with pytest.raises(ModelError, match="no model 'small': installed are none"):
        registry.find_model("small")
    assert registry.find_model(old).older


def test_commands_mark_them(zoo: Path, run: Run) -> None:
    old, new = supersede(zoo)
    listed = {one["fingerprint"]: one["older"] for one in json.loads(run("models", "list", "--json").stdout)}
    assert (listed[old], listed[new]) == (True, False)
    (line,) = [line for line in run("models", "list").stdout.splitlines() if old[:12] in line]
    assert "package, older" in line
    assert json.loads(run("models", "show", "small", "--json").stdout)["fingerprint"] == new
    assert json.loads(run("models", "show", old[:12], "--json").stdout)["older"]
    verified = run("models", "verify")
    assert verified.exit_code == 0 and old[:12] in verified.stdout


def test_of_colour_models_too(zoo: Path) -> None:
    """Folders with a photo.json: what is looked up by is all in it."""
    tree = json.loads((ZOO / "photo" / "photo.json").read_text())
    models = (("photo", "a" * 64, True), ("older/photo-bbbbbb", "b" * 64, True), ("aaa", "c" * 64, False))
    for name, print_, auto in models:
        (zoo / name).mkdir(parents=True)
        changes: dict[str, Any] = {"name": name.split("/")[-1].split("-")[0], "fingerprint": print_, "auto": auto}
        (zoo / name / "photo.json").write_text(json.dumps(tree | changes))
    found = {name: find_photo_model(name) for name in ("auto", "photo", "bbbbbb", "aaa")}
    assert [info and info.fingerprint[0] for info in found.values()] == ["a", "a", "b", "c"]
    assert find_photo_prefix(b"\xbb\xbb\xbb").older
    assert [info.older for info in list_photo_models()] == [False, False, True]


def test_older_folders_of_the_package_are_named_by_name_and_fingerprint() -> None:
    for folder in (ZOO / registry.OLDER).glob("*"):
        info = read_photo_info(folder) if (folder / "photo.json").is_file() else read_info(folder)
        assert folder.name == f"{info['name']}-{info['fingerprint'][:6]}"
