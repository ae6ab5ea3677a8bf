"""Other lossless coders on the same bilevel pictures: one file a picture, and all in one file.

What is not installed is reported as missing: `pbmtojbg` (jbigkit), `jbig2` (jbig2enc), pillow-jxl-plugin, zstd.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vlae_codec.io.images import Pixels
from vlae_codec.io.writing import encode_picture

Size = Callable[[Pixels], int]
"""Bytes of a file of one picture, uint8 of 0 and 1, (H, W)."""


class MissingError(Exception):
    """The coder is not installed."""


def peers(images: Pixels, singles: Pixels) -> dict[str, dict[str, float | str]]:
    """Bits per image of each coder: "file" (one each), "mosaic" (all as one picture) and "packed" (all bits).

    Args:
        images: uint8 of 0 and 1, (N, H, W), for one file.
        singles: those that get a file each.
    """
    mosaic = mosaic_of(images)
    out: dict[str, dict[str, float | str]] = {}
    for name, size in PICTURES.items():
        try:
            file = sum(size(image) for image in singles) / len(singles)
            out[name] = {"file": round(8 * file, 2), "mosaic": round(8 * size(mosaic) / len(images), 3)}
        except MissingError as error:
            out[name] = {"missing": str(error)}
    packed = np.packbits(images.reshape(len(images), -1), axis=1).tobytes()
    few = [np.packbits(image).tobytes() for image in singles]
    for name, pack in BYTES.items():
        try:
            file = sum(len(pack(data)) for data in few) / len(few)
            out[name] = {"file": round(8 * file, 2), "packed": round(8 * len(pack(packed)) / len(images), 3)}
        except MissingError as error:
            out[name] = {"missing": str(error)}
    return out


def mosaic_of(images: Pixels) -> Pixels:
    """All pictures side by side in one that is about square; empty places are 0."""
    count, height, width = images.shape
    columns = math.isqrt(count - 1) + 1
    rows = -(-count // columns)
    filled = np.zeros((rows * columns, height, width), np.uint8)
    filled[:count] = images
    return np.ascontiguousarray(
        filled.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)
    )


def png(image: Pixels) -> int:
    """Pillow's, 1 bit a pixel, optimised."""
    return len(encode_picture(image.astype(bool)))


def pillow(file_format: str, mode: str = "RGB", **options: Any) -> Size:
    """Return the size of what Pillow writes in a format, of a picture in a mode."""

    def size(image: Pixels) -> int:
        stream = io.BytesIO()
        Image.fromarray(image * np.uint8(255)).convert(mode).save(stream, file_format, **options)
        return len(stream.getvalue())

    return size


def jpeg_xl(image: Pixels) -> int:
    """JPEG XL at its highest effort, grey."""
    try:
        import_module("pillow_jxl")
    except ImportError as error:
        raise MissingError("pillow-jxl-plugin") from error
    stream = io.BytesIO()
    Image.fromarray(image * np.uint8(255)).save(stream, "JXL", lossless=True, effort=9)
    return len(stream.getvalue())


def jbig1(image: Pixels) -> int:
    """jbigkit, the whole picture as one stripe."""
    return _command("pbmtojbg", ["-q", "-s", str(len(image))], image)


def jbig2(image: Pixels) -> int:
    """jbig2enc's generic regions."""
    return _command("jbig2", [], image)


def _command(program: str, options: list[str], image: Pixels) -> int:
    """Bytes that a program makes of a PBM file."""
    if not shutil.which(program):
        raise MissingError(program)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "a.pbm", Path(folder) / "a.out"
        height, width = image.shape
        source.write_bytes(b"P4\n%d %d\n" % (width, height) + np.packbits(image, axis=1).tobytes())
        if program == "jbig2":
            return len(subprocess.run([program, str(source)], capture_output=True, check=True).stdout)
        subprocess.run([program, *options, str(source), str(target)], check=True)
        return target.stat().st_size


def zstd(data: bytes) -> bytes:
    """Compress with the command zstd, -19."""
    if not shutil.which("zstd"):
        raise MissingError("zstd")
    return subprocess.run(["zstd", "-19", "-c", "-q"], input=data, capture_output=True, check=True).stdout


PICTURES: dict[str, Size] = {
    "PNG": png,
    "WebP lossless": pillow("WEBP", lossless=True, quality=100, method=6),
    "JPEG XL -e 9": jpeg_xl,
    "JBIG1": jbig1,
    "JBIG2": jbig2,
}
BYTES: dict[str, Callable[[bytes], bytes]] = {
    "gzip -9": lambda data: gzip.compress(data, 9, mtime=0),
    "zstd -19": zstd,
    "xz -9e": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
    "bzip2 -9": lambda data: bz2.compress(data, 9),
}
