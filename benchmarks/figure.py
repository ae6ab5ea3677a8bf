"""Figures of curves as SVG text, drawn by matplotlib; the same data give the same text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7b4b94", "#8c6d1f")


class Curve(NamedTuple):
    """A named line through points (x, y); names that are equal up to the first comma share a colour."""

    name: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


class Panel(NamedTuple):
    """Curves on one pair of axes."""

    curves: Sequence[Curve]
    x_title: str
    y_title: str
    title: str
    top: float = 0.0
    """What the y axis reaches at least."""
    rates: tuple[float, ...] = ()
    """Ticks of a logarithmic x axis, which ends with them; none for a linear one from 0."""


def draw_figure(panels: Sequence[Panel], width: float = 6.4, height: float = 4.2) -> str:
    """Return the SVG text of panels side by side, in inches each, with a legend in each."""
    with settings():
        figure = Figure(figsize=(width * len(panels), height), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw_panel(axes, panel)
        return svg_text(figure)


def settings() -> AbstractContextManager[None]:
    """Return the settings to draw by: names inside the text follow from the data, and letters stay letters."""
    return matplotlib.rc_context({"svg.hashsalt": "vlae-codec", "svg.fonttype": "none", "font.size": 9})


def svg_text(figure: Figure) -> str:
    """Return a figure as SVG text without a date."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    # matplotlib leaves blanks at the ends of lines, which version control complains of
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def colours(curves: Sequence[Curve]) -> list[str]:
    """Return the colour of each curve."""
    names = list(dict.fromkeys(curve.name.split(",")[0] for curve in curves))
    return [COLOURS[names.index(curve.name.split(",")[0]) % len(COLOURS)] for curve in curves]


def _draw_panel(axes: Axes, panel: Panel) -> None:
    for curve, colour in zip(panel.curves, colours(panel.curves), strict=True):
        x, y = zip(*curve.points, strict=True)
        axes.plot(
            x, y, marker="o", markersize=4, color=colour, label=curve.name, linestyle="--" if curve.dashed else "-"
        )
    axes.set(xlabel=panel.x_title, ylabel=panel.y_title, title=panel.title)
    axes.grid(color="#dddddd")
    axes.set_axisbelow(True)
    axes.set_ylim(top=max(panel.top, axes.get_ylim()[1]))
    if panel.rates:
        axes.set_xscale("log")
        axes.set_xlim(panel.rates[0], panel.rates[-1])
        axes.set_xticks(panel.rates, minor=False)
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_formatter(ScalarFormatter())
    else:
        axes.set_xlim(left=0)
    axes.legend()
