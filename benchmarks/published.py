"""The published tables with our figures among theirs, each with its split and how it was estimated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.results import read_result, results_of
from benchmarks.tables import Lines, table

PUBLISHED = Path(__file__).with_name("published.json")
TITLES = ("model", "figure", "images", "samples")
NOT_STATED = "-"

Row = tuple[str, str, str, str]


def published(folder: Path) -> Lines:
    """Format a table for each measured set that the slides have figures of."""
    tree = json.loads(PUBLISHED.read_text())
    parts = [lines for one in tree["sets"] if (lines := _one(one, list(_ours(one, folder))))]
    if not parts:
        return []
    head = f"Published figures are those of {tree['source']}, which do not state the samples; ours are in bold."
    return [head, *(line for lines in parts for line in ["", *lines])]


def _one(one: dict[str, Any], ours: list[Row]) -> Lines:
    """Format the table of one set, from the worst figure to the best."""
    if not ours:
        return []
    theirs = [(name, figure, NOT_STATED, NOT_STATED) for name, figure in one["rows"]]
    rows = sorted([*theirs, *ours], key=lambda row: -float(row[1].strip("*<= ")))
    splits = f"Published: {one['published_split']}. Ours: {one['split']}."
    return [f"{one['title']}. {splits}", "", *table(TITLES, rows)]


def _ours(one: dict[str, Any], folder: Path) -> Iterator[Row]:
    """Our models' rows of a set."""
    if one["set"] == "cifar10":
        result = read_result("cifar_windows", folder) or {"models": {}}
        for name, figures in result["models"].items():
            yield _row(name, f"<= {figures['bits']:.3f}", f"first {result['images']:,}", "1 (-ELBO)")
        return
    best: dict[str, dict[str, Any]] = {}
    for result in results_of("evaluate-", one["set"], folder):
        images = _images(result)
        if result["model"] not in best or images > _images(best[result["model"]]):
            best[result["model"]] = result
    for name, result in best.items():
        exact = name.endswith("-local")
        samples = "exact" if exact else f"{result['samples']}"
        yield _row(name, f"{result['nll_nats']:.2f}", f"{_images(result):,}", samples)


def _images(result: dict[str, Any]) -> int:
    return int(result.get("nll_images") or result["images"])


def _row(name: str, figure: str, images: str, samples: str) -> Row:
    return f"**{name}**", f"**{figure}**", images, samples
