"""The default settings on pictures of all kinds: what was measured holds, and what measures it can fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageFont

from benchmarks import default_checks, defaults
from benchmarks.own_pictures import COLOURS, KINDS, flat, patterns
from benchmarks.results import read_result
from vlae_codec.families.registry import AUTO


def result(name: str) -> dict[str, Any]:
    found = read_result(name)
    assert found is not None
    return found


def test_no_lossy_file_is_larger_than_an_exact_one_of_others() -> None:
    found = result("defaults")
    assert [row["kind"] for row in found["kinds"]] == list(KINDS)
    assert sum(row["pictures"] for row in found["kinds"]) >= 200
    assert not any(row["above_webp"] or row["above_png"] for row in found["kinds"])
    assert found["exact_beyond_png"]["most"] <= 16  # what a container takes


def test_what_looked_bad_once_was_measured_anew() -> None:
    found = result("default_checks")
    assert all(row["shift_alone"] <= 1 and row["shift_beside"] <= 1 for row in found["flat"])
    assert all(row["bytes"] <= row["png"] for row in (*found["small"], *found["gradients"]))
    assert all(row["mean_error"] < 0.7 for row in found["gradients"])
    assert all((row["wrong"] == 0) == (row["quality"] is None) for row in found["text"])


@pytest.mark.parametrize("make", [flat, patterns])
def test_flat_pictures_and_patterns_are_exact_and_small(make: Any) -> None:
    for number, levels in enumerate(make(Path())):
        found = default_checks.tried(levels)
        assert found.exact and found.size <= defaults.png_bytes(levels)
        if number < 2:
            row = defaults.measured("one", levels)
            assert (row["way"], row["error"], row["bytes"]) == (defaults.TWO_LEVELS, 0, found.size)


def test_rows_are_counted_by_kind_and_by_rule() -> None:
    base = {"size": [9, 9], "photo_bytes": 90, "photo_error": 3.0, "webp": 50, "png": 200}
    rows = [
        {"kind": "a", "way": defaults.LOSSY, "bytes": 90, "error": 3.0, **base},
        {"kind": "a", "way": defaults.EXACT, "bytes": 60, "error": 0.0, **base},
        {
            "kind": "b",
            "way": defaults.LOSSY,
            "bytes": 40,
            "error": 2.0,
            **base,
            "bilevel_bytes": 9,
            "bilevel_error": 50,
        },
    ]
    first, second = defaults.by_kind(rows)
    assert [first[key] for key in ("pictures", "lossy", "exact", "above_webp", "above_png")] == [2, 1, 1, 1, 0]
    assert (first["error"], second["above_webp"]) == (1.5, 0)
    exact, greys = defaults.by_rule(rows)
    assert (exact["rule"], exact["with_bytes"], exact["without_bytes"]) == (defaults.EXACT, 60, 90)
    assert (greys["rule"], greys["with_error"], greys["without_error"]) == ("greys", 2, 50)


@pytest.mark.parametrize("paper", ["white", "noise"])
def test_digits_are_read_and_misread(paper: str) -> None:
    ground = np.full((512, 512, 3), 255, np.uint8)
    if paper == "noise":
        ground = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    font, ink = ImageFont.load_default(default_checks.HEIGHT), COLOURS["red"]
    image, cells = default_checks.written(ground, font, ink, 256)
    levels = np.asarray(image)
    assert len(cells) == default_checks.DIGITS
    assert all(default_checks.read(levels.astype(np.int64), ground, font, ink, spot) == digit for spot, digit in cells)
    other = np.roll(levels, 10, 1).astype(np.int64)  # each digit where its neighbour was
    wrong = sum(default_checks.read(other, ground, font, ink, spot) != digit for spot, digit in cells)
    assert wrong > len(cells) / 2
    assert default_checks.flipped(levels, levels.astype(np.int64), ground, ink)[0] == 0
    lost, inked = default_checks.flipped(levels, ground.astype(np.int64), ground, ink)
    assert lost == inked > 3000


def test_text_on_a_page_is_exact() -> None:
    ground = np.full((256, 256, 3), 255, np.uint8)
    image, _ = default_checks.written(ground, ImageFont.load_default(14), COLOURS["black"], 256)
    assert default_checks.tried(np.asarray(image), AUTO).exact
