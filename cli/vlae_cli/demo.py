"""`vlae-demo`: handwritten digits through the codec and back, with the bits they took and a sheet to look at."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import command, force_option

if TYPE_CHECKING:
    from vlae_codec.families.result import Encoded
    from vlae_codec.io.images import Picture

MNIST = Path("mnist") / "t10k-images-idx3-ubyte.gz"
MNIST_COUNT = 16
SCALE = 4
EPILOG = f"""\b
Examples:
  vlae-demo                     ten bundled digits
  vlae-demo --data ~/sets       the first {MNIST_COUNT} of ~/sets/{MNIST.as_posix()}
"""


@command(EPILOG)
@click.option(
    "--out", default="demo-out", show_default=True, type=click.Path(path_type=Path), help="Folder for what is made."
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the data sets, for MNIST.")
@click.option("-m", "--model", default="mnist", show_default=True, help="Name, folder or fingerprint of a model.")
@click.option(
    "--draws", type=click.IntRange(1, 32), default=6, show_default=True, help="Decompressed pictures of each."
)
@force_option
def main(out: Path, data: Path | None, model: str, draws: int, force: bool) -> None:
    """Compress handwritten digits, say what the bits are for, decompress them, and make a sheet of it all."""
    import numpy as np

    from vlae_codec.families.bilevel import codec
    from vlae_codec.families.choice import bilevel_models
    from vlae_codec.io import files, sheets, targets, writing
    from vlae_codec.report.records import image_record, image_table, notice_lines, tree

    pictures = mnist_digits(data) if data else bundled_digits()
    sheet = out / "sheet.png"
    outputs = [out / f"{name}{kind}" for name in pictures for kind in (".png", ".vlz", "-again.png")]
    for target in [*outputs, sheet]:
        targets.check_target(files.STREAM, target, force)

    models = bilevel_models(model)
    results = codec.compress_images([codec.prepare(picture, models) for picture in pictures.values()])
    opened_files = [codec.open_file(result.data) for result in results]
    strips = [
        np.stack([255 * drawn[0] for drawn in codec.draw_images(opened_files, seed=seed)]) for seed in range(draws)
    ]

    out.mkdir(parents=True, exist_ok=True)
    for number, (name, picture) in enumerate(pictures.items()):
        writing.write_picture(out / f"{name}.png", picture.pixels)
        files.write_whole(out / f"{name}.vlz", results[number].data)
        writing.write_picture(out / f"{name}-again.png", strips[0][number].astype(bool))
    originals = np.stack([picture.pixels for picture in pictures.values()])
    writing.write_picture(sheet, sheets.contact_sheet([originals, *strips], columns=len(pictures), scale=SCALE))

    rows = zip(pictures, results, strict=True)
    records = [image_record(str(out / f"{name}.png"), str(out / f"{name}.vlz"), result) for name, result in rows]
    click.echo(image_table(records))
    totals = tree(records, 0)["totals"]
    click.echo(
        f"\n{len(records)} digits: {totals['payload_bits']} bits of payload, {totals['kl_bits']:.0f} bits of KL,"
        f" {totals['file_bytes']} bytes on disk"
    )
    click.echo(f"{records[-1].output}: {anatomy(results[-1])}")
    for line in notice_lines(records):
        click.echo(f"note: {line}")
    click.echo(f"{sheet}: the originals in the first row, {draws} decompressed pictures of each below")


def bundled_digits() -> dict[str, Picture]:
    """Read the ten digits that come with the package, by the names of their files."""
    from vlae_codec.io.images import decode_image

    folder = resources.files("vlae_cli") / "digits"
    return {f"digit-{digit}": decode_image((folder / f"{digit}.png").read_bytes()) for digit in range(10)}


def mnist_digits(data: Path) -> dict[str, Picture]:
    """Read the first MNIST test images, by their numbers.

    Raises:
        VlaeError: the file is damaged.
        OSError: it is not there.
    """
    from vlae_codec.io.images import Picture
    from vlae_models.data.sets import load_idx

    return {
        f"mnist-{number:02d}": Picture(pixels) for number, pixels in enumerate(load_idx(data / MNIST)[:MNIST_COUNT])
    }


def anatomy(result: Encoded) -> str:
    """Format the bytes of a file in hex, part by part."""
    from vlae_codec.container.header import parse, sections

    spans = [(str(part["name"]), int(part["offset"]), int(part["bytes"])) for part in sections(parse(result.data))]
    return ", ".join(f"{name} {result.data[start : start + length].hex(' ')}" for name, start, length in spans)
