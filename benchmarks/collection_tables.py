"""The measured figures of collections as Markdown tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.results import read_result
from benchmarks.tables import Lines, percent, table


def million(folder: Path) -> Lines:
    """One picture of a million, joins and appends."""
    result = read_result("collections", folder)
    if not result:
        return []
    join, one, http, append, simulated = (result[name] for name in ("join", "one", "http", "append", "simulated"))
    rows = [
        ("open, and read a picture's file: milliseconds, median", one["read_ms"]["median"]),
        ("the same, worst of 20 fresh processes", one["read_ms"]["worst"]),
        ("memory that it takes, MB", one["read_more_memory_mb"]["worst"]),
        ("memory of the whole process, the digit decoded, MB", one["process_mb"]["worst"]),
        ("decode the digit, milliseconds, median", one["decode_ms"]["median"]),
        ("read a picture's file by HTTP from this machine: milliseconds, median", http["read_ms"]["median"]),
        (f"the same in {http['requests']} requests, kilobytes", http["kilobytes"]),
        ("memory of that process, the digit decoded, MB", http["process_mb"]["worst"]),
        ("index, bytes a file with its name", join["index_bytes_a_picture"]),
        (f"join {join['parts']:,} parts, seconds", join["seconds"]),
        (f"append the last of {append['appends']} parts, milliseconds", append["last_append_ms"]),
        (f"open after {append['appends']} appends, milliseconds", append["open_ms"]),
        (
            f"index of {simulated['pictures']:,} files, joined of {simulated['parts']:,} parts, MB",
            simulated["index_mb"],
        ),
        ("its root, MB", simulated["root_mb"]),
        ("its join, seconds (records not copied)", simulated["seconds_of_the_join"]),
        ("memory of that process, MB", simulated["peak_memory_mb"]),
    ]
    return [f"A collection of {join['pictures']:,} files of digits:", "", *table(("what", "measured"), rows)]


def stores(folder: Path) -> Lines:
    """Format collections beside other stores of the same digits, and of the same photographs."""
    digits = _stores(folder, "digits", "binarised digits of MNIST")
    photos = _stores(folder, "photos", "crops of photographs, 256 x 256")
    return [*digits, *([""] if digits and photos else []), *photos]


def _stores(folder: Path, kind: str, title: str) -> Lines:
    result = read_result(f"stores-{kind}", folder)
    if not result:
        return []
    numbers = ("bytes", "written_per_second", "read_per_second", "one_ms")
    titles = ["store", "bytes a picture", "written a second", "read a second", "one by its number, ms"]
    lossy = any("psnr" in row for row in result["stores"]) and kind == "photos"
    rows = [
        [row["store"], *(f"{row[name]:,}" for name in numbers), *([f"{row.get('psnr', '')}"] if lossy else [])]
        for row in result["stores"]
    ]
    head = f"{result['images']} {title}; speeds by the time of one processor core:"
    return [head, "", *table([*titles, *(["PSNR, dB"] if lossy else [])], rows)]


def training(folder: Path) -> Lines:
    """Format a classifier that learns from collections and from PNG files."""
    result = read_result("training_reads", folder)
    if not result:
        return []
    rows = [
        (row["store"], f"{row['first_epoch']:,}", f"{row['later_epochs']:,}", percent(row["later_over_png"]))
        for row in result["rows"]
    ]
    head = (
        f"A small classifier that learns {result['images']:,} digits by PyTorch's loader, in shuffled batches, decoded"
        " pictures kept; digits a second:"
    )
    titles = ("store", "first epoch", "later ones", "of the speed of PNG")
    return [head, "", *table(titles, rows)]


def coded(row: dict[str, Any]) -> float:
    """Pictures that a job coded: those of parts that an earlier one left are not among them."""
    return float(row["pictures"] * (1 - row["reused"] / row["parts"]))


def _jobs(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the jobs by both engines, and of that of all pictures unless it is one of them."""
    return [*result["rows"], *([result["all"]] if result["all"] not in result["rows"] else [])]


def many(folder: Path) -> Lines:
    """Many pictures into one collection by several workers."""
    found = [read_result(f"big_collections-{kind}", folder) for kind in ("digits", "photos")]
    rows = [
        (
            f"{row['pictures']:,} {result['kind']}, {row['engine']}",
            f"{coded(row) / row['seconds']:,.1f}",
            f"{row['cpu_seconds']:,}",
            f"{coded(row) / row['cpu_seconds']:,.1f}",
            f"{row['bits_a_picture']:,}",
            row["driver_peak_mb"],
        )
        for result in found
        if result
        for row in _jobs(result)
    ]
    if not rows:
        return []
    titles = (
        "collection and engine",
        "pictures a second",
        "processor seconds",
        "pictures a processor second",
        "bits a picture",
        "driver's peak, MB",
    )
    lines = ["Many pictures into one collection by two workers, starts included:", "", *table(titles, rows)]
    for result in filter(None, found):
        lines += ["", *_beside_processes(result)]
    return lines


def _beside_processes(result: dict[str, Any]) -> Lines:
    """Say what Ray takes more than plain processes, and how many bits its pictures take."""
    start = {row["engine"]: row["cpu_seconds"] for row in result["starts"]}
    lines = [
        f"Of {result['rows'][0]['pictures']:,} {result['kind']}, Ray takes {result['overhead_percent']:+} % of"
        f" processor time beside plain processes, {result['workers_overhead_percent']:+} % without its services. These"
        " take theirs by the clock, so they weigh more while other work slows the job (load average"
        f" {result['load_average']}); starts ({start['processes']} and {start['ray']} seconds) are not counted."
        f" The bytes are {'the same' if result['same_bytes'] else 'not the same'}."
    ]
    if bound := result.get("bound"):
        lines += [
            f"Without names, a part of {bound['pictures']:,} takes {bound['bits']} bits a picture; its -ELBO is"
            f" {bound['neg_elbo_bits']}."
        ]
    return lines


HUGE, WORKERS, PART = 10**9, 1000, 1000
"""Pictures, cores and pictures of a part of the estimate."""


def estimate(folder: Path) -> Lines:
    """Format an estimate of a thousand million digits on a thousand cores, by what was measured of fewer."""
    collections, found = read_result("collections", folder), read_result("stores-digits", folder)
    if not collections or not found:
        return []
    join, simulated = collections["join"], collections["simulated"]
    more, parts = HUGE / simulated["pictures"], HUGE // PART
    rows: list[tuple[str, str]] = []
    for row in found["stores"]:
        if row["store"].startswith("collection") and "one archive" not in row["store"]:
            hours = HUGE / row["written_per_second"] / WORKERS / 3600
            rows.append((f"{row['store']}: hours of {WORKERS:,} cores", f"{hours:.1f}"))
            rows.append((f"{row['store']}: gigabytes", f"{HUGE * row['bytes'] / 1e9:.1f}"))
            written = WORKERS * row["written_per_second"] * row["bytes"] / 1e6
            rows.append((f"{row['store']}: megabytes a second that all workers write", f"{written:.1f}"))
    rows += [
        (f"parts of {PART:,} pictures", f"{parts:,}"),
        (
            "minutes to open and join them, their bytes not counted",
            f"{join['seconds'] / join['parts'] * parts / 60:.0f}",
        ),
        ("index, gigabytes", f"{simulated['index_mb'] * more / 1000:.1f}"),
        ("its root, megabytes, which opening reads", f"{simulated['root_mb'] * more:.0f}"),
    ]
    head = f"An estimate from these figures for {HUGE:,} digits on {WORKERS:,} cores:"
    return [head, "", *table(("what", "estimate"), rows)]
