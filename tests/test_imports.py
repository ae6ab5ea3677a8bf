"""Imports point one way, each third-party package has its border, and the codec starts without torch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from vlae_cli.commands import NAMES

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "vlae_codec": ROOT / "vlae_codec",
    "vlae_models": ROOT / "models" / "vlae_models",
    "vlae_cli": ROOT / "cli" / "vlae_cli",
}
LAYERS = list(FOLDERS)
"""Lowest first: a package imports only itself and those before it."""

FLOORS = {
    "vlae_codec": [
        "errors", "memory", "parallel", "exact", "coding", "autoregressive", "container", "model", "pixels", "latents",
        "io", "families", "report", "sources", "api", "collections", "pillow_plugin", "engines",
        "__init__",
    ],
    "vlae_models": ["__init__", "recipe", "nets", "data", "release", "train", "photo", "windowed", "page", "kinds"],
}  # fmt: skip
"""Folders and single modules of a package, lowest first: each imports only itself and those before it."""

BORDERS = {
    "dask": ["vlae_codec/engines/dask.py"],
    "datasets": ["vlae_codec/engines/huggingface.py"],
    "numcodecs": ["vlae_codec/engines/numcodecs.py"],
    "pyarrow": ["vlae_codec/collections/inputs.py"],
    "ray": ["vlae_codec/engines/ray.py"],
    "webdataset": ["vlae_codec/engines/webdataset.py"],
    "zarr": ["vlae_codec/engines/zarr.py"],
    "torch": [
        "vlae_codec/engines/torch.py",
        "vlae_codec/exact/backend.py",
        "vlae_models",
        "vlae_codec/exact/named_layers.py",
    ],
    "constriction": ["vlae_codec/coding/ans.py", "vlae_codec/coding/binary_coder.py", "vlae_codec/coding/symbols.py"],
    "array_api_compat": ["vlae_codec"],
    "fsspec": ["vlae_codec/io/urls.py"],
    "threadpoolctl": ["vlae_codec/parallel.py"],
    "click": ["vlae_cli"],
    "ssimulacra2": ["vlae_codec/report/quality.py"],
    "PIL": [
        "vlae_codec/io/images.py",
        "vlae_codec/io/forms.py",
        "vlae_codec/io/deep.py",
        "vlae_codec/io/metadata.py",
        "vlae_codec/io/profiles.py",
        "vlae_codec/io/adjust.py",
        "vlae_codec/io/opening.py",
        "vlae_codec/io/webp.py",
        "vlae_codec/io/writing.py",
        "vlae_codec/pillow_plugin.py",
        "vlae_models/data/sets.py",
        "vlae_models/data/cifar.py",
        "vlae_models/data/crops.py",
        "vlae_models/data/held_out.py",
        "vlae_models/data/packing.py",
        "vlae_models/data/drawn/__init__.py",
        "vlae_models/data/drawn/canvas.py",
        "vlae_models/data/drawn/figures.py",
        "vlae_models/data/drawn/fonts.py",
        "vlae_models/data/shards.py",
        "vlae_models/page/kinds.py",
    ],
}
"""Who may import what: whole packages or single modules."""

COMMON = {"numpy", "platformdirs", "tomli", "tomllib", "tqdm"}
"""Third-party packages (and the name that replaces one of them) that have no border."""


class Import(NamedTuple):
    """One import statement: where, what, and whether it waits inside a function."""

    module: str
    line: int
    target: str
    lazy: bool


def imports_of(package: str) -> Iterator[Import]:
    for path in sorted(FOLDERS[package].rglob("*.py")):
        module = f"{package}/{path.relative_to(FOLDERS[package]).as_posix()}"
        tree = ast.parse(path.read_text(), filename=str(path))
        lazy = {id(inner) for outer in ast.walk(tree) if is_deferred(outer) for inner in ast.walk(outer)}
        for node in ast.walk(tree):
            for target in targets(node, package):
                yield Import(module, getattr(node, "lineno", 0), target, id(node) in lazy)


def is_deferred(node: ast.AST) -> bool:
    """A function's body, or what only type checkers read."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def targets(node: ast.AST, package: str) -> list[str]:
    """Top-level packages that a statement imports; a relative import is the package itself."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [package if node.level else (node.module or "").split(".")[0]]
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}:
        literal = node.args[0] if node.args else None
        return [str(literal.value).split(".")[0]] if isinstance(literal, ast.Constant) else []
    return []


@pytest.mark.parametrize("package", LAYERS)
def test_layers(package: str) -> None:
    above = set(LAYERS[LAYERS.index(package) + 1 :]) | {"benchmarks", "tests"}
    wrong = [entry for entry in imports_of(package) if entry.target in above]
    assert not wrong


def modules_of(package: str) -> dict[str, Path]:
    """The package's modules by their dotted names; a folder's own is named `__init__`."""
    root = FOLDERS[package]
    return {".".join((package, *path.relative_to(root).with_suffix("").parts)): path for path in root.rglob("*.py")}


def inner_imports(package: str) -> dict[str, set[str]]:
    """For each module those modules of its package that it imports, be it in a function or for types alone."""
    modules = modules_of(package)
    found: dict[str, set[str]] = {}
    for module, path in modules.items():
        parts = module.split(".")[:-1]
        nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        for node in nodes:
            base = parts[: len(parts) - node.level + 1] if node.level else []
            target = ".".join([*base, *filter(None, [node.module])])
            for name in (alias.name for alias in node.names):
                candidates = (f"{target}.{name}", f"{target}.{name}.__init__", target, f"{target}.__init__")
                found.setdefault(module, set()).update([one for one in candidates if one in modules][:1])
    return found


@pytest.mark.parametrize("package", FLOORS)
def test_floors(package: str) -> None:
    floors = FLOORS[package]
    assert {module.split(".")[1] for module in modules_of(package)} == set(floors)
    climbing = [
        (module, target)
        for module, targets in inner_imports(package).items()
        for target in targets
        if floors.index(target.split(".")[1]) > floors.index(module.split(".")[1])
    ]
    assert not climbing


@pytest.mark.parametrize("package", LAYERS)
def test_no_circles(package: str) -> None:
    graph = inner_imports(package)
    assert any(graph.values())
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


@pytest.mark.parametrize("package", LAYERS)
def test_third_party_borders(package: str) -> None:
    free = COMMON | set(LAYERS) | set(sys.stdlib_module_names)
    for entry in imports_of(package):
        if entry.target not in free:
            allowed = BORDERS.get(entry.target, [])
            assert package in allowed or entry.module in allowed, f"{entry} is outside the border of {entry.target}"


def test_codec_defers_torch() -> None:
    wrong = [
        entry
        for entry in imports_of("vlae_codec")
        if entry.target == "torch" and not entry.lazy and not entry.module.startswith("vlae_codec/engines/")
    ]
    assert not wrong


def test_engines_are_imported_by_their_users_alone() -> None:
    for module, found in inner_imports("vlae_codec").items():
        if not module.startswith("vlae_codec.engines."):
            assert not any(target.startswith("vlae_codec.engines.") for target in found), module


@pytest.mark.parametrize("package", LAYERS)
def test_no_path_edits(package: str) -> None:
    for path in FOLDERS[package].rglob("*.py"):
        assert "sys.path" not in path.read_text(), f"{path} edits sys.path"


def run_python(*arguments: str) -> str:
    """What a fresh interpreter prints that sees the packages as this one does."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_whole_codec_leaves_torch_and_click_out() -> None:
    found = modules_of("vlae_codec")
    modules = [module for module in found if not module.endswith("__init__") and ".engines." not in module]
    code = f"import sys, vlae_codec, {', '.join(modules)}; print('torch' in sys.modules, 'click' in sys.modules)"
    assert run_python("-c", code).split() == ["False", "False"]


@pytest.mark.parametrize("command", NAMES)
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_leave_torch_out(command: str, option: str) -> None:
    code = (
        f"import sys; from vlae_cli.{command} import main\n"
        f"try: main([{option!r}])\n"
        "except SystemExit as stop: print('exit', stop.code, 'torch' in sys.modules)"
    )
    assert run_python("-c", code).splitlines()[-1] == "exit 0 False"
