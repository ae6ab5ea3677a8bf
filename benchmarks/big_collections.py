"""Many pictures into one collection by Ray and by plain processes: speed, bits, memory, and what the engine costs.

Run as `python -m benchmarks.big_collections digits|photos --data FOLDER --work FOLDER`. Digits are MNIST's 70,000 over
and over, each time shifted and binarised anew, without loss; photographs are crops of 256 x 256. Both engines make a
collection of the first --beside of them, and Ray then one of all --pictures. Every job is a fresh process. Parts stay
in the folder of --work: a run that was stopped goes on where it was, and its seconds are those of the parts that were
left to do. With --seconds the job of all ends in time, and its row says how many pictures it has.

Seconds of the processor are of the job with all processes that it started, so that other work on the machine does
not count. A job of two tiny parts shows what starting costs. Ray's services take their seconds by the clock, whatever
the workers do, so they are shown apart: on a machine with other work they are many.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import psutil

from benchmarks.collection_tables import coded
from benchmarks.collections import peak_kb
from benchmarks.made_pictures import Drawn
from benchmarks.results import write_result
from vlae_cli.collecting import Engine, spread_by
from vlae_cli.common import data_option, exit_on_error, progress_bar
from vlae_codec.collections import Collection
from vlae_codec.collections.inputs import keep_batch
from vlae_codec.collections.jobs import Job
from vlae_codec.errors import VlaeError
from vlae_codec.families import registry
from vlae_codec.families.bilevel.archive import compress_archive
from vlae_codec.families.request import Rate

TINY = 4
"""Pictures of each of the two parts that tell what starting costs."""
WORKER = "ray::Worker"
"""Begins the titles of Ray's processes that run our actors."""


OPTIONS: dict[str, dict[str, Any]] = {"digits": {"model": "mnist", "lossless": True}, "photos": {"model": "photo"}}


def run_job(
    kind: str, data: Path, out: Path, engine: Engine, pictures: int, part: int, jobs: int, limit: float = math.inf
) -> dict[str, Any]:
    """Make a collection in this process, of as many pictures as are done in some seconds; say what that took."""
    started = time.perf_counter()
    batches = [Drawn(kind, str(data), start, min(pictures, start + part)) for start in range(0, pictures, part)]
    options = {key: value for key, value in OPTIONS[kind].items() if key != "model"}
    pack = {"pack": part} if kind == "digits" else {}
    job, done = Job(out, OPTIONS[kind]["model"], options | pack), []
    with progress_bar(f"{kind} by {engine.value}") as step:
        for one in spread_by(engine)(partial(keep_batch, job.task), batches, jobs):
            done.append(one)
            step(one.tried, pictures)
            if time.perf_counter() - started > limit:
                break
    report = job.finish(done)
    return {
        "engine": engine.value,
        "wanted": pictures,
        "pictures": report.pictures,
        "failed": len(report.failed),
        "parts": report.parts,
        "reused": report.reused,
        "bits_a_picture": report.bits_a_picture,
        "seconds": round(time.perf_counter() - started, 1),
        **cpu_seconds(),
        "driver_peak_mb": round(peak_kb() / 1024, 1),
    }


def cpu_seconds() -> dict[str, float]:
    """Return seconds of the processor: of this process with all that it started, and of services among these."""
    own, total, services = psutil.Process(), 0.0, 0.0
    for process in (own, *own.children(recursive=True)):
        try:
            times, title = process.cpu_times(), process.cmdline()[0]
        except (IndexError, psutil.NoSuchProcess):
            continue
        seconds = times.user + times.system + times.children_user + times.children_system
        total += seconds
        services += 0 if process == own or title.startswith(WORKER) else seconds
    return {"cpu_seconds": round(total, 2), "service_seconds": round(services, 2)}


@dataclass(frozen=True)
class Jobs:
    """Jobs in processes of their own, whose collections and rows lie in a folder.

    Attributes:
        kind: of pictures.
        data: folder of the sets.
        work: the folder.
        workers: processes or actors.
    """

    kind: str
    data: Path
    work: Path
    workers: int

    def collection(self, engine: Engine, pictures: int) -> Path:
        """Return where the collection of so many pictures is made."""
        return self.work / f"{self.kind}-{engine.value}-{pictures}.vlz"

    def row(self, engine: Engine, pictures: int, part: int, seconds: float | None = None) -> dict[str, Any]:
        """Return the row of a job, unless an earlier run has left it."""
        out = self.collection(engine, pictures)
        row = out.with_suffix(".json")
        if row.exists():
            return dict(json.loads(row.read_text()))
        call = [sys.executable, "-m", "benchmarks.big_collections", self.kind, "--data", self.data, "--work", self.work]
        call += ["--pictures", pictures, "--part", part, "--jobs", self.workers, "--one", engine.value, "--out", out]
        call += ["--seconds", seconds] if seconds else []
        done = subprocess.run([str(word) for word in call], stdout=subprocess.PIPE, text=True, check=True)
        row.write_text(done.stdout.splitlines()[-1])
        return dict(json.loads(row.read_text()))


def overhead(rows: dict[str, dict[str, Any]], starts: dict[str, dict[str, Any]], name: str, services: bool) -> float:
    """Return percent of processor seconds a picture that an engine takes more than plain processes, starts not counted.

    Args:
        rows, starts: of whole jobs and of tiny ones, by engine.
        name: the engine.
        services: whether its services count.
    """

    def seconds(row: dict[str, Any]) -> float:
        return float(row["cpu_seconds"] - (0 if services else row["service_seconds"]))

    def each(engine: str) -> float:
        whole, start = rows[engine], starts[engine]
        return (seconds(whole) - seconds(start)) / (coded(whole) - coded(start))

    return round(100 * (each(name) / each(Engine.PROCESSES.value) - 1), 1)


def against_bound(data: Path, out: Path, part: int) -> dict[str, Any]:
    """Bits of the first part's archive beside its -ELBO; the collection holds the same bytes as this process makes.

    Raises:
        VlaeError: it holds others.
    """
    names, pictures = Drawn("digits", str(data), 0, part).read()
    pixels = np.stack([np.asarray(one, np.uint8) for one in pictures]) // np.uint8(255)
    model = registry.find_model(OPTIONS["digits"]["model"])
    made = compress_archive(model, pixels, Rate(lossless=True), names=names)
    if Collection(out).file(0)[1] != made.data:
        raise VlaeError("the collection holds other bytes than one process makes")
    bits = 8 * (len(made.data) - made.archive.names)
    return {"pictures": part, "bits": round(bits / part, 3), "neg_elbo_bits": round(made.neg_elbo_bits / part, 3)}


@click.command()
@click.argument("kind", type=click.Choice(list(OPTIONS)))
@data_option
@click.option("--work", type=click.Path(path_type=Path), required=True, help="Folder for the collections.")
@click.option("--pictures", type=click.IntRange(2), default=1_000_000, show_default=True)
@click.option("--beside", type=click.IntRange(2), default=50_000, show_default=True, help="Pictures of both engines.")
@click.option("--seconds", type=click.FloatRange(min=1), help="End the job of all --pictures after so long.")
@click.option("--part", type=click.IntRange(1), default=5000, show_default=True, help="Pictures of a part.")
@click.option("--one", type=click.Choice([engine.value for engine in Engine]), help="Run one job; print its figures.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes or actors.")
@click.option("--out", type=click.Path(path_type=Path), help="The collection of --one.")
@exit_on_error
def main(
    kind: str, data: Path, work: Path, pictures: int, beside: int, seconds: float | None, part: int, one: str | None,
    jobs: int, out: Path | None,
) -> None:  # fmt: skip
    """Measure the engines."""
    if one and out:
        click.echo(json.dumps(run_job(kind, data, out, Engine(one), pictures, part, jobs, seconds or math.inf)))
        return
    work.mkdir(parents=True, exist_ok=True)
    every, engines = Jobs(kind, data, work, jobs), (Engine.PROCESSES, Engine.RAY)
    starts = {engine.value: every.row(engine, 2 * TINY, TINY) for engine in engines}
    rows = {engine.value: every.row(engine, beside, part) for engine in engines}
    files = [every.collection(engine, beside) for engine in engines]
    result: dict[str, Any] = {
        "kind": kind,
        "workers": jobs,
        "part": part,
        "all": every.row(Engine.RAY, pictures, part, seconds),
        "rows": list(rows.values()),
        "starts": list(starts.values()),
        "overhead_percent": overhead(rows, starts, Engine.RAY.value, services=True),
        "workers_overhead_percent": overhead(rows, starts, Engine.RAY.value, services=False),
        "same_bytes": files[0].read_bytes() == files[1].read_bytes(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    if kind == "digits":
        result["bound"] = against_bound(data, every.collection(Engine.RAY, pictures), part)
    write_result(f"big_collections-{kind}", result)
    click.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
