"""Draw the chart of rate against quality of photographs, docs/rates.svg, from benchmarks/results/lossy.csv.

    python -m benchmarks.lossy.chart

`benchmarks.render` draws it as well. A point is the mean of 12 photographs at one setting of a codec.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import click

from benchmarks.figure import Curve, Panel, draw_figure

from .bd_rate import Point, curve
from .rows import ROWS, read_rows
from .tables import AVIF, Rows

CHART = Path(__file__).parents[2] / "docs" / "rates.svg"
CODECS = {"vlae": ("photo",), "AVIF": AVIF, "JPEG XL": ("jpeg-xl",), "WebP": ("webp",), "JPEG": ("jpeg",)}
"""Curves and the codecs of the table that each takes the best of, as `tables` does for AVIF."""
RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
JUDGES = {"psnr": "PSNR, dB", "ssimulacra2": "SSIMULACRA2"}


def means(rows: Rows, codecs: tuple[str, ...], judge: str) -> list[Point]:
    """Return mean rate and quality of the photographs at each setting of some codecs, the beaten ones left out."""
    found: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for row in rows:
        if row["set"] == "kodak" and row["codec"] in codecs:
            rate = 8 * float(row["bytes"]) / float(row["pixels"])
            found[row["codec"], row["setting"]].append(Point(rate, float(row[judge])))
    return curve([Point(*(sum(part) / len(part) for part in zip(*points, strict=True))) for points in found.values()])


def panel(rows: Rows, judge: str) -> Panel:
    """Return the curves of a judge within `RATES`."""
    curves = []
    for name, codecs in CODECS.items():
        within = tuple(one for one in means(rows, codecs, judge) if RATES[0] <= one.rate <= RATES[-1])
        if within:
            curves.append(Curve(name, within))
    return Panel(curves, "bits a pixel", JUDGES[judge], "", rates=RATES)


def chart(rows: Rows) -> str:
    """Return the chart as SVG text."""
    return draw_figure([panel(rows, judge) for judge in JUDGES], width=4.4, height=3.6)


@click.command()
def main() -> None:
    """Draw docs/rates.svg."""
    CHART.write_text(chart(read_rows(ROWS)))


if __name__ == "__main__":
    main()
