"""The figures of the CIFAR-10 models as a Markdown table: what the window leaves to the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.photo_tables import POINT, SHEETS, point
from benchmarks.results import read_result
from benchmarks.tables import Lines, table

LOCAL = "cifar-local"
"""What names of the models without z begin with."""
KEYS = ("kl", "bits", "file_kl_bits", "payload_bits", "lossless_bits_subpixel", "luma_kept", "chroma_kept")
TITLES = (
    "model", "KL, bits a subpixel", "-ELBO, bits a subpixel", "KL, bits", "payload, bits",
    "lossless file, bits a subpixel", "luma kept", "chroma kept",
)  # fmt: skip
RATED = ("cifar-7x4", "cifar-vae")
PLACES = {"file_kl_bits": 0, "payload_bits": 0, "luma_kept": 2, "chroma_kept": 2}


def tiny_pictures(folder: Path) -> Lines:
    """KL, bound and what the codes bring back, by the decoder's window."""
    result = read_result("cifar_windows", folder)
    if not result:
        return []
    models = result["models"]
    rows = [(name, *row(figures)) for name, figures in models.items() if "fingerprint" in figures]
    images, files = result["images"], result["files"]
    head = f"CIFAR-10, first {images:,} test images; bits of a code, files and pictures of the first {files}:"
    note = [
        "Kept: the share of the variance of 4x4 blocks' mean luma or chroma that a picture drawn of the code at",
        "temperature 1 brings back.",
    ]
    return [head, "", *table(TITLES, rows), "", *note, "", *without_latents(models)]


def without_latents(models: dict[str, Any]) -> Lines:
    """Format the bound beside that of a decoder of the same window that has no z."""
    rows = []
    for name, alone in models.items():
        if name.startswith(LOCAL):
            beside = models[partner(name)]
            window = f"{alone['window']}, grey values" if name.endswith("grey") else alone["window"]
            less = beside["bits"] - alone["bits"]
            rows.append((window, partner(name), f"{beside['bits']:.3f}", f"{alone['bits']:.3f}", f"{less:+.3f}"))
    if not rows:
        return []
    head = "With z and without, -ELBO of the same images in bits a subpixel; below 0, z is worth its bits:"
    return [head, "", *table(("window", "VLAE", "its -ELBO", "the decoder without z", "difference"), rows)]


def partner(local: str) -> str:
    """Return the VLAE that a decoder without latents stands beside."""
    return "cifar-7x4-bound" if local == LOCAL else local.replace(LOCAL, "cifar")


def tiny_rates(folder: Path) -> Lines:
    """Rate against quality of whole files, each model's beside rivals that may be as large."""
    results = [read_result(f"photo_rates-cifar10-{name}", folder) for name in RATED]
    rows, count = [], 0
    for result in filter(None, results):
        count = result["pictures"]
        for quality, mean in result["qualities"].items():
            name = f"{result['model']}, quality {quality}" if len(result["qualities"]) > 1 else result["model"]
            rows.append(point(name, mean))
            rows += [point(f"{other}, no more bytes or its least", one) for other, one in mean["rivals"].items()]
    if not rows:
        return []
    head = f"CIFAR-10, first {count} test images, whole files; MS-SSIM has the two scales that fit:"
    return [head, "", *table(("file", *POINT), rows)]


def tiny_sheet(folder: Path) -> Lines:
    """Return the sheet of pictures that belongs to the table."""
    if not read_result("cifar_windows", folder):
        return []
    return [f"![Originals, and two draws of the code by each model]({SHEETS}/cifar.webp)"]


def row(figures: dict[str, Any]) -> list[str]:
    """Return a model's cells; "-" for those that it lacks."""
    return [f"{figures[key]:.{PLACES.get(key, 3)}f}" if key in figures else "-" for key in KEYS]
