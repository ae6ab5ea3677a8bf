"""The measured figures of collections as Markdown tables."""

from __future__ import annotations

from pathlib import Path

from benchmarks.results import read_result
from benchmarks.tables import Lines, table


def million(folder: Path) -> Lines:
    """One picture of a million, joins and appends."""
    result = read_result("collections", folder)
    if not result:
        return []
    join, one, append, simulated = (result[name] for name in ("join", "one", "append", "simulated"))
    rows = [
        ("open, and read a picture's file: milliseconds, median", one["read_ms"]["median"]),
        ("the same, worst of 20 fresh processes", one["read_ms"]["worst"]),
        ("memory that it takes, MB", one["read_more_memory_mb"]["worst"]),
        ("memory of the whole process, the digit decoded, MB", one["process_mb"]["worst"]),
        ("decode the digit, milliseconds, median", one["decode_ms"]["median"]),
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
    ]
    return [f"A collection of {join['pictures']:,} files of digits:", "", *table(("what", "measured"), rows)]


def stores(folder: Path) -> Lines:
    """Format collections beside other stores of the same digits."""
    result = read_result("engines", folder)
    if not result:
        return []
    numbers = ("bytes", "written_per_second", "read_per_second", "one_ms")
    rows = [(row["store"], *(f"{row[name]:,}" for name in numbers)) for row in result["stores"]]
    titles = ("store", "bytes a digit", "written a second", "read a second", "one by its number, ms")
    head = f"{result['images']} binarised digits of MNIST; speeds by the time of one processor core:"
    loader = [(name, f"{speed:,}") for name, speed in result["loader_per_second"].items()]
    lines = [head, "", *table(titles, rows), ""]
    return [*lines, "Shuffled batches of 256 by PyTorch's loader:", "", *table(("store", "digits a second"), loader)]
