"""Figures in sentences come from the results, and every decision names one and the file that keeps it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.inline import FIGURE, figure, fill
from vlae_codec.errors import VlaeError

DECISIONS = Path(__file__).resolve().parents[1] / "docs" / "decisions.md"
LINK = re.compile(r"\]\(\.\./benchmarks/results/([^)]+)\)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Results of two kinds."""
    rows = [{"name": "a", "bits": None, "kept": 0.5}, {"name": "b", "bits": 24, "kept": 0.25}]
    (tmp_path / "one.json").write_text(json.dumps({"rows": rows, "a key, with more": {"seconds": 1.25}}))
    (tmp_path / "two.csv").write_text("picture,noise\nx,1.5\ny,2.5\n")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("one/rows/name=b/kept", 0.25),
        ("one/rows/name=a,bits=None/kept", 0.5),
        ("one/a key, with more/seconds", 1.25),
        ("two.csv/picture=y/noise", "2.5"),
    ],
)
def test_a_path_leads_to_a_figure(folder: Path, path: str, expected: object) -> None:
    assert figure(path, folder) == expected


def test_figures_are_filled_in_and_stay(folder: Path) -> None:
    text = "Kept <!--=one/rows/name=b/kept:.1%-->?<!--/-->, noise <!--=two.csv/picture=x/noise:.2f--><!--/-->."
    filled = fill(text, folder)
    assert re.sub("<!--.*?-->", "", filled) == "Kept 25.0%, noise 1.50."
    assert fill(filled, folder) == filled


@pytest.mark.parametrize("path", ["none/a", "one/b", "one/rows/name=c/kept", "two.csv/picture=z/noise"])
def test_a_figure_that_is_not_there_is_one_clear_line(folder: Path, path: str) -> None:
    with pytest.raises(VlaeError, match="no such figure") as error:
        fill(f"<!--={path}:.1f--><!--/-->", folder)
    assert "\n" not in str(error.value)


def test_every_decision_has_a_number_a_figure_and_its_file() -> None:
    records = DECISIONS.read_text().split("\n## ")[1:-1]  # the last section is of those without figures
    for number, record in enumerate(records, 1):
        assert record.startswith(f"{number}. ")
        (line,) = re.findall(r"^\*Figure\*: .*$", record, re.MULTILINE)
        named = set(LINK.findall(line))
        for path, _ in FIGURE.findall(line):
            name = path.split("/")[0]
            assert {name, f"{name}.json"} & named, f"{number}: {name} is not linked"
