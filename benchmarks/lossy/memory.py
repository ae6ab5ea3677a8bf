"""Peaks of memory of the commands under --max-memory, of a photograph of 48 megapixels in both directions.

    python -m benchmarks.lossy.memory --data ../shared/data

Each limit is a whole process; what does not fit is refused at once. The picture is a mosaic of Kodak-dev.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.lossy.speed import mosaic
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError

NAME = "lossy_memory"
LIMITS = {"compress": ("800M", "1000M"), "decompress": ("500M", "800M")}
THREADS = 4
HEIGHT, WIDTH = 6000, 8000
TOLERATED = 1.1


def measure(step: str, source: Path, target: Path, limit: str) -> dict[str, Any]:
    """Return the seconds of a command under a limit and its peak in MiB, or the line with which it refuses.

    Raises:
        VlaeError: it fails in another way.
    """
    call = [sys.executable, "-m", "vlae_cli", step, str(source), "-o", str(target), "--threads", str(THREADS)]
    started = time.perf_counter()
    process = subprocess.Popen([*call, "--max-memory", limit, "--force", "-q"], stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = process.stderr.read().strip()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode == 0:
        digest = hashlib.sha256(target.read_bytes()).hexdigest()[:16]
        seconds = round(time.perf_counter() - started, 1)
        return {"peak_mib": round(usage.ru_maxrss / 1024), "seconds": seconds, "sha256": digest}
    if "are allowed" not in said or "\n" in said:
        raise VlaeError(f"{step} under {limit}: exit code {process.returncode}: {said[-300:]}")
    return {"refused": said.split(": ", 2)[-1]}


def kept(limit: str, peak_mib: float) -> bool:
    """Return whether a peak is within 10 % of a limit."""
    return peak_mib <= TOLERATED * int(limit[:-1]) * {"M": 1, "G": 1024}[limit[-1]]


@click.command()
@data_option
@exit_on_error
def main(data: Path) -> None:
    """Measure all limits; exit code 1 if one of them is not kept."""
    rows: dict[str, dict[str, Any]] = {step: {} for step in LIMITS}
    with tempfile.TemporaryDirectory() as name:
        picture, file, again = (Path(name) / one for one in ("a.png", "a.vlz", "b.png"))
        mosaic(data, HEIGHT, WIDTH).save(picture, compress_level=1)
        for step, source, target in (("compress", picture, file), ("decompress", file, again)):
            for limit in LIMITS[step]:
                rows[step][limit] = found = measure(step, source, target, limit)
                click.echo(f"{step} {limit}: {found}")
    write_result(NAME, {"model": "photo", "height": HEIGHT, "width": WIDTH, "threads": THREADS, "rows": rows})
    for step, found in rows.items():
        measured = {limit: one for limit, one in found.items() if "peak_mib" in one}
        if broken := [limit for limit, one in measured.items() if not kept(limit, one["peak_mib"])]:
            raise VlaeError(f"{step} took more than {', '.join(broken)}")
        if not measured:
            raise VlaeError(f"{step} fits none of the limits")
        if len({one["sha256"] for one in measured.values()}) != 1:
            raise VlaeError(f"{step} makes other bytes under other limits")


if __name__ == "__main__":
    main()
