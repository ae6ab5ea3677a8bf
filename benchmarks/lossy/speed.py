"""Time and memory of pictures of the photo family, each measured in a fresh process of one thread.

    python -m benchmarks.lossy.speed --data ../shared/data

Sizes beyond a photograph's are mosaics of Kodak-dev. Times are of the whole call, model and libraries loaded before.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from PIL import Image

from benchmarks.results import write_result
from vlae_cli.common import data_option

NAME = "lossy_speed"
SIZES = {"768x512": (512, 768), "3000x2000": (2000, 3000), "8000x6000": (6000, 8000)}
QUALITY = 50


def mosaic(data: Path, height: int, width: int) -> Image.Image:
    """Return photographs side by side, cut to a size."""
    found = [path for path in sorted(data.glob("kodak-dev/*.png")) if Image.open(path).size == (768, 512)]
    out, number = Image.new("RGB", (width, height)), 0
    for top in range(0, height, 512):
        for left in range(0, width, 768):
            out.paste(Image.open(found[number % len(found)]), (left, top))
            number += 1
    return out


def measure(step: str, source: Path, target: Path) -> dict[str, float]:
    """Do one step, and return its seconds, the processor's, and the peak of memory in MiB."""
    import vlae_codec

    small = vlae_codec.compress(np.zeros((64, 64, 3), np.uint8), "photo")
    vlae_codec.decompress(small)
    before, start = time.process_time(), time.perf_counter()
    if step == "compress":
        target.write_bytes(vlae_codec.compress(source, quality=QUALITY))
    else:
        image = vlae_codec.decompress(source)
    seconds, processor = time.perf_counter() - start, time.process_time() - before
    if step != "compress":
        image.save(target, compress_level=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(seconds, 3), "processor_seconds": round(processor, 3), "peak_mib": round(peak)}


@click.command()
@data_option
@click.option("--one", nargs=3, type=click.Path(path_type=Path), hidden=True)
def main(data: Path, one: tuple[Path, Path, Path] | None) -> None:
    """Measure all sizes."""
    if one:
        print(json.dumps(measure(str(one[0]), one[1], one[2])))
        return
    rows = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size, (height, width) in SIZES.items():
            mosaic(data, height, width).save(folder / "a.png", compress_level=1)
            row: dict[str, object] = {"pixels": height * width}
            for step, source, target in (("compress", "a.png", "a.vlz"), ("decompress", "a.vlz", "b.png")):
                command = [sys.executable, "-m", __spec__.name, "--data", str(data), "--one", step]
                environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
                done = subprocess.run(
                    [*command, str(folder / source), str(folder / target)],
                    env=environment, check=True, capture_output=True, text=True,
                )  # fmt: skip
                row[step] = json.loads(done.stdout)
            rows[size] = row
            print(size, row)
    write_result(NAME, {"model": "photo", "quality": QUALITY, "rows": rows})


if __name__ == "__main__":
    main()
