"""How fast and how small collections are: one picture of a million, joins, and how the index grows.

Run as `python -m benchmarks.collections`. The million are files of a few pictures, over and over: what is
measured is the collection. Each read of one picture is that of a fresh process; the same is done by HTTP, from a
server of this machine, which counts what it sends.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.range_server import serving
from benchmarks.results import write_result
from vlae_cli.common import exit_on_error
from vlae_codec import compress, decompress_array
from vlae_codec.collections import Collection, append, join
from vlae_codec.container.collection import HEAD, IndexBuilder, write_part
from vlae_codec.io.urls import file_system, is_url

PARTS = 1000
READS = 20


def read_one(where: str, number: int) -> dict[str, float]:
    """Milliseconds and memory of opening a collection and reading a picture's file, and then of decoding it."""
    if is_url(where):
        file_system(where)  # imports fsspec, as a program does once
    before = peak_kb()
    started = time.perf_counter()
    data = Collection(where).file(number)[1]
    read = time.perf_counter()
    after = peak_kb()
    decompress_array(data)
    loaded = time.perf_counter()
    decompress_array(data)
    decoded = time.perf_counter()
    return {
        "read_ms": round(1000 * (read - started), 2),
        "read_more_memory_mb": round((after - before) / 1024, 1),
        "first_decode_ms": round(1000 * (loaded - read), 1),
        "decode_ms": round(1000 * (decoded - loaded), 1),
        "process_mb": round(peak_kb() / 1024, 1),
    }


def peak_kb() -> int:
    """Return the most memory that this process had, KiB; unlike `getrusage` without its parent's."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])


def in_fresh_processes(where: str, pictures: int) -> dict[str, Any]:
    """Median and worst of reads of pictures from all over the collection."""
    rows = []
    for number in np.linspace(0, pictures - 1, READS).astype(int).tolist():
        call = [sys.executable, "-m", "benchmarks.collections", "--read", where, str(number)]
        rows.append(json.loads(subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True).stdout))
    return {
        name: {"median": statistics.median(row[name] for row in rows), "worst": max(row[name] for row in rows)}
        for name in rows[0]
    }


def by_http(path: Path, pictures: int) -> dict[str, Any]:
    """Return the same of a collection that a server sends, with requests and bytes of one picture."""
    with serving({"/all.vlz": path.read_bytes()}) as server:
        rows = in_fresh_processes(f"{server.url}/all.vlz", pictures)
        rows["requests"] = round(len(server.sent) / READS, 1)
        rows["kilobytes"] = round(sum(server.sent) / READS / 1000, 1)
    return rows


def make_parts(folder: Path, pictures: int) -> list[Path]:
    """So many pictures in `PARTS` files, as many workers would write them."""
    rng = np.random.default_rng(0)
    files = [compress(rng.integers(0, 2, (28, 28), np.uint8) * 255, "mnist", effort=1) for _ in range(50)]
    size, paths = pictures // PARTS, []
    for part in range(PARTS):
        names = range(part * size, (part + 1) * size)
        paths.append(folder / f"{part:04d}.vlz")
        paths[-1].write_bytes(write_part([(f"{name:08d}.png", files[name % 50]) for name in names]))
    return paths


def timed_join(parts: list[Path], out: Path) -> dict[str, Any]:
    """Seconds of a join, and what the index of the result takes."""
    started = time.perf_counter()
    pictures = join(parts, out)
    seconds = time.perf_counter() - started
    (part,) = Collection(out).parts
    index = part.footer.length - part.records_end
    return {
        "pictures": pictures,
        "parts": len(parts),
        "seconds": round(seconds, 2),
        "bytes": out.stat().st_size,
        "index_bytes_a_picture": round(index / pictures, 2),
        "root_bytes": part.footer.root,
    }


def grown(folder: Path, part: bytes, times: int) -> dict[str, Any]:
    """Append one after the other: seconds of the last ones, and of opening what they leave."""
    path = folder / "grown.vlz"
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        append(path, part)
        seconds.append(time.perf_counter() - started)
    started = time.perf_counter()
    Collection(path)
    opened = time.perf_counter() - started
    return {
        "appends": times,
        "last_append_ms": round(1000 * statistics.median(seconds[-10:]), 1),
        "open_ms": round(1000 * opened, 1),
    }


def simulated(pictures: int, workers: int) -> dict[str, Any]:
    """Measure the index of a huge collection, joined of parts that are made up: no record is written."""
    size, rng = pictures // workers, np.random.default_rng(0)
    sizes = (25 + rng.integers(0, 3, size)).tolist()
    started = time.perf_counter()
    one = IndexBuilder()
    for number, length in enumerate(sizes):
        one.add(length, 1, f"{number:08d}.png", bytes(3))
    part = HEAD + bytes(sum(sizes)) + b"".join(one.finish())
    made = time.perf_counter() - started
    (parsed,) = Collection(part).parts
    started = time.perf_counter()
    index = IndexBuilder()
    for _ in range(workers):
        index.add_part(parsed.footer, parsed.root, parsed.pages())
    pieces = list(map(len, index.finish()))
    joined = time.perf_counter() - started
    return {
        "pictures": index.pictures,
        "parts": workers,
        "index_mb": round(sum(pieces) / 1e6, 1),
        "root_mb": round(pieces[-2] / 1e6, 2),
        "seconds_of_one_part": round(made, 1),
        "seconds_of_the_join": round(joined, 1),
        "peak_memory_mb": round(peak_kb() / 1024),
    }


@click.command()
@click.option("--pictures", type=click.IntRange(PARTS), default=1_000_000, show_default=True)
@click.option("--read", type=(str, int), default=None, help="Read one picture of a collection and print what it took.")
@click.option("--simulate", type=int, default=None, help="Join the index of so many pictures, and print what it took.")
@exit_on_error
def main(pictures: int, read: tuple[str, int] | None, simulate: int | None) -> None:
    """Measure collections."""
    if read:
        click.echo(json.dumps(read_one(*read)))
        return
    if simulate:
        click.echo(json.dumps(simulated(simulate, PARTS)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = make_parts(folder, pictures)
        joined = timed_join(parts, folder / "all.vlz")
        result: dict[str, Any] = {"join": joined, "one": in_fresh_processes(str(folder / "all.vlz"), pictures)}
        result["http"] = by_http(folder / "all.vlz", pictures)
        result["append"] = grown(folder, parts[0].read_bytes(), 200)
    call = [sys.executable, "-m", "benchmarks.collections", "--simulate", str(100 * pictures)]
    result["simulated"] = json.loads(subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True).stdout)
    write_result("collections", result)
    click.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
