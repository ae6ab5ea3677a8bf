"""Bytes and seconds of pages of two levels: the page family beside JBIG1, JBIG2, TIFF G4, WebP and PNG.

Run as `python -m benchmarks.pages --data FOLDER`. Pages are drawn from test pictures, held-out photographs and fonts
that no training page was written with; every file is decoded again and compared. Small kinds come first, each is kept
as soon as it is measured, and kinds that are kept are not measured again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from benchmarks.peers import MissingError, Size, jbig1, jbig2, pillow, png
from benchmarks.results import read_result, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.families.page import codec
from vlae_codec.families.registry import find_model
from vlae_codec.io.images import Picture
from vlae_models.page.kinds import KINDS, load_sources

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
    left = [
        name for name in sorted(KINDS, key=lambda name: KINDS[name][1:]) if name not in [row["kind"] for row in rows]
    ]
    for name in tqdm(left, unit="kind", disable=None):
        number, (draw, height, width) = list(KINDS).index(name), KINDS[name]
        found: list[dict[str, Any]] = []
        for page in range(pages):
            ink = draw(np.random.default_rng([SEED, number, page]), sources, height, width)
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


def others(ink: np.ndarray[Any, np.dtype[np.uint8]]) -> dict[str, int]:
    """Bytes that the other coders take, of those that are installed."""
    found = {}
    for name, size in PEERS.items():
        try:
            found[name] = size(ink)
        except MissingError as error:
            click.echo(f"left out: {error}", err=True)
    return found


if __name__ == "__main__":
    main()
