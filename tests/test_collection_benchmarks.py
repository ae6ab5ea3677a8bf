"""The tables of collections, and what an engine costs, from figures that are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.collection_tables import estimate, many

ROW: dict[str, Any] = {"kind": "digits", "bits_a_picture": 160.0, "driver_peak_mb": 46.0, "failed": 0}


def row(engine: str, pictures: int, seconds: float, services: float = 0.0, parts: int = 4, reused: int = 0) -> Any:
    figures = {"pictures": pictures, "seconds": seconds / 2, "cpu_seconds": seconds, "service_seconds": services}
    return {**ROW, **figures, "engine": engine, "parts": parts, "reused": reused}


def test_overhead_counts_pictures_that_were_coded_and_no_starts() -> None:
    pytest.importorskip("psutil")
    from benchmarks.big_collections import overhead

    starts = {"processes": row("processes", 10, 2.0), "ray": row("ray", 10, 9.0, 4.0)}
    rows = {"processes": row("processes", 110, 12.0), "ray": row("ray", 210, 24.0, 8.0, 4, 2)}
    # 10 seconds of 100 pictures beside 15 of the 105 - 10 that no earlier run had left, or 11 without the services
    assert overhead(rows, starts, "ray", services=True) == round(100 * (15 / 95 / 0.1 - 1), 1)
    assert overhead(rows, starts, "ray", services=False) == round(100 * (11 / 95 / 0.1 - 1), 1)


def test_many_pictures_make_a_table(tmp_path: Path) -> None:
    assert many(tmp_path) == []
    result = {
        "kind": "digits", "all": row("ray", 5000, 50.0), "rows": [row("processes", 1000, 10.0), row("ray", 1000, 12.0)],
        "starts": [row("processes", 8, 2.0), row("ray", 8, 9.0)], "overhead_percent": 9.5,
        "workers_overhead_percent": 1.5, "same_bytes": True, "load_average": 2.0,
        "bound": {"pictures": 500, "bits": 161.0, "neg_elbo_bits": 160.5},
    }  # fmt: skip
    (tmp_path / "big_collections-digits.json").write_text(json.dumps(result))
    text = "\n".join(many(tmp_path))
    assert "| 1,000 digits, ray | 166.7 | 12.0 | 83.3 | 160.0 | 46.0 |" in text
    assert "| 5,000 digits, ray | 200.0 | 50.0 | 100.0 | 160.0 | 46.0 |" in text
    assert (
        "Of 1,000 digits, Ray takes +9.5 % of processor time beside plain processes, +1.5 % without its services."
        in text
        and "its -ELBO is 160.5." in text
    )


def test_the_estimate_is_in_proportion(tmp_path: Path) -> None:
    assert estimate(tmp_path) == []
    collections = {
        "join": {"seconds": 0.3, "parts": 1000},
        "simulated": {"pictures": 10**8, "index_mb": 250.0, "root_mb": 4.0},
    }
    stores = {"stores": [{"store": "collection, lossy", "written_per_second": 100.0, "bytes": 12.0}]}
    (tmp_path / "collections.json").write_text(json.dumps(collections))
    (tmp_path / "stores-digits.json").write_text(json.dumps(stores))
    rows = dict(line.strip("| ").split(" | ") for line in estimate(tmp_path)[4:])
    assert rows["collection, lossy: hours of 1,000 cores"] == "2.8"
    assert rows["collection, lossy: gigabytes"] == "12.0"
    assert rows["collection, lossy: megabytes a second that all workers write"] == "1.2"
    assert rows["index, gigabytes"] == "2.5"
    assert rows["minutes to open and join them, their bytes not counted"] == "5"
