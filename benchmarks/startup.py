"""How long it takes to begin: importing the package, asking a command for help, looking at a file.

Run as `python -m benchmarks.startup`. Whole processes, and none of them imports torch.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click

import vlae_codec
from benchmarks.command_speed import IMPORTED, command
from benchmarks.results import write_result
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError

LIMIT_S = 0.4


def measure(call: list[str], runs: int) -> dict[str, Any]:
    """Seconds of a process, the median and all, after a warm-up; and whether it imports torch."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        done = subprocess.run(call, capture_output=True, text=True)
        times.append(round(time.perf_counter() - started, 3))
        if done.returncode:
            raise VlaeError(f"{' '.join(call)}: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return {"median_s": round(statistics.median(times[1:]), 3), "all_s": times[1:]}


def imports_torch(arguments: list[str]) -> bool:
    """Whether Python started with these arguments imports torch."""
    done = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True)
    return "torch" in IMPORTED.findall(done.stderr)


@click.command()
@click.option("--runs", type=click.IntRange(1), default=11, show_default=True)
@exit_on_error
def main(runs: int) -> None:
    """Time how commands begin; exit code 1 if one takes over 0.4 s or imports torch."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "x.vlz"
        with as_file(files("vlae_cli") / "digits" / "3.png") as digit:
            file.write_bytes(vlae_codec.compress(digit, "mnist"))
        found = {
            "import vlae_codec": measure([sys.executable, "-c", "import vlae_codec"], runs),
            "vlae-compress --help": measure([*command("compress"), "--help"], runs),
            "vlae-info x.vlz": measure([*command("info"), str(file)], runs),
        }
        found["import vlae_codec"]["torch"] = imports_torch(["-c", "import vlae_codec"])
        found["vlae-compress --help"]["torch"] = imports_torch(["-m", "vlae_cli", "compress", "--help"])
        found["vlae-info x.vlz"]["torch"] = imports_torch(["-m", "vlae_cli", "info", str(file)])
    write_result(
        "startup", {"limit_s": LIMIT_S, "runs": runs, "load_average": round(os.getloadavg()[0], 2), "processes": found}
    )
    for title, one in found.items():
        click.echo(f"{title:24}{one['median_s']} s{', with torch' if one['torch'] else ''}")
    if any(one["median_s"] > LIMIT_S or one["torch"] for one in found.values()):
        raise VlaeError(f"a process took more than {LIMIT_S} s, or imported torch")


if __name__ == "__main__":
    main()
