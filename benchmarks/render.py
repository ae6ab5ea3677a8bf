"""Writes the measured figures into the pages, between the markers, so that no number is typed.

Run as `python -m benchmarks.render`, which draws docs/rates.svg, too; `--check` only says whether all of it is current.
A measurement that was not made leaves its table out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.cifar_tables import tiny_pictures, tiny_rates, tiny_sheet
from benchmarks.collection_tables import estimate, many, million, stores, training
from benchmarks.default_checks import default_checks
from benchmarks.defaults import defaults
from benchmarks.exact import exact_pictures
from benchmarks.inline import fill
from benchmarks.input_kinds import input_kinds
from benchmarks.label_tables import label_bounds, label_edits
from benchmarks.lossy.chart import CHART, chart
from benchmarks.lossy.rows import read_rows
from benchmarks.page_tables import two_levels
from benchmarks.photo_tables import (
    exact_photographs,
    lossy_bits,
    lossy_memory,
    lossy_photographs,
    lossy_speed,
    photo_releases,
    texture,
)
from benchmarks.published import published
from benchmarks.results import FOLDER
from benchmarks.set_page import set_sections
from benchmarks.speedruns import speedruns
from benchmarks.tables import (
    ROOT,
    Lines,
    Section,
    backends,
    ceilings,
    decoding,
    efforts,
    gpu_decoding,
    kept_figure,
    lengths,
    likelihoods,
    lossless,
    meaning,
    releases,
    speed,
    windows,
)
from benchmarks.trust import trust
from benchmarks.web_speed import table as web_speed
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError

BEGIN, END = "<!-- results -->", "<!-- /results -->"
NOTHING = ["The figures are not measured yet."]

PAGES: dict[str, tuple[Section, ...]] = {
    "docs/results.md": (
        lossy_photographs,
        lossy_bits,
        texture,
        lossy_speed,
        lossy_memory,
        exact_pictures,
        two_levels,
        meaning,
        ceilings,
        kept_figure,
        lengths,
        likelihoods,
        published,
        lossless,
        speed,
        backends,
        trust,
    ),
    "docs/collections.md": (million, many, stores, training, estimate),
    "models/README.md": (
        releases,
        photo_releases,
        lossy_photographs,
        exact_photographs,
        tiny_pictures,
        tiny_rates,
        tiny_sheet,
        likelihoods,
        lengths,
        efforts,
        windows,
        lossless,
        decoding,
        gpu_decoding,
    ),
    "docs/labels.md": (label_bounds, label_edits),
    "docs/sets.md": (set_sections,),
    "docs/inputs.md": (defaults, default_checks, input_kinds),
    "docs/web.md": (web_speed,),
    "docs/speedrun.md": (speedruns,),
}


def body(sections: Sequence[Section], folder: Path) -> Lines:
    """Return the sections that have figures, an empty line between them."""
    found = [lines for section in sections if (lines := section(folder))]
    return [line for lines in found for line in [*lines, ""]][:-1] or NOTHING


def put(text: str, lines: Lines, name: str) -> str:
    """Return the page with these lines between its markers.

    Raises:
        VlaeError: the page does not have each marker once.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise VlaeError(f"{name}: needs {BEGIN} and, behind it, {END} once each, to know where the figures go")
    before, rest = text.split(BEGIN)
    return "\n".join([before + BEGIN, *lines, END]) + rest.split(END)[1]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if a page is not current.")
@exit_on_error
def main(check: bool) -> None:
    """Render benchmarks/results into the pages."""
    stale = []
    for name, sections in PAGES.items():
        page = ROOT / name
        if not page.exists():
            click.echo(f"{name}: not there")
            continue
        text = page.read_text()
        rendered = put(text, body(sections, FOLDER), name)
        if rendered != text:
            stale.append(name)
            if not check:
                page.write_text(rendered)
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = page.read_text()
        filled = fill(text, FOLDER)
        if filled != text:
            stale.append(f"{page.relative_to(ROOT)}, in sentences")
            if not check:
                page.write_text(filled)
    drawn = chart(read_rows())
    if not CHART.exists() or CHART.read_text() != drawn:
        stale.append(str(CHART.relative_to(ROOT)))
        if not check:
            CHART.write_text(drawn)
    click.echo(f"{'stale' if check else 'rewritten'}: {', '.join(stale) or 'none'}")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
