"""The three code lengths as a figure: naive two-part, bits-back in theory (-ELBO), and what was written.

Run as `python -m benchmarks.code_lengths MODEL` after `benchmarks.lossless`; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from matplotlib.figure import Figure

from benchmarks.figure import settings, svg_text
from benchmarks.results import FOLDER, read_result
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError

LATENTS, PIXELS = "#1b6ca8", "#c8553d"


class Bar(NamedTuple):
    """A code length in bits an image: what z takes of it, and what the pixels given z take."""

    name: str
    latents: float
    pixels: float


def bars(archive: dict[str, Any]) -> list[Bar]:
    """Return the code lengths of an archive that `benchmarks.lossless` measured."""
    pixels = archive["neg_elbo_bits"] - archive["kl_bits"]
    return [
        Bar("naive two-part code", archive["naive_bits"] - pixels, pixels),
        Bar("bits-back in theory: KL, -ELBO", archive["kl_bits"], pixels),
        Bar("bits-back on the stack, file", archive["latent_bits"], archive["written_bits"] - archive["latent_bits"]),
    ]


def draw_bars(rows: Sequence[Bar], title: str) -> str:
    """Return SVG text of the bars, z before the pixels, each with its bits."""
    names = [bar.name for bar in rows]
    with settings():
        figure = Figure(figsize=(6.4, 0.4 * len(rows) + 1), layout="constrained")
        axes = figure.subplots()
        latents = axes.barh(names, [bar.latents for bar in rows], color=LATENTS, label="latents")
        pixels = axes.barh(
            names,
            [bar.pixels for bar in rows],
            left=[bar.latents for bar in rows],
            color=PIXELS,
            label="pixels given them, bits an image",
        )
        axes.bar_label(latents, fmt="%.1f", label_type="center", color="white")
        axes.bar_label(pixels, [f"{bar.latents + bar.pixels:.1f}" for bar in rows], padding=4)
        axes.set_title(title)
        axes.invert_yaxis()
        axes.spines[:].set_visible(False)
        axes.tick_params(bottom=False, labelbottom=False, left=False)
        axes.legend(loc="upper left", bbox_to_anchor=(0, 0), ncols=2, frameon=False)
        return svg_text(figure)


@click.command()
@click.argument("model")
@exit_on_error
def main(model: str) -> None:
    """Draw the figure of MODEL, by its name."""
    result = read_result(f"lossless-{model}")
    if not result or "archive" not in result:
        raise VlaeError(f"{model} is not measured: python -m benchmarks.lossless {model} --parts archive")
    archive = result["archive"]
    path: Path = FOLDER / f"code-lengths-{model}.svg"
    path.write_text(draw_bars(bars(archive), f"{archive['images']} digits without loss, {model}"))
    click.echo(path.name)


if __name__ == "__main__":
    main()
