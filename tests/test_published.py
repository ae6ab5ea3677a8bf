"""Published tables, with our figures at their places."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.published import PUBLISHED, published
from benchmarks.results import write_result


def test_ours_stand_among_theirs_by_figure(tmp_path: Path) -> None:
    one = {"model": "ours", "set": "caltech", "nll_nats": 88.6, "samples": 64, "images": 2307, "nll_images": 200}
    local = {"model": "ours-local", "set": "caltech", "nll_nats": 90.0, "samples": 1, "images": 2307}
    for result in (one, {**one, "nll_nats": 99.0, "nll_images": 20, "samples": 8}, local):
        write_result(f"evaluate-{result['model']}-{result['samples']}", result, tmp_path)
    lines = published(tmp_path)
    rows = [line for line in lines if line.startswith("| ") and "figure" not in line]
    figures = [float(row.split("|")[2].strip(" *<=")) for row in rows]
    assert len(rows) == 7 + 2 and figures == sorted(figures, reverse=True)
    assert "| **ours** | **88.60** | 200 | 64 |" in rows
    assert "| **ours-local** | **90.00** | 2,307 | exact |" in rows


def test_nothing_is_said_of_sets_that_were_not_measured(tmp_path: Path) -> None:
    assert published(tmp_path) == []


def test_every_published_figure_is_a_number() -> None:
    for one in json.loads(PUBLISHED.read_text())["sets"]:
        assert one["title"] and one["split"] and one["published_split"]
        assert all(name and float(figure.strip("<= ")) > 0 for name, figure in one["rows"])
