"""Time and memory of the page's decoder, in Node and in Chromium, on one core.

    python -m benchmarks.web_speed --data ../shared/data

Photographs are mosaics of Kodak-dev at the default quality.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

import vlae_codec
from benchmarks.lossy.speed import mosaic
from benchmarks.make_golden import digits
from benchmarks.results import write_result
from benchmarks.tables import Lines
from vlae_cli.common import data_option
from web.build import build

NAME = "web_speed"
WEB = Path(__file__).resolve().parents[1] / "web"
PHOTOS = {"768x512": (512, 768), "1024x1024": (1024, 1024), "4000x3000": (3000, 4000)}
LARGE = 4_000_000
"""Pixels of pictures that are drawn once and in Node alone."""
CORE = "1"


def files(data: Path, folder: Path) -> Iterator[tuple[str, Path, int, int]]:
    """Yield name, path, samples and pixels of each file to measure."""
    digit = 255 * digits()[3]
    for name, samples in (("a digit", 1), ("a sheet of 16 digits", 16)):
        path = folder / f"{samples}.vlz"
        path.write_bytes(vlae_codec.compress(digit, "mnist"))
        yield name, path, samples, samples * digit.size
    exact = folder / "exact.vlz"
    levels = np.asarray(mosaic(data, 128, 192))
    exact.write_bytes(vlae_codec.compress(levels, "photo-exact", lossless=True))
    yield "an exact photograph, 192x128", exact, 1, levels[:, :, 0].size
    for name, size in PHOTOS.items():
        path = folder / f"{name}.vlz"
        path.write_bytes(vlae_codec.compress(mosaic(data, *size), "photo"))
        yield f"a photograph, {name}", path, 1, size[0] * size[1]


def measure(where: str, path: Path, samples: int, repeats: int, built: Path) -> dict[str, float]:
    """Return the figures of a file in Node or in Chromium."""
    call = ["taskset", "-c", CORE, "node", str(WEB / "speed.js"), where, str(path), str(samples), str(repeats)]
    done = subprocess.run(
        call, env={**os.environ, "VLAE_WEB": str(built)}, check=True, capture_output=True, text=True, timeout=900
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


@click.command()
@data_option
def main(data: Path) -> None:
    """Measure all files."""
    node = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder / "web")
        for title, path, samples, pixels in files(data, folder):
            large = pixels > LARGE
            row: dict[str, Any] = {"file": title, "pixels": pixels}
            row["node"] = measure("node", path, samples, 1 if large else 3, folder / "web")
            if shutil.which("chromium") and not large:
                row["chromium"] = measure("chromium", path, samples, 3, folder / "web")
            rows.append(row)
            click.echo(json.dumps(row))
            write_result(NAME, {"rows": rows, "node": node})  # the largest one takes long


def table(folder: Path) -> Lines:
    """Format the lines of the table, none if nothing was measured."""
    path = folder / f"{NAME}.json"
    if not path.exists():
        return []
    result = json.loads(path.read_text())
    lines = [
        f"Seconds of the processor on one core ({result['metadata']['cpu']}), of the first drawing, which loads the "
        "model and compiles the script, and of the best one:",
        "",
        "| what | Node, first | Node, best | Chromium, first | Chromium, best | peak of Node, MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        node, other = row["node"], row.get("chromium", {})
        best = f"{node['best_s']:.2f}" if row["pixels"] <= LARGE else ""
        others = f"{other['first_s']:.2f} | {other['best_s']:.2f}" if other else " | "
        lines.append(f"| {row['file']} | {node['first_s']:.2f} | {best} | {others} | {node['peak_mib']:.0f} |")
    return lines


if __name__ == "__main__":
    main()
