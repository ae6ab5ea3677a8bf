"""Photographs: bytes against PSNR and MS-SSIM, beside JPEG, WebP and AVIF at equal bytes; lossless sizes; times.

Run as `python -m benchmarks.photo_rates --data FOLDER`. The pictures are the development part of Kodak, which no model
was trained on. A rival gets the best quality whose file is no larger than ours, or else its smallest file.
"""

from __future__ import annotations

import io
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image, features
from tqdm import tqdm

from benchmarks.image_quality import Levels, ms_ssim, psnr
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.images import Picture
from vlae_codec.photo import codec
from vlae_codec.photo.store import find_photo_model

PICTURES = "kodak-dev/*.png"
RIVALS: dict[str, dict[str, Any]] = {"JPEG": {"optimize": True}, "WEBP": {"method": 6}, "AVIF": {"speed": 6}}
EXACT_RIVALS: dict[str, dict[str, Any]] = {
    "PNG": {"optimize": True},
    "WEBP": {"lossless": True, "method": 6, "quality": 100},
}
POINT = ("bpp", "psnr", "ms_ssim")
QUALITIES = (30.0, 60.0, 80.0)
"""Of ours; 80 is the default."""


def measure(path: Path, lossless: bool) -> dict[str, Any]:
    """All figures of one photograph."""
    original = np.asarray(Image.open(path).convert("RGB"))
    info = find_photo_model("photo")
    assert info
    rows = []
    for quality in QUALITIES:
        started = time.monotonic()
        made = codec.compress_photo(Picture(original), info, quality=quality)
        written = time.monotonic()
        drawn, _, _ = codec.decompress_photo(made.data)
        done = time.monotonic()
        preview, _, _ = codec.decompress_photo(made.data, preview=True)
        ours = {"quality": quality, "kl_bits": made.kl_bits, "payload_bits": made.lossy_bits}
        ours |= {"compress_seconds": written - started, "decompress_seconds": done - written}
        ours |= point(original, drawn, len(made.data)) | {
            "preview_psnr": psnr(original, preview),
            "preview_ms_ssim": ms_ssim(original, preview),
        }
        rivals = {name: rival(name, original, len(made.data)) for name in RIVALS if supported(name)}
        rows.append({**ours, "rivals": rivals})
    tree: dict[str, Any] = {"picture": path.stem, "rows": rows}
    if lossless:
        tree["lossless"] = exact(original)
    return tree


def exact(original: Levels) -> dict[str, Any]:
    """Bits a subpixel of the exact file, decoded again, and of PNG and lossless WebP."""
    info = find_photo_model("photo")
    assert info
    started = time.monotonic()
    made = codec.compress_photo(Picture(original), info, lossless=True)
    written = time.monotonic()
    again, _, _ = codec.decompress_photo(made.data)
    seconds = {"compress_seconds": written - started, "decompress_seconds": time.monotonic() - written}
    if (again != original).any():
        raise VlaeError("a lossless file came back as another picture")
    sizes = {"ours": len(made.data), "bound": (made.kl_bits + (made.pixel_bits or 0)) / 8}
    for name, settings in EXACT_RIVALS.items():
        out = io.BytesIO()
        Image.fromarray(original).save(out, name, **settings)
        sizes[name] = len(out.getvalue())
    return {name: 8 * size / original.size for name, size in sizes.items()} | seconds


def point(original: Levels, other: Levels, size: int) -> dict[str, float]:
    """A picture's rate and quality."""
    pixels = original.shape[0] * original.shape[1]
    return {"bpp": 8 * size / pixels, "psnr": psnr(original, other), "ms_ssim": ms_ssim(original, other)}


def rival(name: str, original: Levels, most: int) -> dict[str, float]:
    """The best of a rival's qualities within so many bytes, or its smallest file."""

    def coded(quality: int) -> bytes:
        out = io.BytesIO()
        Image.fromarray(original).save(out, name, quality=quality, **RIVALS[name])
        return out.getvalue()

    low, high = 0, 100
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(coded(middle)) <= most else (low, middle - 1)
    data = coded(low)
    return point(original, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), len(data)) | {"quality": low}


def supported(name: str) -> bool:
    """Whether Pillow writes the format here."""
    return name == "JPEG" or bool(features.check(name.lower()))


def means(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the photographs, by quality."""
    table: dict[str, Any] = {}
    for index, quality in enumerate(QUALITIES):
        rows = [one["rows"][index] for one in found]
        keys = [key for key in rows[0] if key not in ("rivals", "quality")]
        mean: dict[str, Any] = {key: float(np.mean([row[key] for row in rows])) for key in keys}
        mean["over_kl"] = sum(row["payload_bits"] for row in rows) / sum(row["kl_bits"] for row in rows)
        mean["rivals"] = {
            name: {
                key: float(np.mean([row["rivals"][name][key] for row in rows])) for key in ("bpp", "psnr", "ms_ssim")
            }
            for name in rows[0]["rivals"]
        }
        table[f"{quality:g}"] = mean
    exacts = [one["lossless"] for one in found if "lossless" in one]
    lossless = {key: float(np.mean([one[key] for one in exacts])) for key in exacts[0]} if exacts else {}
    return {"qualities": table, "lossless": lossless, "lossless_pictures": len(exacts)}


@click.command()
@data_option
@click.option("--pictures", type=click.IntRange(1), default=12, show_default=True, help="How many photographs.")
@click.option("--lossless", type=click.IntRange(0), default=12, show_default=True, help="How many of them exactly too.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes; times are for 1.")
@exit_on_error
def main(data: Path, pictures: int, lossless: int, jobs: int) -> None:
    """Measure the released photo model."""
    paths = sorted(data.glob(PICTURES))[:pictures]
    if not paths:
        raise VlaeError(f"no {PICTURES} in {data}")
    flags = [number < lossless for number in range(len(paths))]
    with ProcessPoolExecutor(jobs) as pool:
        work = pool.map(partial(measure), paths, flags)
        found = list(tqdm(work, total=len(paths), desc="photographs", unit="photograph"))
    path = write_result("photo_rates", {"model": "photo", "jobs": jobs, **means(found), "pictures": found})
    click.echo(path.read_text()[:1500])


if __name__ == "__main__":
    main()
