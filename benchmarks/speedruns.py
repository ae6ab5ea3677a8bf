"""Trainings of the photo model, and how near each came to AVIF: rows of benchmarks/results/speedruns.csv.

python -m benchmarks.speedruns                       # adds the released model's, once it is measured
python -m benchmarks.speedruns --commit 2af6b97      # that of a commit
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import click

from benchmarks.lossy.rows import read_rows, write_rows
from benchmarks.lossy.tables import AVIF, NAMES, mean_bd, percent
from benchmarks.results import FOLDER
from vlae_models.photo.config import PHOTO, PhotoRecipe
from vlae_models.recipe import parse_recipe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROWS = FOLDER / "speedruns.csv"
ROOT = Path(__file__).resolve().parents[1]
MODEL = "models/vlae_models/zoo/photo"
BAND = (0.1, 0.8)


def content(path: str, commit: str | None) -> str:
    """Return the text of a file of the repository, of the tree or of a commit."""
    if commit is None:
        return (ROOT / path).read_text()
    return subprocess.run(
        ["git", "show", f"{commit}:{path}"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def parsed(path: str, commit: str | None) -> PhotoRecipe:
    """Return the recipe in a file of the tree or of a commit."""
    return parse_recipe(tomllib.loads(content(path, commit)), PHOTO)


def run_of(commit: str | None = None) -> dict[str, str]:
    """Return the row of the model that is released in the tree or in a commit."""
    recipe = parsed(f"{MODEL}/recipe.toml", commit)
    last = list(csv.DictReader(content(f"{MODEL}/training.csv", commit).splitlines()))[-1]
    (fingerprint,) = re.findall(r"Fingerprint: `(\w+)`", content(f"{MODEL}/CARD.md", commit))
    rows = list(csv.DictReader(content("benchmarks/results/lossy.csv", commit).splitlines()))
    pixels = int(last["step"]) * recipe.train.batch * recipe.train.crop**2
    found = {
        "model": fingerprint[:12],
        "from": recipe.train.restore or recipe.train.init or "principal components",
        "device": last["device"],
        "minutes": last["minutes"],
        "gigapixels": f"{pixels / 1e9:.2f}",
        "teraflops": last["teraflops"],
    }
    for judge in NAMES:
        found[judge] = percent(mean_bd(rows, ["photo"], AVIF, "kodak", judge, BAND))
    return found


def speedruns(folder: Path) -> list[str]:
    """Format the table of all trainings that were measured."""
    rows = read_rows(folder / ROWS.name)
    if not rows:
        return []
    lines = [" | ".join(NAMES.get(key, key) for key in rows[0]), "---|" * (len(rows[0]) - 1) + "---"]
    return [f"| {line} |" for line in [*lines, *(" | ".join(row.values()) for row in rows)]]


@click.command()
@click.option("--commit", help="Of which the released model is taken; the tree's by default.")
def main(commit: str | None) -> None:
    """Add a row, in place of one of the same model."""
    row = run_of(commit)
    write_rows(ROWS, [*(old for old in read_rows(ROWS) if old["model"] != row["model"]), row])


if __name__ == "__main__":
    main()
