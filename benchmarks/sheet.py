"""The picture of docs/results.md: test digits, and what comes back from their files, by the VLAE and by the plain VAE.

Run as `python -m benchmarks.sheet --data FOLDER`; it writes docs/digits.png. Rows: the originals; the VLAE's first
picture of each file (seed 0); two more draws of the same files; the VAE's picture of a file of as many bits.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from benchmarks.digits import load_test
from benchmarks.options import images_option, open_model
from benchmarks.tables import ROOT
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.io.images import Pixels
from vlae_codec.io.sheets import contact_sheet
from vlae_codec.io.writing import write_picture
from vlae_codec.latents.payload import decode, encode


@click.command()
@data_option
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "docs" / "digits.png", show_default=True)
@images_option(20)
@exit_on_error
def main(data: Path, out: Path, images: int) -> None:
    """Draw the sheet."""
    originals = load_test(data, images).images
    rows: list[Pixels] = [originals]
    vlae, vae = open_model("mnist"), open_model("mnist-vae")
    codes = encode(vlae, originals)
    z = decode(vlae, [code.mode for code in codes], [code.payload for code in codes])
    rows += [vlae.draw(z, seed=seed) for seed in range(3)]
    others = [encode(vae, originals[i : i + 1], bits=code.payload_bits)[0] for i, code in enumerate(codes)]
    rows.append(vae.draw(decode(vae, [code.mode for code in others], [code.payload for code in others])))
    write_picture(out, contact_sheet([row * np.uint8(255) for row in rows], columns=images, scale=2))


if __name__ == "__main__":
    main()
