"""The measured rows of lossy pictures as files, which pages are made of without measuring anything."""

from __future__ import annotations

import csv
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
ROWS = RESULTS / "lossy.csv"
SKIES = RESULTS / "lossy_skies.csv"


def read_rows(path: Path = ROWS) -> list[dict[str, str]]:
    """Return the rows of a table, none where there is no file yet."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str | float]] | list[dict[str, str]]) -> None:
    """Write a table whole."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
