"""The table of pages of two levels."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pages import PEERS
from benchmarks.results import read_result
from benchmarks.tables import Lines, table


def two_levels(folder: Path) -> Lines:
    """Bytes a page of each kind and coder, and seconds a megapixel."""
    result = read_result("pages", folder)
    if not result:
        return []
    pages, rows = result["pages"], result["rows"]
    peers = [name for name in PEERS if all(name in row for row in rows)]
    body = []
    for row in rows:
        speeds = (row[key] / row["pixels"] * 1e6 for key in ("encoding", "decoding"))
        sizes = (row[name] / pages for name in ("ours", *peers))
        body.append([row["kind"], *(f"{size:,.0f}" for size in sizes), *(f"{speed:.2f}" for speed in speeds)])
    totals = (sum(row[name] for row in rows) / pages for name in ("ours", *peers))
    body.append(["all of these", *(f"{total:,.0f}" for total in totals), "", ""])
    slowest = max(row[key] / pages for row in rows for key in ("encoding", "decoding"))
    head = ["page", "`page`", *peers, "s/Mpixel in", "s/Mpixel out"]
    return [
        f"Pages of two levels without loss, bytes a page (means of {pages} of each kind) and seconds of one core. The"
        f" mean of no kind was above {slowest:.1f} s either way:",
        "",
        *table(head, body),
    ]
