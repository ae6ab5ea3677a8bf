"""Photographs on a GPU: the same files and pixels as on the CPU, and how long they take.

Run as `python -m benchmarks.gpu_photos MODEL... --data FOLDER`; exit code 1 if anything differs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from benchmarks.options import models_argument, name_of_gpu
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.store import PhotoInfo, find_photo_model
from vlae_codec.io.images import Picture

PICTURES = "kodak-dev/*.png"
EXACT_SIDE = 256
"""Of the middle of the photograph that is coded without loss."""
QUALITY, TEMPERATURE = 90.0, 1.0
"""Nothing is shrunk and all of the texture is drawn, so that every random number counts."""


def coded(info: PhotoInfo, pixels: np.ndarray[Any, Any], lossless: bool, device: str) -> tuple[Any, ...]:
    """Seconds to compress and to decompress, the file, and its picture, on a device that is warm."""
    codec.compress_photo(Picture(pixels[:32, :32]), info, device=device)
    started = time.monotonic()
    made = codec.compress_photo(Picture(pixels), info, quality=QUALITY, lossless=lossless, device=device)
    written = time.monotonic()
    drawn, _, _ = codec.decompress_photo(made.data, temperature=TEMPERATURE, device=device)
    return written - started, time.monotonic() - written, made.data, drawn


def compared(name: str, pixels: np.ndarray[Any, Any], lossless: bool) -> dict[str, Any]:
    """Both devices' seconds, and what differs between them."""
    info = find_photo_model(name)
    assert info
    ours, theirs = (coded(info, pixels, lossless, device) for device in ("cpu", "cuda"))
    row: dict[str, Any] = {
        "model": name,
        "fingerprint": info.fingerprint,
        "lossless": lossless,
        "height": len(pixels),
        "width": pixels.shape[1],
    }
    for device, found in (("cpu", ours), ("cuda", theirs)):
        row |= {f"{device}_compress_seconds": round(found[0], 3), f"{device}_decompress_seconds": round(found[1], 3)}
    row |= {"files_differ": int(ours[2] != theirs[2]), "pixels_differ": int(np.count_nonzero(ours[3] != theirs[3]))}
    if lossless:
        row["pixels_differ"] += int(np.count_nonzero(theirs[3] != pixels))
    return row


@click.command()
@models_argument
@data_option
@exit_on_error
def main(models: tuple[str, ...], data: Path) -> None:
    """Compare the GPU with the CPU on the first photograph of Kodak-dev."""
    gpu = name_of_gpu()
    path = sorted(data.glob(PICTURES))[0]
    whole = np.asarray(Image.open(path).convert("RGB"))
    top, left = ((side - EXACT_SIDE) // 2 for side in whole.shape[:2])
    middle = np.ascontiguousarray(whole[top : top + EXACT_SIDE, left : left + EXACT_SIDE])
    rows = []
    for name in models:
        for pixels, lossless in ((whole, False), (middle, True)):
            rows.append(compared(name, pixels, lossless))
            click.echo(str(rows[-1]))
            write_result("gpu_photos", {"gpu": gpu, "picture": path.stem, "quality": QUALITY, "rows": rows})
    sys.exit(1 if any(row["files_differ"] or row["pixels_differ"] for row in rows) else 0)


if __name__ == "__main__":
    main()
