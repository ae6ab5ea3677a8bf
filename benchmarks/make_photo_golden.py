"""Files of the photo model, and the pictures that they must give for ever, for `tests/golden/photo`.

Run as `python -m benchmarks.make_photo_golden` once a model is released; what is there already is left alone.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from PIL import Image

from benchmarks.image_quality import Levels
from vlae_codec.images import Picture
from vlae_codec.photo import codec
from vlae_codec.photo.store import find_photo_model

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "golden" / "photo"
SIZE = (37, 52)
TEMPERATURE = 0.7


def picture(grey: bool) -> Levels:
    """A drawn picture: waves of colour, and an edge."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    waves = [(7 * rows + 3 * columns) % 256, (5 * columns) % 256, 255 - (4 * rows) % 256]
    levels = np.stack(waves, axis=-1).astype(np.uint8)
    levels[rows > columns] //= 2
    return levels[:, :, 0].copy() if grey else levels


def decode(data: bytes, device: str = "cpu") -> Levels:
    """What a golden file gives: drawn with noise, or the exact picture."""
    return codec.decompress_photo(data, seed=11, temperature=TEMPERATURE, device=device)[0]


@click.command()
def main() -> None:
    """Make the golden files that are not there yet."""
    info = find_photo_model("photo")
    assert info
    FOLDER.mkdir(parents=True, exist_ok=True)
    for grey in (False, True):
        for lossless in (False, True):
            name = f"{info.fingerprint[:12]}-{'grey' if grey else 'colour'}-{'lossless' if lossless else 'lossy'}"
            path = FOLDER / f"{name}.vlz"
            if path.exists():
                continue
            made = codec.compress_photo(Picture(picture(grey)), info, lossless=lossless)
            path.write_bytes(made.data)
            Image.fromarray(decode(made.data)).save(path.with_suffix(".png"), optimize=True)
            click.echo(f"{path.name}: {len(made.data)} bytes")


if __name__ == "__main__":
    main()
