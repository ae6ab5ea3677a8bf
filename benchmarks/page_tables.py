"""The table of pages of two levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.pages import PEERS
from benchmarks.results import read_result
from benchmarks.tables import Lines, table


def two_levels(folder: Path) -> Lines:
    """Bytes a page of each kind and coder, and seconds a megapixel."""
    result = read_result("pages", folder)
    if not result:
        return []
    pages, rows = result["pages"], result["rows"]
    peers = [name for name in PEERS if any(name in row for row in rows)]
    body = []
    for row in rows:
        speeds = (row[key] / row["pixels"] * 1e6 for key in ("encoding", "decoding"))
        body.append(
            [
                row["kind"],
                *(_size([row], name, pages) for name in ("ours", *peers)),
                *(f"{speed:.2f}" for speed in speeds),
            ]
        )
    body.append(["all of these", *(_size(rows, name, pages) for name in ("ours", *peers)), "", ""])
    slowest = max(row[key] / pages for row in rows for key in ("encoding", "decoding"))
    head = ["page", "`page`", *peers, "s/Mpixel in", "s/Mpixel out"]
    return [
        f"Pages of two levels without loss, bytes a page (means of {pages} of each kind) and seconds of one core. The"
        f" mean of no kind was above {slowest:.1f} s either way:",
        "",
        *table(head, body),
    ]


def _size(rows: Sequence[Mapping[str, Any]], name: str, pages: int) -> str:
    """Bytes of a coder for a page of each kind; nothing where it was not there when one of them was measured."""
    return f"{sum(row[name] for row in rows) / pages:,.0f}" if all(name in row for row in rows) else ""
