"""The tests under old and new Pythons and libraries; `python -m benchmarks.versions`, result `versions.json`.

Each environment is made anew from PyPI. Those without torch run the tests that can be imported without it; torch is
served for one Python only where this was measured. `--core` runs the tests of what decides a file's meaning and of the
API, without torch everywhere. `.ci/versions` runs some of them in the first and the last environment in every check.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from benchmarks.results import read_result, write_result
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError

ROOT = Path(__file__).resolve().parents[1]
NAME = "versions"
RUNTIME = ("numpy", "pillow", "click", "constriction", "array-api-compat", "platformdirs", "threadpoolctl", "tqdm")
TOOLS = ("pytest", "hypothesis", "hatchling", "coverage", "tomli", "scipy", "matplotlib", "markdown")
TORCH = ("torch==2.13.0",)
CORE = (
    "api", "archive", "codec", "container", "coding", "golden", "images", "independent_stack", "installation",
    "photo_golden", "photo_store", "pillow_plugin", "registry", "tables",
)  # fmt: skip
"""Tests of `--core`, by what stands behind `test_`."""
LIBRARIES = ("numpy", "pillow", "torch", "constriction", "click")
"""Whose versions the result names."""
IMPORTABLE = """
import importlib, json, sys
from pathlib import Path
sys.path.insert(0, "tests")
left_out = []
for path in sorted(Path("tests").glob("test_*.py")):
    try:
        importlib.import_module(path.stem)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        left_out.append(path.name)
    except BaseException as error:
        if type(error).__name__ != "Skipped":
            raise
print(json.dumps(left_out))
"""


@dataclass(frozen=True)
class Environment:
    """A Python, and libraries for it.

    Attributes:
        python: version, as in the name of its program.
        oldest: whether the runtime's libraries are the oldest that pyproject.toml allows.
        torch: whether torch is there.
    """

    python: str
    oldest: bool
    torch: bool

    @property
    def title(self) -> str:
        """How the result calls it."""
        return f"{self.python}, {'oldest' if self.oldest else 'newest'} libraries{', torch' if self.torch else ''}"


ENVIRONMENTS = (
    Environment("3.10", oldest=True, torch=False),
    Environment("3.11", oldest=True, torch=True),
    Environment("3.11", oldest=False, torch=True),
    Environment("3.12", oldest=False, torch=False),
    Environment("3.13", oldest=False, torch=False),
)


def oldest() -> list[str]:
    """Return the least versions that pyproject.toml allows, as requirements."""
    least = dict(re.findall(r'"([a-z-]+)>=([0-9.]+)', (ROOT / "pyproject.toml").read_text()))
    return [f"{name}=={least[name]}" for name in RUNTIME]


def find_python(version: str) -> str | None:
    """Find the program of a Python, of pyenv or on the path."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in (*sorted(pyenv.glob(f"{version}.*/bin/python")), shutil.which(f"python{version}")):
        if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
            return str(found)
    return None


def measure(environment: Environment, folder: Path, tests: Sequence[str]) -> dict[str, Any]:
    """Make an environment and run the tests in it; what came of them."""
    program = find_python(environment.python)
    if program is None:
        return {"missing": True}
    subprocess.run([program, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    wanted = [*(oldest() if environment.oldest else RUNTIME), *TOOLS, *(TORCH if environment.torch else ())]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "models", "cli"))
    variables = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    listed = subprocess.run([python, "-c", IMPORTABLE], cwd=ROOT, env=variables, capture_output=True, text=True)
    if listed.returncode:
        raise VlaeError(f"{environment.title}: {listed.stderr.strip()[-300:]}")
    left_out = json.loads(listed.stdout.splitlines()[-1])
    report, started = folder / "report.xml", time.monotonic()
    call = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", f"--junit-xml={report}"]
    chosen = tests or ("tests",)
    subprocess.run([*call, *(f"--ignore=tests/{name}" for name in left_out), *chosen], cwd=ROOT, env=variables)
    return {
        "python": _told(python, "import platform; print(platform.python_version())"),
        "libraries": {name: _version(python, name) for name in LIBRARIES},
        "files_left_out_without_torch": left_out,
        **_counts(report),
        "seconds": round(time.monotonic() - started, 1),
    }


def _told(python: str, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _version(python: str, library: str) -> str | None:
    code = f"import importlib.metadata as m\ntry: print(m.version({library!r}))\nexcept m.PackageNotFoundError: print()"
    return _told(python, code) or None


def _counts(report: Path) -> dict[str, Any]:
    """Count the tests run, failed and skipped, and the names of the failed ones."""
    suites = ElementTree.parse(report).getroot()
    cases = list(suites.iter("testcase"))
    failed = [one for one in cases if one.find("failure") is not None or one.find("error") is not None]
    skipped = sum(one.find("skipped") is not None for one in cases)
    names = [f"{one.get('classname')}.{one.get('name')}" for one in failed]
    return {"passed": len(cases) - len(failed) - skipped, "failed": names, "skipped": skipped}


@click.command()
@click.argument("tests", nargs=-1)
@click.option("--core", is_flag=True, help="The core tests alone, everywhere without torch.")
@click.option("--only", multiple=True, help="Of the environments those of this Python; may be repeated.")
@exit_on_error
def main(tests: tuple[str, ...], core: bool, only: tuple[str, ...]) -> None:
    """Run TESTS (by default all but the slow ones) in each environment; exit code 1 if one fails.

    A run of some TESTS is not kept. Environments are measured one by one and added to the result that is there.
    """
    kept: dict[str, Any] = {}
    for environment in ENVIRONMENTS:
        if only and environment.python not in only:
            continue
        chosen: Sequence[str] = tests
        if core:
            environment, chosen = replace(environment, torch=False), [f"tests/test_{one}.py" for one in CORE]
        with tempfile.TemporaryDirectory() as name:
            found = measure(environment, Path(name) / "venv", chosen)
        kept |= (read_result(NAME) or {}).get("environments", {})
        kept[environment.title + (", core tests" if core else "")] = found
        click.echo(f"{environment.title}: {found}")
        if not tests:
            write_result(NAME, {"environments": kept})
    if any(one.get("failed") for one in kept.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
