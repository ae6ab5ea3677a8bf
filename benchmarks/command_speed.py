"""How long the commands take as whole processes: one digit, a thousand files, and an archive of a thousand.

Run as `python -m benchmarks.command_speed --data FOLDER`. Also makes sure that neither command imports torch. Modules
are read as bytecode, as those of an installation are.
"""

from __future__ import annotations

import functools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.digits import evenly
from benchmarks.options import images_option
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_models.data.sets import Images, load_set

IMPORTED = re.compile(r"\|\s+(\w+)$", re.MULTILINE)


def command(name: str) -> list[str]:
    """How to start `vlae-<name>`: the installed script beside this Python, or else its module."""
    script = Path(sys.executable).with_name(f"vlae-{name}")
    return [str(script)] if script.exists() else [sys.executable, "-m", "vlae_cli", name]


def run(arguments: Sequence[str]) -> float:
    """Seconds that a command takes.

    Raises:
        VlaeError: it fails.
    """
    started = time.perf_counter()
    done = subprocess.run(arguments, capture_output=True, text=True, env=bytecode())
    if done.returncode:
        raise VlaeError(f"{' '.join(arguments[:4])} ...: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return time.perf_counter() - started


@functools.cache
def bytecode() -> dict[str, str]:
    """Return an environment in which processes find each other's bytecode, where they would write none."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "vlae-bytecode"), **kept}


def imported(name: str, arguments: Sequence[str]) -> set[str]:
    """Top-level names of all modules that a command imports."""
    call = [sys.executable, "-X", "importtime", "-m", "vlae_cli", name, *arguments]
    done = subprocess.run(call, capture_output=True, text=True)
    if done.returncode:
        raise VlaeError(f"vlae-{name}: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return set(IMPORTED.findall(done.stderr))


def single(folder: Path, picture: Path, model: str, runs: int) -> dict[str, Any]:
    """Median seconds of compressing and of decompressing one picture, after a warm-up."""
    file, again = folder / "one.vlz", folder / "again.png"
    calls = {
        "compress": [str(picture), "-o", str(file), "-m", model, "--force"],
        "decompress": [str(file), "-o", str(again), "--force"],
    }
    found: dict[str, Any] = {}
    for name, arguments in calls.items():
        found[f"{name}_torch_imported"] = "torch" in imported(name, arguments)
        times = [run([*command(name), *arguments]) for _ in tqdm(range(runs + 1), desc=name, leave=False, disable=None)]
        found[f"{name}_seconds"] = round(statistics.median(times[1:]), 3)
        found[f"{name}_seconds_all"] = [round(value, 3) for value in times[1:]]
    return found


def many(folder: Path, pictures: list[Path], model: str, effort: int) -> dict[str, Any]:
    """Images a second when all pictures share one process."""
    files, back = folder / f"files-{effort}", folder / f"back-{effort}"
    files.mkdir()
    back.mkdir()
    compress = run([*command("compress"), *map(str, pictures), "-o", str(files), "-m", model, "--effort", str(effort)])
    decompress = run([*command("decompress"), *map(str, sorted(files.iterdir())), "-o", str(back)])
    if len(list(back.iterdir())) != len(pictures):
        raise VlaeError(f"{len(list(back.iterdir()))} pictures came back of {len(pictures)}")
    return rates(len(pictures), effort, compress, decompress)


def archived(folder: Path, pictures: list[Path], model: str, effort: int) -> dict[str, Any]:
    """Images a second from an array to an archive and from the archive to an array."""
    array, archive, again = folder / "all.npy", folder / f"all-{effort}.vlz", folder / f"again-{effort}.npy"
    if not array.exists():
        np.save(array, np.stack([np.asarray(Image.open(path)) for path in pictures]))
    compress = run([*command("compress"), str(array), "-o", str(archive), "-m", model, "--effort", str(effort)])
    decompress = run([*command("decompress"), str(archive), "-o", str(again)])
    if len(np.load(again)) != len(pictures):
        raise VlaeError(f"{len(np.load(again))} pictures came back of {len(pictures)}")
    return rates(len(pictures), effort, compress, decompress)


def rates(images: int, effort: int, compress: float, decompress: float) -> dict[str, Any]:
    """Return a row of images a second from seconds."""
    return {
        "effort": effort,
        "images": images,
        "compress_images_per_second": round(images / compress, 1),
        "decompress_images_per_second": round(images / decompress, 1),
    }


def save_pictures(images: Images, folder: Path) -> list[Path]:
    """Save the images as PNG files, numbered."""
    paths = [folder / f"{index:05d}.png" for index in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image * 255).save(path)
    return paths


@click.command()
@data_option
@click.option("-m", "--model", default="mnist", show_default=True, help="Name or folder of the model.")
@images_option(1000)
@click.option("--runs", type=click.IntRange(1), default=7, show_default=True)
@click.option("--efforts", type=click.IntRange(1, 9), multiple=True, default=(1, 5), show_default=True)
@exit_on_error
def main(data: Path, model: str, images: int, runs: int, efforts: tuple[int, ...]) -> None:
    """Time the commands; exit code 1 if one of them imports torch."""
    if (Path(model) / "model.json").is_file():  # decompression finds models by fingerprint, also one not released
        os.environ["VLAE_MODELS"] = str(Path(model).resolve().parent)
    test = load_set("mnist-static", data).test
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pictures").mkdir()
        pictures = save_pictures(test[evenly(images, len(test))], folder / "pictures")
        one = single(folder, pictures[0], model, runs)
        batches = [many(folder, pictures, model, effort) for effort in efforts]
        archives = [archived(folder, pictures, model, effort) for effort in efforts]
    result = {
        "model": Path(model).name,
        "runs": runs,
        "load_average": round(os.getloadavg()[0], 2),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS", ""),
        "one": one,
        "many": batches,
        "archive": archives,
    }
    write_result("command_speed", result)
    click.echo(f"one: compress {one['compress_seconds']} s, decompress {one['decompress_seconds']} s")
    for title, batch in [*(("files", one) for one in batches), *(("archive", one) for one in archives)]:
        click.echo(
            f"{title} of {batch['images']}, effort {batch['effort']}:"
            f" compress {batch['compress_images_per_second']} images/s,"
            f" decompress {batch['decompress_images_per_second']} images/s"
        )
    if one["compress_torch_imported"] or one["decompress_torch_imported"]:
        raise VlaeError("torch was imported; the commands must not need it")


if __name__ == "__main__":
    main()
