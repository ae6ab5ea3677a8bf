from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vlae_codec.errors import ModelError
from vlae_codec.families import registry
from vlae_codec.model.networks import IntegerModel

Install = Callable[..., Path]


def names() -> list[str]:
    return [info.name for info in registry.list_models()]


def test_shipped_models_come_first(install: Install, mnist: str) -> None:
    install("aaa")
    assert names().index(mnist) < names().index("aaa")


def test_baseline_is_not_chosen_by_itself(mnist: str) -> None:
    marked = {info.name: info.auto for info in registry.list_models()}
    assert marked[mnist]
    assert not marked.get("mnist-vae", False)


def test_found_by_name_fingerprint_and_folder(install: Install, tmp_path: Path) -> None:
    folder = install("mine")
    info = registry.find_model("mine")
    assert registry.find_model(info.fingerprint[:6].upper()) == info
    elsewhere = folder.rename(tmp_path / "elsewhere")
    assert registry.find_model(str(elsewhere)).fingerprint == info.fingerprint
    with pytest.raises(ModelError, match="no model 'mine'"):
        registry.find_model("mine")


def test_a_prefix_that_was_found_before_is_found_without_a_search(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install("mine")
    info = registry.find_model("mine")
    prefix = bytes.fromhex(info.fingerprint[:6])
    assert next(registry.find_prefix(prefix)) == info
    with monkeypatch.context() as patch:
        patch.setattr(registry, "folders", lambda *_: pytest.fail("went through folders"))
        assert next(registry.find_prefix(prefix)) == info
    assert list(registry.find_prefix(prefix)) == [info]
    folder.rename(folder.with_name(".gone"))
    with pytest.raises(ModelError, match="not here"):
        list(registry.find_prefix(prefix))


def test_unknown_name_says_what_there_is(install: Install) -> None:
    install("mine")
    with pytest.raises(ModelError, match=r"no model 'yours'.*mine"):
        registry.find_model("yours")


def test_prefix_of_a_fingerprint(install: Install) -> None:
    install("one", fingerprint="abcdef" + "0" * 58)
    install("two", fingerprint="abcdef" + "1" * 58)
    assert [info.name for info in registry.find_prefix(b"\xab\xcd\xef")] == ["one", "two"]


def test_unknown_fingerprint_is_named(user_models: Path) -> None:
    with pytest.raises(ModelError, match="fedcba") as caught:
        list(registry.find_prefix(b"\xfe\xdc\xba"))
    assert str(user_models) in str(caught.value)


def test_equal_names_live_side_by_side(install: Install) -> None:
    install("a")
    other = install("b", name="a")
    assert names().count("a") == 2
    with pytest.raises(ModelError, match=r"2 models are called 'a'.*fingerprint"):
        registry.find_model("a")
    for info in registry.list_models():
        assert registry.find_model(info.fingerprint[:12]) == info
    assert registry.find_model(str(other)).folder == other


def test_shipped_names_stay(install: Install, mnist: str) -> None:
    install("mine", name=mnist)
    assert registry.find_model(mnist).shipped
    assert names().count(mnist) == 2


def test_of_equal_fingerprints_the_first(install: Install) -> None:
    install("a", fingerprint="12" * 32)
    install("b", fingerprint="12" * 32)
    assert "b" not in names()


def test_damaged_model_hides_no_other_and_is_named(install: Install) -> None:
    folder = install("broken")
    install("whole")
    (folder / "model.json").write_text("{")
    assert "whole" in names()
    (error,) = registry.damaged_folders()
    assert "broken" in str(error)
    with pytest.raises(ModelError, match="broken"):
        registry.find_model("broken")


def test_a_model_that_changes_is_read_again(install: Install) -> None:
    folder = install("mine")
    assert "mine" in names()
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text.replace('"mine"', '"renamed"'))
    assert "renamed" in names()


def test_damaged_model_of_the_user_leaves_shipped_ones_alone(install: Install, mnist: str) -> None:
    (install("broken") / "model.json").write_text("{")
    assert registry.find_model(mnist).name == mnist


def test_folder_of_the_system_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLAE_MODELS")
    assert registry.user_folder().name == "models"
    assert "vlae-codec" in str(registry.user_folder())


def test_weights_are_read_once_for_each_device(install: Install) -> None:
    install("mine")
    info = registry.find_model("mine")
    assert registry.load(info, IntegerModel) is registry.load(info, IntegerModel)
    pytest.importorskip("torch")
    assert registry.load(info, IntegerModel) is not registry.load(info, IntegerModel, "torch")


@pytest.mark.parametrize("error", [ModuleNotFoundError("No module named 'torch'"), AssertionError("no CUDA")])
def test_device_that_is_not_there(install: Install, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def stranded(device: str) -> None:
        raise error

    install("mine")
    monkeypatch.setattr(registry, "Backend", stranded)
    with pytest.raises(ModelError, match="cpu gives the same"):
        registry.load(registry.find_model("mine"), IntegerModel, "cuda")
