"""The built wheel holds everything that an installed command needs, and nothing that belongs to the checkout."""

from __future__ import annotations

import importlib
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest

from vlae_cli.commands import NAMES
from vlae_codec import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = [ROOT / folder for folder in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
LEFT_OUT: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"]
MODELS = {"caltech", "mnist", "mnist-fine", "omniglot", "page", "photo"}
MOST = 16_000_000
SCRIPTS: dict[str, str] = PROJECT["project"]["scripts"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that is built now."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    assert found.name == f"vlae_codec-{__version__}-py3-none-any.whl"
    return found


@pytest.fixture(scope="module")
def wheel(built: Path) -> set[str]:
    """Names of the files in the wheel."""
    return set(zipfile.ZipFile(built).namelist())


def test_wheel_holds_the_models_that_users_need(built: Path, wheel: set[str]) -> None:
    assert {name.split("/")[2] for name in wheel if name.startswith("vlae_models/zoo/")} == MODELS
    assert built.stat().st_size < MOST


def test_wheel_holds_every_file_of_the_packages(wheel: set[str]) -> None:
    files = {
        (Path(package.name) / path.relative_to(package)).as_posix()
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
        if not any(Path(*path.relative_to(ROOT).parts[:4]).match(left_out) for left_out in LEFT_OUT)
    }
    assert files <= wheel


@pytest.mark.parametrize("package", [package.name for package in PACKAGES])
def test_wheel_is_typed(wheel: set[str], package: str) -> None:
    assert f"{package}/py.typed" in wheel


@pytest.mark.parametrize("file", ["model.json", "weights.npz", "recipe.toml", "CARD.md"])
def test_wheel_holds_the_default_model(wheel: set[str], file: str) -> None:
    assert f"vlae_models/zoo/mnist/{file}" in wheel


def test_wheel_holds_tables_recipes_and_digits(wheel: set[str]) -> None:
    assert "vlae_codec/exact/tables.npz" in wheel
    assert "vlae_models/recipes/mnist.toml" in wheel
    assert {f"vlae_cli/digits/{digit}.png" for digit in range(10)} <= wheel


def test_wheel_installs_our_packages_only(wheel: set[str]) -> None:
    top = {name.split("/")[0] for name in wheel}
    assert top == {package.name for package in PACKAGES} | {f"vlae_codec-{__version__}.dist-info"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_console_script_exists(script: str) -> None:
    module, name = SCRIPTS[script].split(":")
    assert isinstance(getattr(importlib.import_module(module), name), click.Command)


def test_every_command_module_is_declared() -> None:
    declared = {target.split(":")[0].split(".")[1] for target in SCRIPTS.values()}
    modules = {
        path.stem
        for path in (ROOT / "cli" / "vlae_cli").glob("[!_]*.py")
        if {"@command", "@click.group"} & {line.split("(")[0] for line in path.read_text().splitlines()}
    }
    assert modules == declared == set(NAMES)


POINTS: dict[str, dict[str, str]] = PROJECT["project"]["entry-points"]


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, found in POINTS.items() for name in found])
def test_entry_point_exists(group: str, name: str) -> None:
    pytest.importorskip(group.split(".")[0])
    module, attribute = POINTS[group][name].split(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), type)
