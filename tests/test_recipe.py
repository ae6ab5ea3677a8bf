from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vlae_codec.errors import ModelError
from vlae_models.kinds import way_of
from vlae_models.recipe import BILEVEL, ModelConfig, TrainConfig, kind_of, list_recipes, load_recipe, parse_recipe

TREE: dict[str, Any] = {
    "name": "a",
    "data": "mnist-static",
    "model": {"latent": 16, "prior_blocks": 2},
    "train": {"seed": 5},
}


def test_settings_reach_the_recipe_and_the_rest_are_defaults() -> None:
    recipe = parse_recipe(TREE, BILEVEL)
    assert (recipe.name, recipe.data, recipe.description) == ("a", "mnist-static", "")
    assert recipe.model == ModelConfig(latent=16, prior_blocks=2)
    assert recipe.train == TrainConfig(seed=5)


def test_parsing_leaves_the_tree_alone() -> None:
    before = {**TREE}
    assert parse_recipe(TREE, BILEVEL) == parse_recipe(TREE, BILEVEL)
    assert before == TREE


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"colour": 1}, "colour"),
        ({"model": {"depth": 3}}, "depth"),
        ({"train": {"epochs": 3}}, "epochs"),
        ({"model": {"latent": "32"}}, "latent"),
        ({"model": {"latent": 32.0}}, "latent"),
        ({"train": {"rate": "fast"}}, "rate"),
        ({"train": {"rate": True}}, "rate"),
        ({"train": {"use_valid": 1}}, "use_valid"),
        ({"train": {"batch": True}}, "batch"),
        ({"model": {"window": "9x9"}}, "9x9"),
        ({"model": {"latent": 30, "prior_blocks": 4}}, "30"),
        ({"description": 3}, "description"),
        ({"name": 3}, "name"),
        ({"data": ["mnist-static"]}, "data"),
        ({"model": 3}, "model"),
        ({"train": []}, "train"),
        ({"model": {"prior_blocks": 0}}, "blocks"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        parse_recipe({**TREE, **changes}, BILEVEL)


@pytest.mark.parametrize("key", ["name", "data"])
def test_name_and_data_are_needed(key: str) -> None:
    with pytest.raises(ModelError, match=key):
        parse_recipe({k: v for k, v in TREE.items() if k != key}, BILEVEL)


def test_a_whole_number_is_a_rate_too() -> None:
    assert parse_recipe({**TREE, "train": {"rate": 1}}, BILEVEL).train.rate == 1


@pytest.mark.parametrize("name", list_recipes())
def test_shipped_recipes_load_under_their_names(name: str) -> None:
    way, recipe = way_of(name)
    assert kind_of(name) == way.kind.name
    assert recipe.name == name
    assert recipe.description


def test_a_file_is_a_recipe_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\ndata = "mnist-static"\n[train]\nbatch = 7\n')
    recipe = load_recipe(str(path), BILEVEL)
    assert (recipe.name, recipe.train.batch) == ("mine", 7)


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe\x00", b""])
def test_files_that_are_no_recipe(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        load_recipe(str(path), BILEVEL)


def test_recipes_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text('name = "other"\ndata = "photos"\nkind = "wavelets"\n')
    with pytest.raises(ModelError, match="'wavelets' is unknown; known: photo, windowed"):
        way_of(str(path))
    with pytest.raises(ModelError, match="kind = 'photo' should be ''"):
        load_recipe("photo", BILEVEL)


@pytest.mark.parametrize("name", ["nothing", "", "../mnist", "missing.toml"])
def test_unknown_recipes(name: str) -> None:
    with pytest.raises(ModelError):
        load_recipe(name, BILEVEL)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ModelError, match=", ".join(list_recipes())):
        load_recipe("nothing", BILEVEL)
