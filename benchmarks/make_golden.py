"""Files of each mode, and the pictures that they must give for ever, for `tests/golden`.

Run as `python -m benchmarks.make_golden MODEL` once a model is released. What is there already is left alone: a golden
file that has to be made again shows that old files can no longer be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.options import open_model
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.families import registry
from vlae_codec.families.bilevel import codec
from vlae_codec.families.bilevel.archive import Reader, compress_archive
from vlae_codec.families.bilevel.identify import is_archive
from vlae_codec.families.request import Rate
from vlae_codec.io.files import write_whole
from vlae_codec.io.images import Picture, Pixels, decode_image
from vlae_codec.io.writing import encode_picture

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "golden"
COPIES = 3
SEED = 7
"""Of the texture in lossy pictures."""


def digits() -> Pixels:
    """Return the ten digits that come with the package, binarised, 0 and 1, (10, 28, 28)."""
    folder = resources.files("vlae_cli") / "digits"
    pictures = [decode_image((folder / f"{digit}.png").read_bytes()).pixels for digit in range(10)]
    return (np.stack(pictures) >= 128).astype(np.uint8)


def many_digits() -> Pixels:
    """Return the ten digits several times, moved a little, enough for batches of several sizes, (10 COPIES, 28, 28)."""
    return np.concatenate([np.roll(digits(), (row, row), (1, 2)) for row in range(COPIES)])


def makers(model: str) -> dict[str, Callable[[], bytes]]:
    """How each golden file is made, by its name."""
    info = registry.find_model(model)

    def single(number: int, code: str | None = None) -> Callable[[], bytes]:
        picture = codec.prepare(Picture(255 * digits()[number]), [info])
        return lambda: codec.compress_images([picture], code=code)[0].data

    def lossless(number: int) -> Callable[[], bytes]:
        picture = codec.prepare(Picture(255 * digits()[number]), [info], exact=True)
        return lambda: codec.compress_images([picture], lossless=True)[0].data

    def archive(named: bool = False, chunk: int | None = None, **rate: Any) -> Callable[[], bytes]:
        pixels = many_digits()
        names = [f"digit {number}.png" for number in range(len(pixels))] if named else None
        return lambda: compress_archive(info, pixels, Rate(**rate), chunk=chunk, names=names).data

    found = {
        "search": single(3),
        "sample": single(5, code="sample"),
        "lossless": lossless(8),
        "lossy-archive": archive(chunk=20),
        "sample-archive": archive(code="sample", effort=1),
    }
    if open_model(model).labels:  # archives of exact pictures have none
        return found
    return found | {
        "lossless-archive": archive(lossless=True),
        "lossless-archive-named": archive(lossless=True, chunk=13, named=True),
    }


def decode_golden(data: bytes, device: str = "cpu") -> Pixels:
    """Decode the pictures of any golden file, 0 and 1, (N, 28, 28)."""
    if is_archive(data):
        reader = Reader(data, device)
        return np.stack([pixels for _, pixels in reader.pictures(range(reader.archive.count), seed=SEED)])
    exact, preview = codec.open_file(data, device), codec.open_file(data, device, preview=True)
    drawn = codec.draw_images([exact, preview], seed=SEED, device=device)
    return np.concatenate(drawn)


@click.command()
@click.argument("model")
@exit_on_error
def main(model: str) -> None:
    """Make the golden files of MODEL that are not there yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    fingerprint = open_model(model).fingerprint.hex()[:12]
    for name, make in makers(model).items():
        path = FOLDER / f"{fingerprint}-{name}.vlz"
        if path.exists():
            click.echo(f"{path.name} is there")
            continue
        data = make()
        pictures = decode_golden(data)
        if name.startswith("lossless-archive") and (pictures != many_digits()).any():
            raise VlaeError(f"{name}: the pictures do not come back")
        write_whole(path, data)
        write_whole(path.with_suffix(".png"), encode_picture(pictures.reshape(-1, pictures.shape[2]).astype(bool)))
        click.echo(f"{path.name}: {len(data)} bytes, {len(pictures)} pictures")
    click.echo(json.dumps({"model": model, "fingerprint": fingerprint, "folder": FOLDER.name}))


if __name__ == "__main__":
    main()
