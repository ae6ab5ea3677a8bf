"""Bytes and seconds of pages of two levels: the page family beside JBIG1, JBIG2, TIFF G4, WebP and PNG.

Run as `python -m benchmarks.pages --data FOLDER`. Pages are drawn from test pictures, held-out photographs and fonts
that no training page was written with; every file is decoded again and compared. Small kinds come first, each is kept
as soon as it is measured, and kinds that are kept are not measured again, except by coders that were not installed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.peers import MissingError, Size, jbig1, jbig2, pillow, png
from benchmarks.results import read_result, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.families.page import codec
from vlae_codec.families.registry import find_model
from vlae_codec.io.images import Picture
from vlae_models.page.kinds import KINDS, Sources, load_sources

SEED = 1 << 20
"""No training page has it."""
PEERS: dict[str, Size] = {
    "JBIG1": jbig1,
    "JBIG2": jbig2,
    "TIFF G4": pillow("TIFF", mode="1", compression="group4"),
    "WebP lossless": pillow("WEBP", lossless=True, quality=100, method=6),
    "PNG": png,
}


@click.command()
@data_option
@click.option("--pages", type=click.IntRange(1), default=2, show_default=True, help="Of each kind.")
@exit_on_error
def main(data: Path, pages: int) -> None:
    """Draw pages, code them with everything that is there, and keep the figures."""
    info = find_model("page")
    sources = load_sources(data, training=False)
    same = {"model": info.fingerprint[:12], "pages": pages}
    before = read_result("pages") or {}
    rows = list(before["rows"]) if same.items() <= before.items() else []
    for row in rows:
        if left_out := [name for name in PEERS if name not in row]:
            _add(row, left_out, _drawn(row["kind"], sources, pages))
            write_result("pages", {**same, "rows": rows})
    left = [
        name for name in sorted(KINDS, key=lambda name: KINDS[name][1:]) if name not in [row["kind"] for row in rows]
    ]
    for name in tqdm(left, unit="kind", disable=None):
        found: list[dict[str, Any]] = []
        for ink in _drawn(name, sources, pages):
            picture = Picture(np.where(ink, np.uint8(0), np.uint8(255)))
            started = time.process_time()
            made = codec.compress(picture, info)
            middle = time.process_time()
            if (codec.decompress(made.data)[0] != picture.pixels).any():
                raise VlaeError(f"{name}: a page does not come back")
            seconds = {"encoding": middle - started, "decoding": time.process_time() - middle}
            found.append({"ours": len(made.data), "pixels": ink.size, "ink": int(ink.sum()), **seconds, **others(ink)})
        rows.append({"kind": name, **{key: round(sum(one[key] for one in found), 3) for key in found[0]}})
        write_result("pages", {**same, "rows": rows})


def _drawn(name: str, sources: Sources, pages: int) -> list[NDArray[np.uint8]]:
    """Draw the pages of a kind, the same in each run with the same fonts."""
    number, (draw, height, width) = list(KINDS).index(name), KINDS[name]
    return [draw(np.random.default_rng([SEED, number, page]), sources, height, width) for page in range(pages)]


def _add(row: dict[str, Any], names: Sequence[str], inks: Sequence[NDArray[np.uint8]]) -> None:
    """Add the bytes of coders that were not installed when a kind was measured, if its pages are still the same."""
    if sum(int(ink.sum()) for ink in inks) != row["ink"]:
        raise VlaeError(f"{row['kind']}: other fonts draw other pages: remove results/pages.json to measure all anew")
    found = [others(ink, names) for ink in inks]
    row |= {name: sum(one[name] for one in found) for name in found[0]}


def others(ink: NDArray[np.uint8], names: Iterable[str] = tuple(PEERS)) -> dict[str, int]:
    """Bytes that the other coders take, of those that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = PEERS[name](ink)
        except MissingError as error:
            click.echo(f"left out: {error}", err=True)
    return found


if __name__ == "__main__":
    main()
