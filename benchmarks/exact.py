"""Bytes of exact pictures without a model beside WebP, JPEG XL and PNG, and how long they take.

Run as `python -m benchmarks.exact --data FOLDER` (half an hour).
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from benchmarks.lossy.graphics import graphics
from benchmarks.results import read_result, write_result
from benchmarks.tables import Lines, table
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.families.stored import codec, palette
from vlae_codec.io.adjust import with_colours
from vlae_codec.io.images import Picture, Pixels

COUNTS = (16, 64, 256)
"""Colours of a drawn picture at the most."""
EVERY, SIDE = 32, 384
"""Of the photographs that were JPEG, and pixels of their middle that are taken."""
PEERS: dict[str, dict[str, Any]] = {
    "WebP": {"format": "WEBP", "lossless": True, "method": 6, "quality": 100},
    "JPEG XL -e 9": {"format": "JXL", "lossless": True, "effort": 9},
    "PNG": {"format": "PNG", "optimize": True},
}
KINDS = {
    "kodak": "Kodak, 768x512",
    "jpeg": "photographs that were JPEG, the middle",
    "many": "drawn, 512x512, more than 256 colours",
    "256": "drawn, 65 to 256 colours",
    "64": "drawn, 17 to 64 colours",
    "16": "drawn, up to 16 colours",
}


@click.command()
@data_option
@exit_on_error
def main(data: Path) -> None:
    """Measure photographs, and the drawn pictures that lossy codecs are judged by, as they are and in few colours."""
    import pillow_jxl  # noqa: F401, registers the format

    rows: list[dict[str, Any]] = []
    for kind, name, levels in (*photographs(data), *drawn()):
        rows.append({"kind": kind, "picture": name, **measured(levels)})
        click.echo(rows[-1])
    write_result("exact", {"rows": rows})


def photographs(data: Path) -> Iterator[tuple[str, str, Pixels]]:
    """Yield kind, name and samples of photographs."""
    for path in sorted(data.glob("kodak-dev/*.png")):
        yield "kodak", path.stem, np.asarray(Image.open(path).convert("RGB"))
    for path in sorted(data.glob("photos/*/*.JPEG"))[::EVERY]:
        image = Image.open(path).convert("RGB")
        left, top = ((side - min(side, SIDE)) // 2 for side in image.size)
        yield "jpeg", path.stem, np.asarray(image)[top : top + SIDE, left : left + SIDE].copy()


def drawn() -> Iterator[tuple[str, str, Pixels]]:
    """Yield kind, name and samples of drawn pictures, in no more colours than each kind has."""
    for name, levels in graphics().items():
        own, before = _colours(levels), 0
        for count in COUNTS:
            fewer = with_colours(levels, count)
            if before < (found := _colours(fewer)):
                yield str(count), name, fewer
            before = max(found, count)
        if own > COUNTS[-1]:
            yield "many", name, levels


def _colours(levels: Pixels) -> int:
    return len(np.unique(levels.reshape(-1, 3), axis=0))


def measured(levels: Pixels) -> dict[str, Any]:
    """Return the row of a picture."""
    started = time.process_time()
    made = codec.compress(Picture(levels))
    coded = time.process_time()
    found, _ = codec.decompress(made.data)
    decoded = time.process_time()
    assert np.array_equal(found, levels)
    return {
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
    if options["format"] == "PNG" and found:
        image = Image.fromarray(found[0].astype(np.uint8), "P")
        image.putpalette(found[1].tobytes())
    image.save(stream, **options)
    return len(stream.getvalue())


def exact_pictures(folder: Path) -> Lines:
    """Return the table of exact pictures: bits a sample, each picture's weight the same."""
    result = read_result("exact", folder)
    if not result:
        return []
    body = []
    for kind, about in KINDS.items():
        rows = [row for row in result["rows"] if row["kind"] == kind]
        bits = [f"{np.mean([8 * row[key] / (3 * row['pixels']) for row in rows]):.3f}" for key in ("ours", *PEERS)]
        pixels = sum(row["pixels"] for row in rows)
        speeds = [f"{sum(row[key] for row in rows) / pixels * 1e6:.1f}" for key in ("encoding", "decoding")]
        body.append([about, len(rows), *bits, *speeds])
    return [
        "Exact pictures without a model (`--lossless`): mean bits a sample, and processor seconds.",
        "",
        *table(["pictures", "number", "ours", *PEERS, "s/Mpixel in", "s/Mpixel out"], body),
    ]


if __name__ == "__main__":
    main()
