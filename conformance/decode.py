"""The package as a decoder of the suite: `python -m conformance.decode FILE OUT [options]`; see conformance/run.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlae_codec.collections import Collection
from vlae_codec.container.collection import HEAD
from vlae_codec.container.envelope import unwrap
from vlae_codec.errors import VlaeError
from vlae_codec.families import codec
from vlae_codec.families.bilevel.archive import Reader
from vlae_codec.families.bilevel.identify import is_archive
from vlae_codec.families.request import Draw

Levels = NDArray[Any]
"""Bytes, or 16 bits a sample."""
KINDS = ("", "GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA")


def options() -> argparse.ArgumentParser:
    """Return a parser of the options of a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--preview", action="store_true")
    return parser


def decode(data: bytes, arguments: argparse.Namespace, device: str = "cpu") -> list[Levels]:
    """Return the pictures of a file, uint8 or uint16 (H, W, channels).

    Args:
        data: the file.
        arguments: of `options`.
        device: "cpu", "torch" or "cuda".

    Raises:
        VlaeError: the file has to be refused.
    """
    data, _ = unwrap(data)
    if data.startswith(HEAD):
        collection = Collection(data)
        files = [collection.file(first)[1] for first, _, _, _ in collection.listing()]
        return [one for file in files for one in decode(file, arguments, device)]
    if is_archive(data):
        reader = Reader(data, device)
        found = [255 * pixels for _, pixels in reader.pictures(range(reader.archive.count), seed=arguments.seed)]
        reader.names()
    else:
        draw = Draw(arguments.seed, arguments.samples, arguments.temperature, arguments.preview)
        found = [full(one) for one in codec.decompress_one(data, draw, device).pictures]
    return [np.atleast_3d(one) for one in found]


def full(pixels: Levels) -> Levels:
    """Return black and white as bytes of 0 and 255, other pictures as they are."""
    return pixels * np.uint8(255) if pixels.dtype == bool else pixels


def to_pam(found: Sequence[Levels]) -> bytes:
    """Return pictures as PAM images, one behind the other."""
    parts = []
    for one in found:
        height, width, depth = one.shape
        most = 65535 if one.dtype == np.uint16 else 255
        head = f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL {most}\nTUPLTYPE {KINDS[depth]}\nENDHDR\n"
        parts += [head.encode(), one.astype(">u2" if most > 255 else np.uint8).tobytes()]
    return b"".join(parts)


def main() -> None:
    """Decode the file that the command line names."""
    parser = options()
    parser.add_argument("--device", default="cpu")
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    try:
        found = decode(arguments.file.read_bytes(), arguments, arguments.device)
    except VlaeError as error:
        sys.exit(f"{arguments.file.name}: {error}")
    arguments.out.write_bytes(to_pam(found))


if __name__ == "__main__":
    main()
