"""What a user's own pictures cost, beside the formats that everybody has."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vlae_codec import api
from vlae_codec.errors import ImageError, VlaeError
from vlae_codec.io.images import Picture, to_pillow
from vlae_codec.sources import read_picture

from .common import progress_bar

WAYS = {"vlz": ".vlz", "exact_vlz": ".vlz --lossless", "png": "PNG", "webp": "WebP without loss"}


def find_pictures(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """Return the pictures in a folder and the folders inside it, by name.

    Raises:
        VlaeError: there is none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    if not found:
        raise VlaeError(f"{folder}: no pictures in it; known are {', '.join(sorted(suffixes))}")
    return found


def measure(paths: Sequence[Path], model: str = "auto") -> dict[str, Any]:
    """Bytes of all pictures together, each as one file of each kind; exact files are decoded and compared.

    Args:
        paths: of the pictures.
        model: name, folder or fingerprint.

    Returns:
        "pictures", "pixels" and "bytes", by the keys of `WAYS`; "not_exact" counts pictures that no model keeps
        exactly, and which therefore are missing from "exact_vlz".

    Raises:
        VlaeError: a picture cannot be read, or does not come back.
    """
    total, pixels, lost = dict.fromkeys(WAYS, 0), 0, 0
    with progress_bar("measuring") as step:
        for path in paths:
            picture = read_picture(path)
            pixels += picture.size[0] * picture.size[1]
            for kind, size in plain_files(picture).items():
                total[kind] += size
            total["vlz"] += len(api.compress(path, model))
            exact = exact_file(path, picture, model)
            lost += exact is None
            total["exact_vlz"] += exact or 0
            step(1, len(paths))
    return {"pictures": len(paths), "pixels": pixels, "bytes": total, "not_exact": lost}


def plain_files(picture: Picture) -> dict[str, int]:
    """Bytes of the picture as PNG and as WebP, both without loss; bilevel ones with 1 bit a pixel."""
    bilevel = picture.pixels.ndim == 2 and bool(np.isin(picture.pixels, (0, 255)).all())
    image = to_pillow(picture.pixels == 255 if bilevel else picture.pixels)
    sizes = {}
    for kind, settings in (("png", {"optimize": True}), ("webp", {"lossless": True, "quality": 100, "method": 6})):
        stream = io.BytesIO()
        (image.convert("RGB") if kind == "webp" else image).save(stream, kind, **settings)
        sizes[kind] = len(stream.getvalue())
    return sizes


def exact_file(path: Path, picture: Picture, model: str) -> int | None:
    """Bytes of the exact .vlz file, or None where no model keeps the picture exactly.

    Raises:
        VlaeError: what is decoded is another picture.
    """
    try:
        data = api.compress(path, model, lossless=True)
    except ImageError:
        return None
    back = np.asarray(api.decompress(data))
    if (back.astype(np.uint8) * (255 if back.dtype == bool else 1) != picture.pixels).any():
        raise VlaeError(f"{path}: does not come back exactly")
    return len(data)


def table(result: dict[str, Any]) -> str:
    """Format the result for people."""
    count, pixels = result["pictures"], result["pixels"]
    lines = [f"{count} pictures, {pixels} pixels", f"{'':18}{'bytes each':>12}{'bits/pixel':>12}"]
    for kind, title in WAYS.items():
        size = result["bytes"][kind]
        if kind == "exact_vlz" and result["not_exact"]:
            lines.append(f"{title:18} {result['not_exact']} pictures are kept exactly by no model")
        else:
            lines.append(f"{title:18}{size / count:12.1f}{8 * size / pixels:12.3f}")
    return "\n".join(lines)
