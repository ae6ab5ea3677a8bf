"""Bytes of drawn pictures in few colours, without loss, beside WebP, JPEG XL and PNG, and how long it takes.

Run as `python -m benchmarks.palettes` (some minutes).
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from benchmarks.lossy.graphics import graphics
from benchmarks.results import read_result, write_result
from benchmarks.tables import Lines, table
from vlae_codec.families.stored import codec, palette
from vlae_codec.io.adjust import with_colours
from vlae_codec.io.images import Picture, Pixels

COUNTS = (16, 64, 256, 4096)
"""Colours of a picture at the most; the last one stands for the pictures as they are."""
PEERS: dict[str, dict[str, Any]] = {
    "WebP": {"format": "WEBP", "lossless": True, "method": 6, "quality": 100},
    "JPEG XL -e 9": {"format": "JXL", "lossless": True, "effort": 9},
    "PNG": {"format": "PNG", "optimize": True},
}


@click.command()
def main() -> None:
    """Measure the drawn pictures that lossy codecs are judged by, in few colours each."""
    import pillow_jxl  # noqa: F401, registers the format

    rows: list[dict[str, Any]] = []
    for name, levels in graphics().items():
        for count in COUNTS:
            fewer = with_colours(levels, count) if count <= 256 else levels
            colours = len(np.unique(fewer.reshape(-1, 3), axis=0))
            if count == COUNTS[0] or rows[-1]["colours"] < colours <= count:
                rows.append(measured(name, fewer, colours))
                click.echo(rows[-1])
    write_result("palettes", {"rows": rows})


def measured(name: str, levels: Pixels, colours: int) -> dict[str, Any]:
    """Return the row of a picture."""
    started = time.process_time()
    made = codec.compress(Picture(levels))
    coded = time.process_time()
    found, _ = codec.decompress(made.data)
    decoded = time.process_time()
    assert np.array_equal(found, levels)
    return {
        "picture": name,
        "colours": colours,
        "pixels": levels[:, :, 0].size,
        "ours": len(made.data),
        **{peer: _size(levels, options) for peer, options in PEERS.items()},
        "encoding": round(coded - started, 3),
        "decoding": round(decoded - coded, 3),
    }


def _size(levels: Pixels, options: dict[str, Any]) -> int:
    """Return the bytes of a file that Pillow writes, by a palette where that is PNG."""
    image, stream = Image.fromarray(levels), io.BytesIO()
    found = palette.split(levels)
    if options["format"] == "PNG" and found and len(found[1]) <= 256:
        image = Image.fromarray(found[0]).convert("P")
        image.putpalette(found[1].tobytes())
    image.save(stream, **options)
    return len(stream.getvalue())


def few_colours(folder: Path) -> Lines:
    """Return the table: bytes by how many colours there are at the most."""
    result = read_result("palettes", folder)
    if not result:
        return []
    body = []
    for low, high in zip((0, *COUNTS), COUNTS, strict=False):
        rows = [row for row in result["rows"] if low < row["colours"] <= high]
        sizes = [f"{sum(row[key] for row in rows) / len(rows):,.0f}" for key in ("ours", *PEERS)]
        speeds = [
            f"{sum(row[key] for row in rows) / sum(row['pixels'] for row in rows) * 1e6:.1f}"
            for key in ("encoding", "decoding")
        ]
        body.append([f"{low + 1} to {high}", len(rows), *sizes, *speeds])
    return [
        "Drawn pictures of 512x512 pixels in few colours, without loss: bytes a picture, and processor seconds.",
        "",
        *table(["colours", "pictures", "ours", *PEERS, "s/Mpixel in", "s/Mpixel out"], body),
    ]


if __name__ == "__main__":
    main()
