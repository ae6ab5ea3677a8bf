"""How far two pictures are from one another: the record behind `vlae-compare`, and a picture of the difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ImageError
from ..io.adjust import laid_over
from ..io.images import Picture, Pixels
from .quality import TAPS, ms_ssim, psnr, ssimulacra2

WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Comparison:
    """Two pictures compared in RGB of 8 bits. Figures that cannot be computed are None.

    Attributes:
        original: the first file.
        other: the second.
        width: of both, pixels.
        height: of both, pixels.
        original_bytes: of the first file.
        other_bytes: of the second file.
        original_bpp: bits a pixel of the first file.
        other_bpp: bits a pixel of the second file.
        identical: whether all samples are equal, those of transparency too.
        psnr: peak signal-to-noise ratio, dB; None if no sample differs.
        ms_ssim: multi-scale structural similarity; None of sides below 11 pixels.
        ssimulacra2: None without its package, and of sides below 8 pixels.
        mean_error: mean of the absolute difference, levels.
        max_error: largest difference of a sample, levels.
        alpha_max_error: of the transparency; None if both are opaque.
    """

    original: str
    other: str
    width: int
    height: int
    original_bytes: int
    other_bytes: int
    original_bpp: float
    other_bpp: float
    identical: bool
    psnr: float | None
    ms_ssim: float | None
    ssimulacra2: float | None
    mean_error: float
    max_error: int
    alpha_max_error: int | None


@dataclass(frozen=True)
class Side:
    """One of the two: its file's name and bytes, and its picture."""

    name: str
    file_bytes: int
    picture: Picture


def compare(original: Side, other: Side) -> Comparison:
    """Return the figures of two pictures; transparent ones are laid over white.

    Raises:
        ImageError: their sizes differ.
    """
    first, second = original.picture, other.picture
    if first.size != second.size:
        sizes = [f"{side.picture.size[1]} x {side.picture.size[0]} ({side.name})" for side in (original, other)]
        raise ImageError(f"sizes differ, {sizes[0]} and {sizes[1]}: pictures of one size can be compared")
    height, width = first.size
    a, b = (_over_white(one) for one in (first, second))
    error = np.abs(a.astype(np.int16) - b)
    alpha = None
    if first.alpha is not None or second.alpha is not None:
        alpha = int(np.abs(_alpha(first).astype(np.int16) - _alpha(second)).max())
    return Comparison(
        original.name,
        other.name,
        width,
        height,
        original.file_bytes,
        other.file_bytes,
        8 * original.file_bytes / (height * width),
        8 * other.file_bytes / (height * width),
        not alpha and not error.any(),
        psnr(a, b) if error.any() else None,
        ms_ssim(a, b) if min(height, width) >= TAPS else None,
        ssimulacra2(a, b),
        float(error.mean()),
        int(error.max()),
        alpha,
    )


def difference(original: Picture, other: Picture, gain: float) -> Pixels:
    """Return the second picture less the first one, times a gain, around a grey of 128: uint8 (H, W, 3)."""
    a, b = (_over_white(one).astype(np.float64) for one in (original, other))
    levels: Pixels = np.clip(np.rint(128 + gain * (b - a)), 0, 255).astype(np.uint8)
    return levels


def _over_white(picture: Picture) -> Pixels:
    """Return a picture over white, uint8 (H, W, 3)."""
    pixels = laid_over(picture, WHITE).pixels
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels


def _alpha(picture: Picture) -> Pixels:
    return np.full(picture.size, 255, np.uint8) if picture.alpha is None else picture.alpha


def comparison_table(found: Comparison) -> str:
    """Return the figures for people, one a line."""
    psnr_text = "no difference" if found.psnr is None else f"{found.psnr:.2f} dB"
    rows = [
        ("size", f"{found.width} x {found.height}"),
        ("PSNR", psnr_text),
        ("MS-SSIM", "of sides from 11 pixels on" if found.ms_ssim is None else f"{found.ms_ssim:.4f}"),
        ("SSIMULACRA2", "pip install ssimulacra2" if found.ssimulacra2 is None else f"{found.ssimulacra2:.2f}"),
        ("difference", f"{found.mean_error:.2f} levels in the mean, {found.max_error} at most"),
    ]
    if min(found.width, found.height) < 8:
        rows[3] = ("SSIMULACRA2", "of sides from 8 pixels on")
    if found.alpha_max_error is not None:
        rows.append(("transparency", f"{found.alpha_max_error} levels at most"))
    files = (
        (found.original, found.original_bytes, found.original_bpp),
        (found.other, found.other_bytes, found.other_bpp),
    )
    rows += [(name, f"{size} bytes, {bpp:.3f} bits a pixel") for name, size, bpp in files]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {text}" for name, text in rows)
