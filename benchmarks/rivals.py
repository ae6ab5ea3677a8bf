"""Other codecs at equal bytes: the best quality whose file is no larger than ours, or else the smallest file.

Some of them downscale the picture first and upscale what comes back, which is what they do best with few bytes. JPEG XL
needs pillow-jxl-plugin (GPL, `pip install pillow-jxl-plugin`); what is not installed is left out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import click
import numpy as np
from PIL import Image, features

from vlae_codec.report.quality import Levels


@dataclass(frozen=True)
class Rival:
    """A codec of Pillow's, its settings, by how much it downscales the sides first, and its highest lossy quality."""

    name: str
    format: str
    settings: dict[str, Any] = field(default_factory=dict)
    downscale: int = 1
    highest: int = 100


_WEBP, _AVIF = {"method": 6}, {"speed": 6}
RIVALS = (
    Rival("JPEG", "JPEG", {"optimize": True}),
    Rival("WEBP", "WEBP", _WEBP),
    Rival("AVIF", "AVIF", _AVIF),
    Rival("JPEG XL", "JXL", {"effort": 7}, highest=99),
    Rival("JPEG downscaled by 2", "JPEG", {"optimize": True}, 2),
    Rival("WEBP downscaled by 2", "WEBP", _WEBP, 2),
    Rival("AVIF downscaled by 2", "AVIF", _AVIF, 2),
)
EXACT_RIVALS = (
    Rival("PNG", "PNG", {"optimize": True}),
    Rival("WEBP", "WEBP", {"lossless": True, "method": 6, "quality": 100}),
    Rival("JPEG XL -e 9", "JXL", {"lossless": True, "effort": 9}),
)


def installed(rivals: tuple[Rival, ...]) -> list[Rival]:
    """Those of the codecs that Pillow has here."""
    return [rival for rival in rivals if _supported(rival.format)]


def say_missing() -> None:
    """Say what is left out because it is not installed."""
    every = RIVALS + EXACT_RIVALS
    if missing := [rival.name for rival in every if rival not in installed(every)]:
        click.echo(f"not installed, left out: {', '.join(missing)}", err=True)


def _supported(kind: str) -> bool:
    if kind == "JXL":
        try:
            import_module("pillow_jxl")
        except ImportError:
            return False
        return True
    return kind in ("JPEG", "PNG") or bool(features.check(kind.lower()))


def encoded(rival: Rival, picture: Levels, **more: Any) -> bytes:
    """Return a picture's file, downscaled if the codec is one that downscales."""
    out, image = io.BytesIO(), Image.fromarray(picture)
    if rival.downscale > 1:
        size = -(-image.width // rival.downscale), -(-image.height // rival.downscale)
        image = image.resize(size, Image.Resampling.LANCZOS)
    image.save(out, rival.format, **rival.settings, **more)
    return out.getvalue()


def decoded(rival: Rival, data: bytes, size: tuple[int, int]) -> Levels:
    """Return the picture of a file, upscaled to (H, W) if it was downscaled."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if rival.downscale > 1:
        image = image.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return np.asarray(image)


def best_within(rival: Rival, original: Levels, most: int) -> tuple[Levels, int, int]:
    """Return the picture of the best quality within so many bytes, or of the least; its bytes and quality."""
    low, high = 0, rival.highest
    files: dict[int, bytes] = {}

    def coded(quality: int) -> bytes:
        if quality not in files:
            files[quality] = encoded(rival, original, quality=quality)
        return files[quality]

    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(coded(middle)) <= most else (low, middle - 1)
    height, width = original.shape[:2]
    return decoded(rival, coded(low), (height, width)), len(coded(low)), low
