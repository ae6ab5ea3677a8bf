"""Collections beside other stores of the same digits, and what Ray and PyTorch make of them.

Run as `python -m benchmarks.engines --data FOLDER`; needs the development installation and `pip install lmdb`. Speeds
of stores and loaders are by the processor's time of one process, those of Ray by the clock.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.options import images_option
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.collections import Collection, encode_part
from vlae_codec.collections.encode import compress_each
from vlae_models.data.sets import load_set

Digits = NDArray[np.uint8]
MODEL = "mnist"
ALL = 1 << 20


@dataclass(frozen=True)
class Store:
    """A way to keep digits: how they are written, read in order, and one by its number."""

    write: Callable[[Digits, Path], None]
    read: Callable[[Path], Iterator[Any]]
    one: Callable[[Path, int], Any]


def png(digit: Digits) -> bytes:
    """Return the bytes of a PNG file of one bit a pixel."""
    stream = io.BytesIO()
    Image.fromarray(digit * 255).convert("1").save(stream, "PNG", optimize=True)
    return stream.getvalue()


def opened(data: bytes) -> Digits:
    return np.asarray(Image.open(io.BytesIO(data)))


def png_folder() -> Store:
    def write(digits: Digits, path: Path) -> None:
        path.mkdir()
        for number, digit in enumerate(digits):
            (path / f"{number}.png").write_bytes(png(digit))

    def one(path: Path, number: int) -> Digits:
        return opened((path / f"{number}.png").read_bytes())

    def read(path: Path) -> Iterator[Digits]:
        return (one(path, number) for number in range(len(list(path.iterdir()))))

    return Store(write, read, one)


def png_tar() -> Store:
    def write(digits: Digits, path: Path) -> None:
        with tarfile.open(path, "w") as tar:
            for number, digit in enumerate(digits):
                data = png(digit)
                info = tarfile.TarInfo(f"{number}.png")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))

    def read(path: Path) -> Iterator[Digits]:
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file
                yield opened(file.read())

    def one(path: Path, number: int) -> Digits:
        with tarfile.open(path) as tar:
            file = tar.extractfile(f"{number}.png")
            assert file
            return opened(file.read())

    return Store(write, read, one)


def png_parquet() -> Store:
    import pyarrow
    from pyarrow import parquet

    def write(digits: Digits, path: Path) -> None:
        parquet.write_table(pyarrow.table({"png": [png(digit) for digit in digits]}), path, compression="zstd")

    def read(path: Path) -> Iterator[Digits]:
        return map(opened, parquet.read_table(path)["png"].to_pylist())

    def one(path: Path, number: int) -> Digits:
        return opened(parquet.read_table(path)["png"][number].as_py())

    return Store(write, read, one)


def png_lmdb() -> Store:
    import lmdb

    def write(digits: Digits, path: Path) -> None:
        with lmdb.open(str(path), 1 << 30) as base, base.begin(write=True) as transaction:
            for number, digit in enumerate(digits):
                transaction.put(f"{number:08d}".encode(), png(digit))

    def read(path: Path) -> Iterator[Digits]:
        with lmdb.open(str(path), readonly=True) as base, base.begin() as transaction:
            for _, data in transaction.cursor():
                yield opened(data)

    def one(path: Path, number: int) -> Digits:
        with lmdb.open(str(path), readonly=True) as base, base.begin() as transaction:
            return opened(transaction.get(f"{number:08d}".encode()) or b"")

    return Store(write, read, one)


def collection(**options: Any) -> Store:
    def write(digits: Digits, path: Path) -> None:
        path.write_bytes(encode_part([digit * np.uint8(255) for digit in digits], MODEL, **options))

    def read(path: Path) -> Iterator[Digits]:
        return (pixels for _, pixels in Collection(path).numbered())

    def one(path: Path, number: int) -> Digits:
        return Collection(path).decode([number])[0]

    return Store(write, read, one)


STORES: dict[str, Callable[[], Store]] = {
    "PNG files": png_folder,
    "tar of PNG": png_tar,
    "LMDB of PNG": png_lmdb,
    "Parquet of PNG, zstd": png_parquet,
    "collection, exact, a file each": lambda: collection(lossless=True, effort=1),
    "collection, exact, archives of 100": lambda: collection(lossless=True, pack=100),
    "collection, exact, one archive": lambda: collection(lossless=True, pack=ALL),
    "collection, lossy, a file each": lambda: collection(effort=1),
    "collection, lossy, one archive": lambda: collection(effort=1, pack=ALL),
}


def taken(path: Path) -> int:
    """Bytes of a file, or on the disk of all files of a folder's blocks; of LMDB those that hold something."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(512 * file.stat().st_blocks for file in path.iterdir() if file.name != "lock.mdb")


def measured(name: str, digits: Digits, folder: Path) -> dict[str, Any]:
    """Bytes and speeds of a store."""
    store, path = STORES[name](), folder / str(len(list(folder.iterdir())))
    started = time.process_time()
    store.write(digits, path)
    written = time.process_time()
    count = sum(1 for _ in store.read(path))
    read = time.process_time()
    store.one(path, 5)
    warm = time.process_time()
    found = np.asarray(store.one(path, len(digits) // 2)).astype(bool)
    one = time.process_time()
    exact = bool((found == digits[len(digits) // 2].astype(bool)).all())
    if count != len(digits) or exact == ("lossy" in name):
        raise ValueError(f"{name}: {count} pictures, exact: {exact}")
    return {
        "store": name,
        "bytes": round(taken(path) / count, 1),
        "written_per_second": round(count / (written - started), 1),
        "read_per_second": round(count / (read - written), 1),
        "one_ms": round(1000 * (one - warm), 2),
    }


def ray_overhead(digits: Digits) -> dict[str, Any]:
    """Seconds of one Ray worker, with and without its start, beside the same function in this process."""
    import ray

    from vlae_codec.engines.ray import compress

    pictures = [digit * np.uint8(255) for digit in digits]
    options: dict[str, Any] = {"model": MODEL, "lossless": True, "effort": 1}
    started = time.perf_counter()
    plain = [data for start in range(0, len(pictures), 64) for data in compress_each(pictures[start:][:64], **options)]
    here = time.perf_counter() - started
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=1 << 28, log_to_driver=False)
    try:
        rows = [{"number": number, "image": png(digit)} for number, digit in enumerate(digits)]
        compress(ray.data.from_items(rows[:1]), workers=1, **options).take_all()
        started = time.perf_counter()
        compress(ray.data.from_items(rows[:1]), workers=1, **options).take_all()
        start = time.perf_counter() - started
        started = time.perf_counter()
        found = compress(ray.data.from_items(rows), workers=1, **options).take_all()
        there = time.perf_counter() - started
    finally:
        ray.shutdown()
    same = [row["image"] for row in sorted(found, key=lambda row: int(row["number"]))] == plain
    if not same:
        raise ValueError("Ray gives other files")
    return {
        "pictures": len(digits),
        "plain_seconds": round(here, 1),
        "ray_seconds": round(there, 1),
        "ray_start_seconds": round(start, 1),
        "overhead_percent": round(100 * ((there - start) / here - 1), 1),
    }


def loader_speed(digits: Digits) -> dict[str, Any]:
    """Pictures a second that a loader of PyTorch gives, in shuffled batches of 256, of PNG and of collections."""
    from torch.utils.data import DataLoader, Dataset

    from vlae_codec.engines.torch import PictureDataset

    files = [png(digit) for digit in digits]

    class Pngs(Dataset[Any]):
        """The same digits as PNG files in memory."""

        def __len__(self) -> int:
            return len(files)

        def __getitem__(self, number: int) -> Any:
            return opened(files[number]).astype(np.uint8)[None]

    pictures = [digit * np.uint8(255) for digit in digits]
    sets: dict[str, Dataset[Any]] = {"PNG": Pngs()}
    sets["collection, exact"] = PictureDataset(encode_part(pictures, MODEL, lossless=True, effort=1))
    sets["collection, lossy"] = PictureDataset(encode_part(pictures, MODEL, effort=1))
    kept = PictureDataset(encode_part(pictures, MODEL, effort=1), keep_bytes=1 << 30)
    kept.__getitems__(range(len(kept)))
    sets["collection, decoded pictures kept, from the second epoch on"] = kept
    found = {}
    for name, data in sets.items():
        started = time.process_time()
        count = sum(len(batch) for batch in DataLoader(data, batch_size=256, shuffle=True))
        found[name] = round(count / (time.process_time() - started), 1)
    return found


@click.command()
@data_option
@images_option(1000)
@click.option("--ray", is_flag=True, help="Ray too, by the clock: on a machine that does nothing else.")
@exit_on_error
def main(data: Path, images: int, ray: bool) -> None:
    """Measure stores of digits, PyTorch's loader, and Ray if asked."""
    test = load_set("mnist-static", data).test
    digits = test[np.linspace(0, len(test) - 1, images).astype(int)]
    with tempfile.TemporaryDirectory() as name:
        rows = [measured(store, digits, Path(name)) for store in STORES]
    result = {"images": len(digits), "stores": rows, "loader_per_second": loader_speed(digits)}
    if ray:
        result |= {"ray": ray_overhead(digits), "load_average": round(os.getloadavg()[0], 2)}
    write_result("engines", result)
    click.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
