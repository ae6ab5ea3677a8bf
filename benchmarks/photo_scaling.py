"""Time and memory of photographs against their pixels, compressing and decompressing, each in a process of its own.

Run as `python -m benchmarks.photo_scaling --data FOLDER`. Pictures are mosaics of the Kodak set's development part,
coded at the default quality, which shrinks them first, and at one that does not.
Each figure is stored as soon as it is there; a run that was stopped goes on (`--again` measures all anew). A picture
whose drawing would take longer than `--patience`, by the time a pixel of the size before, is only previewed. Seconds
are those of the clock and of the processor: on a machine that does other things too, compare the latter.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.results import read_result, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec import compress, decompress
from vlae_codec.errors import VlaeError
from vlae_codec.families.windowed.codec import DEFAULT_QUALITY

NAME = "photo_scaling"
PICTURES = "kodak-dev/*.png"
SIZES = ((864, 1152), (2000, 3000), (4000, 6000), (6000, 8000))
"""(H, W) of 1, 6, 24 and 48 million pixels."""
TILE = 512
MODEL = "photo"
WHOLE = 80.0
"""A quality of pictures that are not shrunk."""
QUALITIES = (DEFAULT_QUALITY, WHOLE)
STEPS = ("compress", "preview", "decompress")


def mosaic(data: Path, height: int, width: int) -> NDArray[np.uint8]:
    """A picture of squares out of the photographs, by turns, (H, W, 3)."""
    paths = sorted(data.glob(PICTURES))
    if not paths:
        raise VlaeError(f"no {PICTURES} in {data}")
    squares = [np.asarray(Image.open(path).convert("RGB"))[:TILE, :TILE] for path in paths]
    down, across = -(-height // TILE), -(-width // TILE)
    rows = [
        np.concatenate([squares[(5 * row + column) % len(squares)] for column in range(across)], axis=1)[:, :width]
        for row in range(down)
    ]
    return np.concatenate(rows)[:height]


def one_step(step: str, folder: Path, quality: float) -> dict[str, float]:
    """Seconds and peak memory of one step in this process; the picture or file is in `folder`."""
    source, file = folder / "picture.npy", folder / "picture.vlz"
    started, used = time.perf_counter(), time.process_time()
    if step == "compress":
        file.write_bytes(compress(np.load(source), model=MODEL, quality=quality))
    else:
        decompress(file.read_bytes(), preview=step == "preview")
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    return {"seconds": round(seconds, 2), "processor_seconds": round(processor, 2), "peak_mib": round(peak, 1)}


def in_process(step: str, folder: Path, quality: float) -> dict[str, float]:
    """`one_step` in a fresh process of one thread.

    Raises:
        VlaeError: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.photo_scaling", "--data", str(folder), "--step", step]
    command += ["--quality", f"{quality:g}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise VlaeError(f"{step}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def expected(rows: dict[str, Any], pixels: int, quality: float) -> float:
    """Seconds that drawing so many pixels should take, by the largest of the quality drawn yet; 0 if none was."""
    drawn = [row for row in rows.values() if "decompress" in row and row["quality"] == quality]
    last = max(drawn, key=lambda row: row["pixels"], default=None)
    return last["decompress"]["seconds"] / last["pixels"] * pixels if last else 0.0


def measure(data: Path, size: tuple[int, int], row: dict[str, Any], steps: tuple[str, ...]) -> None:
    """Add to a row what it lacks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "picture.npy", mosaic(data, *size))
        for step in STEPS:
            if step in steps and (step == "compress" or step not in row):  # the others need its file
                row.setdefault(step, in_process(step, folder, row["quality"]))
        row["file_bytes"] = (folder / "picture.vlz").stat().st_size


@click.command()
@data_option
@click.option("--largest", type=click.FloatRange(0.1), default=48.0, show_default=True, help="Million pixels at most.")
@click.option("--patience", type=click.FloatRange(1), default=180.0, show_default=True, help="Seconds to draw at most.")
@click.option("--again", is_flag=True, help="Measure what is stored already, too.")
@click.option("--quality", type=click.FloatRange(0, 100), multiple=True, default=QUALITIES, show_default=True)
@click.option("--step", type=click.Choice(STEPS), hidden=True)
@exit_on_error
def main(
    data: Path, largest: float, patience: float, again: bool, quality: tuple[float, ...], step: str | None
) -> None:
    """Measure and store."""
    if step:
        click.echo(json.dumps(one_step(step, data, *quality)))
        return
    rows: dict[str, Any] = {} if again else (read_result(NAME) or {}).get("rows", {})
    for dialled, (height, width) in product(quality, SIZES):
        pixels, name = height * width, f"{width}x{height}, quality {dialled:g}"
        if pixels > largest * 1e6:
            continue
        patient = expected(rows, pixels, dialled) <= patience
        row = rows.setdefault(name, {"pixels": pixels, "quality": dialled})
        steps = STEPS if patient else STEPS[:2]
        if all(one in row for one in steps):
            continue
        row["load_average"] = round(os.getloadavg()[0], 2)
        measure(data, (height, width), row, steps)
        write_result(NAME, {"model": MODEL, "patience": patience, "rows": rows})
        click.echo(f"{name}: {row}")


if __name__ == "__main__":
    main()
