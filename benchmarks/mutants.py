"""Which wrong constants the tests notice: one is changed at a time in a copy of the sources, and the tests are run.

`python -m benchmarks.mutants` runs all of them and keeps the outcome; with NAMES it runs these alone and keeps nothing.
Formats are pinned by golden files. These are constants beyond golden files: what the sender chooses, and what is
refused.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import click

from benchmarks.results import write_result
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("vlae_codec", "models", "cli", "benchmarks", "tests")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "golden", "results", ".hypothesis")
LONGEST = 600
"""Seconds that the tests of a mutant may take; those that hang have noticed it."""
FAILED = (1, 2)
"""What pytest returns if a test failed or could not be imported; other numbers are no answer."""


class Mutant(NamedTuple):
    """One wrong constant.

    Attributes:
        name: what the constant decides.
        file: of the sources, from the repository's root.
        text: what stands there once.
        wrong: what takes its place.
        tests: the files that should notice, in `tests`.
    """

    name: str
    file: str
    text: str
    wrong: str
    tests: tuple[str, ...]

    def apply(self, source: str) -> str:
        """Return the source with the wrong constant.

        Raises:
            VlaeError: the text does not stand in it exactly once.
        """
        if (count := source.count(self.text)) != 1:
            raise VlaeError(
                f"{self.file}: {self.text!r} stands there {count} times, and the mutant {self.name!r} needs 1"
            )
        return source.replace(self.text, self.wrong)


CODEC, PICTURES = "vlae_codec/families/photo/codec.py", "vlae_codec/families/codec.py"
STORED = "vlae_codec/families/stored/codec.py"
TARGET, CODING = "vlae_codec/families/photo/target.py", "vlae_codec/families/photo/coding.py"
ROUNDING, PROBE = "vlae_codec/families/photo/rounding.py", "vlae_codec/families/bilevel/archive.py"
TREE, LIMITS = "vlae_codec/latents/tree_search.py", "vlae_codec/model/limits.py"
ARCHIVE, COLLECTION = "vlae_codec/container/archive.py", "vlae_codec/container/collection.py"
INTERVAL, SYMBOLS = "vlae_codec/coding/interval.py", "vlae_codec/coding/symbols.py"
PHILOX = "vlae_codec/exact/philox.py"
MUTANTS = (
    Mutant("ladder", CODEC, "/ 100 * (LEVELS - 1)", "/ 100 * (LEVELS - 2)", ("test_sender_choices.py",)),
    Mutant("step-cost", ROUNDING, "(60.0, 40.0,", "(30.0, 40.0,", ("test_sender_choices.py",)),
    Mutant("trials", TARGET, "TRIALS = 8", "TRIALS = 4", ("test_sender_choices.py",)),
    Mutant("close", TARGET, "CLOSE = 0.98", "CLOSE = 0.9", ("test_sender_choices.py",)),
    Mutant("least-payload", CODING, "A_BYTE = 2048, 64", "A_BYTE = 2048, 96", ("test_sender_choices.py",)),
    Mutant("hardly", PICTURES, "HARDLY = 64", "HARDLY = 640", ("test_stored_choice.py",)),
    Mutant("slow", STORED, "SLOW, MOST_PIXELS = 3", "SLOW, MOST_PIXELS = 6", ("test_palette.py", "test_prediction.py")),
    Mutant("children", TREE, "MAX_CHILDREN = 1 << 17", "MAX_CHILDREN = 1 << 12", ("test_tree_search.py",)),
    Mutant("meaning", TREE, "original.scale) ** 2)", "original.scale) ** 4)", ("test_tree_search.py",)),
    Mutant("probe", PROBE, "TASTED = 64", "TASTED = 1", ("test_bilevel_choice.py",)),
    Mutant("names", ARCHIVE, "(4 * MAX_NAME + 1)", "(3 * MAX_NAME + 1)", ("test_archive.py",)),
    Mutant(
        "inputs", LIMITS, "MAX_INPUTS = 1 << 48, 1 << 17", "MAX_INPUTS = 1 << 48, 1 << 20", ("test_model_limits.py",)
    ),
    Mutant("interval", INTERVAL, "(total + spare) // 8 + 1)", "(total + spare) // 8)", ("test_coding.py",)),
    Mutant("escape", SYMBOLS, "LONGEST = 12", "LONGEST = 11", ("test_symbols.py",)),
    Mutant("rounds", PHILOX, "in range(10)", "in range(9)", ("test_philox.py",)),
    Mutant("index", COLLECTION, "if (steps < 0).any()", "if (steps < -1).any()", ("test_collection_index.py",)),
)


def copy_sources(target: Path) -> None:
    """Copy what the tests of the mutants need to a folder."""
    for name in COPIED:
        shutil.copytree(ROOT / name, target / name, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", target)


def notice(folder: Path, tests: tuple[str, ...]) -> bool:
    """Return whether one of the files of tests fails in a copy of the sources.

    Raises:
        VlaeError: they could not be run.
    """
    # Stale byte code is recognised by time and size alone, and mutants come within a second at equal size.
    environment = {key: value for key, value in os.environ.items() if key != "VLAE_DATA"} | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([".", "models", "cli"]),
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *(f"tests/{one}" for one in tests)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode not in (0, *FAILED):
        raise VlaeError(f"{', '.join(tests)} cannot be run: {done.stdout.strip().splitlines()[-1]}")
    return done.returncode in FAILED


def run_mutant(folder: Path, mutant: Mutant) -> bool:
    """Return whether the tests of a mutant fail with it in a copy of the sources, which is left as it was."""
    path = folder / mutant.file
    source = path.read_text()
    path.write_text(mutant.apply(source))
    try:
        return notice(folder, mutant.tests)
    finally:
        path.write_text(source)


@click.command()
@click.argument("names", nargs=-1)
@exit_on_error
def main(names: tuple[str, ...]) -> None:
    """Run the tests over each mutant, or over those of NAMES; exit with 1 if one survives."""
    if unknown := set(names) - {one.name for one in MUTANTS}:
        raise VlaeError(f"no mutant {min(unknown)!r}: there are {', '.join(one.name for one in MUTANTS)}")
    chosen = [one for one in MUTANTS if one.name in names or not names]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_sources(folder)
        tests = tuple(sorted({file for one in chosen for file in one.tests}))
        if notice(folder, tests):
            raise VlaeError("a test fails without any mutant: mend that first")
        for one in chosen:
            started = time.monotonic()
            killed = run_mutant(folder, one)
            click.echo(f"{one.name:14} {'killed' if killed else 'survived':9} {time.monotonic() - started:6.1f} s")
            rows.append({**one._asdict(), "killed": killed})
    dead = sum(bool(row["killed"]) for row in rows)
    click.echo(f"{dead} of {len(rows)} killed")
    if not names:
        write_result("mutants", {"killed": dead, "mutants": rows})
    sys.exit(0 if dead == len(rows) else 1)


if __name__ == "__main__":
    main()
