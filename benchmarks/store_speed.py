"""Collections beside other ways to keep the same pictures: bytes, speeds and, of lossy ones, PSNR.

Run as `python -m benchmarks.store_speed digits|photos --data FOLDER`; needs the extra `bench`. Digits are those of the
fixed binarisation's test part; photographs are crops of 256 x 256. Speeds are by the processor's time.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.made_pictures import crop
from benchmarks.options import images_option
from benchmarks.results import write_result
from benchmarks.stores import LOSSY, STORES, Picture
from vlae_cli.common import data_option, exit_on_error, progress_bar
from vlae_codec.errors import VlaeError
from vlae_codec.report.quality import psnr
from vlae_models.data.sets import load_set


def load_pictures(kind: str, data: Path, count: int) -> list[Picture]:
    """Digits of 0 and 255, (28, 28), or crops of photographs, (256, 256, 3)."""
    if kind == "photos":
        return [crop(str(data), number) for number in range(count)]
    test = load_set("mnist-static", data).test
    return [test[number] * np.uint8(255) for number in np.linspace(0, len(test) - 1, count).astype(int)]


def taken(path: Path) -> int:
    """Bytes of a file, or of all files of a folder; LMDB's holes are not counted, nor its lock."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(
        min(file.stat().st_size, 512 * file.stat().st_blocks) for file in path.iterdir() if "lock" not in file.name
    )


def levels(pixels: Any, grey: bool) -> Picture:
    """Return levels of 0 to 255; WebP gives grey pictures in colour, and a collection colours that are grey in grey."""
    array = np.asarray(pixels)
    array = array[:, :, 0] if grey and array.ndim == 3 else array
    array = array if grey or array.ndim == 3 else np.repeat(array[:, :, None], 3, 2)
    return array.astype(np.uint8) * np.uint8(255) if array.dtype == bool else array.astype(np.uint8)


def measured(kind: str, name: str, pictures: list[Picture], folder: Path) -> dict[str, Any]:
    """Bytes and speeds of a store.

    Raises:
        VlaeError: its pictures are not those that were written, or are though it is lossy.
    """
    store, path = STORES[kind][name](), folder / str(len(list(folder.iterdir())))
    started = time.process_time()
    store.write(pictures, path)
    written = time.process_time()
    found = [levels(pixels, pictures[0].ndim == 2) for pixels in store.read(path)]
    read = time.process_time()
    store.one(path, 1)
    warm = time.process_time()
    store.one(path, len(pictures) // 2)
    one = time.process_time()
    exact = all(np.array_equal(a, b) for a, b in zip(found, pictures, strict=True))
    if exact == (LOSSY in name):
        raise VlaeError(f"{name}: the pictures are {'' if exact else 'not '}those that were written")
    quality = (
        {} if exact else {"psnr": round(float(np.mean([psnr(*pair) for pair in zip(pictures, found, strict=True)])), 2)}
    )
    return {
        "store": name,
        "bytes": round(taken(path) / len(pictures), 1),
        "written_per_second": round(len(pictures) / (written - started), 1),
        "read_per_second": round(len(pictures) / (read - written), 1),
        "one_ms": round(1000 * (one - warm), 2),
        **quality,
    }


@click.command()
@click.argument("kind", type=click.Choice(list(STORES)))
@data_option
@images_option(500, text="Pictures")
@exit_on_error
def main(kind: str, data: Path, images: int) -> None:
    """Measure stores of digits or of photographs."""
    pictures, rows = load_pictures(kind, data, images), []
    with tempfile.TemporaryDirectory() as folder, progress_bar("measuring stores") as step:
        for name in STORES[kind]:
            rows.append(measured(kind, name, pictures, Path(folder)))
            step(1, len(STORES[kind]))
    result = {"kind": kind, "images": images, "stores": rows}
    write_result(f"stores-{kind}", result)
    click.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
