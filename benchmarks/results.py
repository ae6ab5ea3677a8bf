"""Figures on disk: one JSON file a measurement, with what is needed to know where it came from."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from vlae_codec import __version__

FOLDER = Path(__file__).resolve().parent / "results"
LIBRARIES = ("numpy", "torch", "constriction", "pillow")
SOURCES = ("vlae_codec", "models", "cli", "benchmarks/*.py", "benchmarks/sweep")
_STARTED = time.monotonic()


def write_result(name: str, data: Mapping[str, Any], folder: Path = FOLDER) -> Path:
    """Store the figures of one measurement with its provenance as `name`.json; its path comes back.

    `seconds` counts from the import of this module to now, the whole measurement in a script.
    """
    tree = {**data, "metadata": provenance()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(tree, indent=1) + "\n")
    partial.replace(path)
    return path


def read_result(name: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """Return the figures of a measurement, or None if it was not made."""
    path = folder / f"{name}.json"
    return dict(json.loads(path.read_text())) if path.exists() else None


def read_results(prefix: str, folder: Path = FOLDER) -> list[dict[str, Any]]:
    """All measurements whose names begin so, by name."""
    return [
        dict(json.loads(path.read_text()))
        for path in sorted(folder.glob(f"{prefix}*.json"), key=lambda path: path.stem)
    ]


def results_of(prefix: str, kind: str, folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Read the measurements of one set; those from before there were several are of "mnist-static"."""
    return [result for result in read_results(prefix, folder) if result.get("set", "mnist-static") == kind]


def provenance() -> dict[str, Any]:
    """Versions, machine, commit, date and seconds so far."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - _STARTED, 1),
        "commit": commit(),
        "versions": versions(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
    }


def versions() -> dict[str, str]:
    """Of Python, this package and the libraries that are installed."""
    found = {"python": platform.python_version(), "vlae-codec": __version__}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found


def cpu_model() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def commit() -> str:
    """Return the commit that the sources are at; "+" behind it if they were changed since; "" outside git."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=FOLDER.parents[1], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--", *SOURCES) else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
