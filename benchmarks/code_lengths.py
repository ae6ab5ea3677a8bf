"""The three code lengths as a figure: naive two-part, bits-back in theory (-ELBO), and what was written.

Run as `python -m benchmarks.code_lengths MODEL` after `benchmarks.lossless`; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import click

from benchmarks.results import FOLDER, read_result
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError

WIDTH, LEFT, RIGHT, ROW, TOP = 640, 220, 70, 26, 44
LATENTS, PIXELS = "#1b6ca8", "#c8553d"


class Bar(NamedTuple):
    """A code length in bits an image: what z takes of it, and what the pixels given z take."""

    name: str
    latents: float
    pixels: float


def bars(archive: dict[str, Any]) -> list[Bar]:
    """The code lengths of an archive that `benchmarks.lossless` measured."""
    pixels = archive["neg_elbo_bits"] - archive["kl_bits"]
    return [
        Bar("naive two-part code", archive["naive_bits"] - pixels, pixels),
        Bar("bits-back in theory: KL, -ELBO", archive["kl_bits"], pixels),
        Bar("bits-back on the stack, file", archive["latent_bits"], archive["written_bits"] - archive["latent_bits"]),
    ]


def draw_bars(rows: Sequence[Bar], title: str) -> str:
    """SVG of the bars, z in front of the pixels, each with its bits."""
    unit = (WIDTH - LEFT - RIGHT) / max(bar.latents + bar.pixels for bar in rows)
    height = TOP + ROW * len(rows) + 34
    parts = [_text(WIDTH / 2, 24, title, "middle", 16)]
    for index, bar in enumerate(rows):
        top, split = TOP + ROW * index, LEFT + bar.latents * unit
        end = split + bar.pixels * unit
        parts.append(_text(LEFT - 8, top + 14, bar.name, "end"))
        parts.append(_box(LEFT, split, top, LATENTS) + _box(split, end, top, PIXELS))
        inside = "#ffffff" if bar.latents * unit > 30 else "#000000"
        parts.append(_text((LEFT + split) / 2, top + 14, f"{bar.latents:.1f}", "middle", 11, inside))
        parts.append(_text(end + 6, top + 14, f"{bar.latents + bar.pixels:.1f}", "start"))
    level = TOP + ROW * len(rows) + 16
    for start, name, colour in ((LEFT, "latents", LATENTS), (LEFT + 110, "pixels given them, bits an image", PIXELS)):
        parts.append(_box(start, start + 14, level - 10, colour, 12) + _text(start + 20, level, name, "start"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    background = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    return "\n".join([head + ' font-family="sans-serif">', background, *parts, "</svg>", ""])


def _box(start: float, end: float, top: float, colour: str, height: int = ROW - 6) -> str:
    return f'<rect x="{start:.1f}" y="{top:.1f}" width="{end - start:.1f}" height="{height}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, size: int = 12, colour: str = "#000000") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"


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
