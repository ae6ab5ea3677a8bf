"""The figures of what surrounds the codec, as a table: how fast it begins, and what damage does to it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.results import read_result
from benchmarks.tables import Lines, table


def trust(folder: Path) -> Lines:
    """Format starting times, damaged inputs, lines that the tests run; those that were measured."""
    rows: list[tuple[str, str]] = []
    if startup := read_result("startup", folder):
        for title, one in startup["processes"].items():
            rows.append((f"`{title}`, seconds a process, without torch", f"{one['median_s']:.2f}"))
    if fuzz := read_result("fuzz", folder):
        rows.append(("damaged inputs tried: files of all families, metadata, archives, models", f"{fuzz['done']:,}"))
        rows.append(("of them crashes, hangs or errors of more than a line", f"{len(fuzz['failures']):,}"))
        rows.append(("slowest of them, seconds; peak memory, MiB", f"{fuzz['slowest_s']:.2f}; {fuzz['peak_mib']:.0f}"))
    if coverage := read_result("coverage", folder):
        rows.append(("lines of `vlae_codec` that the tests run", f"{coverage['percent']:.1f} %"))
    if mutants := read_result("mutants", folder):
        killed, tried = mutants["killed"], len(mutants["mutants"])
        rows.append(("wrong constants, one at a time, that the tests notice", f"{killed} of {tried}"))
    for title, one in (read_result("versions", folder) or {"environments": {}})["environments"].items():
        if "passed" in one:
            rows.append((f"tests under Python {title}: passed, failed", f"{one['passed']:,}, {len(one['failed'])}"))
    return ["Around the codec:", "", *table(["", "measured"], rows)] if rows else []
