"""The photo model's measured figures as Markdown tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.lossy.rows import ROWS, SKIES, read_rows
from benchmarks.lossy.tables import bd_table, sky_table
from benchmarks.results import read_result
from benchmarks.tables import ZOO, Lines, table
from vlae_codec.families.registry import read_tree
from vlae_codec.memory import parse_bytes
from vlae_codec.model.folder import INFO, WEIGHTS

MEASURED = {"seconds": "s", "processor_seconds": "processor s", "peak_mib": "peak MiB"}
SHEETS = "../benchmarks/results/sheets"
TEXTURE = {"bpp": 3, "psnr": 2, "ms_ssim": 3, "ssimulacra2": 1, "features": 3, "statistics": 4}
"""Columns of the table of texture, and their digits."""
POINT = ("bits a pixel", "PSNR, dB", "MS-SSIM", "feature distance")


def photo_releases(folder: Path) -> Lines:
    """Format the table of the released models for pictures of any size."""
    rows = []
    for entry in sorted(ZOO.glob("*")):
        if (entry / INFO).is_file() and (info := read_tree(entry))["format"] > 1:
            size = f"{(entry / WEIGHTS).stat().st_size / 2**20:.2f}"
            rows.append((info["name"], info["description"], size, f"`{info['fingerprint'][:12]}`"))
    titles = ("name", "what", "MiB", "fingerprint")
    return ["Released models for pictures of any size:", "", *table(titles, rows)] if rows else []


def point(name: str, one: dict[str, Any]) -> tuple[str, ...]:
    """Return a name, and the cells of `POINT`."""
    distance = f"{one['features']:.3f}" if "features" in one else "-"
    return name, f"{one['bpp']:.3f}", f"{one['psnr']:.2f}", f"{one['ms_ssim']:.3f}", distance


def exact_photographs(folder: Path) -> Lines:
    """Format the sizes of exact photographs."""
    result = read_result("photo_rates-photo-exact", folder)
    if not result or not result["lossless"]:
        return []
    found = result["lossless"]
    rows = [(name, f"{bits:.3f}") for name, bits in found.items() if name != "bound" and "seconds" not in name]
    count = result["lossless_pictures"]
    head = f"Exact photographs by `{result['model']}`, mean of {count} (-ELBO {found['bound']:.3f} bits a subpixel):"
    return [head, "", *table(("file", "bits a subpixel"), rows)]


def lossy_photographs(folder: Path) -> Lines:
    """BD-rates of photographs and graphics against AVIF, and the noise of skies."""
    rows = read_rows(folder / ROWS.name)
    if not rows:
        return []
    lines: Lines = []
    for kind, what in (("kodak", "12 of Kodak's photographs (validation)"), ("graphics", "8 drawn pictures")):
        head = (
            f"{what}, whole files: bytes more than AVIF's at speed 4 (the best of 4:2:0, 4:4:4 and downscaled by 2, 3,"
        )
        lines += [
            f"{head} 4) at equal quality, by judge and AVIF's rate in bits a pixel:",
            "",
            *bd_table(kind, rows),
            "",
        ]
    if skies := read_rows(folder / SKIES.name):
        head = "Standard deviation of a flat square of 64 pixels of four photographs, levels, at quality 50:"
        lines += [head, "", *sky_table(skies), ""]
    return lines[:-1]


def lossy_bits(folder: Path) -> Lines:
    """Bits of photographs against the bound that training minimises."""
    result = read_result("lossy_bound", folder)
    if not result:
        return []
    rows = []
    for quality, row in result["rows"].items():
        cells = [f"{row[key]:.4f}" for key in ("bound", "ideal", "payload", "file")]
        rows.append((quality, *cells, f"{row['payload'] / row['ideal']:.4f}", f"{row['payload'] / row['bound']:.4f}"))
    head = (
        f"Bits a pixel of `{result['model']}` at effort 1, mean of {result['pictures']} of Kodak's photographs: KL of "
        "latents with uniform noise (the bound that training minimises), ideal length of the rounded ones, and on disk:"
    )
    titles = ("quality", "KL", "ideal", "payload", "file", "payload / ideal", "payload / KL")
    return [head, "", *table(titles, rows)]


def texture(folder: Path) -> Lines:
    """Judges of photographs with texture at several temperatures."""
    result = read_result("lossy_texture", folder)
    if not result:
        return []
    rows = []
    for quality, heats in result["rows"].items():
        for heat, row in heats.items():
            rows.append((quality, heat, *(f"{row[key]:.{digits}f}" for key, digits in TEXTURE.items())))
    head = (
        f"Texture of `{result['model']}`, mean of {result['pictures']} of Kodak's photographs: distances of features, "
        "position by position and of their statistics in windows, are smaller where pictures are more alike:"
    )
    names = ("bits a pixel", "PSNR, dB", "MS-SSIM", "SSIMULACRA2", "features", "statistics of features")
    lines = [head, "", *table(("quality", "temperature", *names), rows)]
    return [*lines, "", f"![Original, base reconstruction, temperatures 1/2 and 1]({SHEETS}/texture.webp)"]


def lossy_memory(folder: Path) -> Lines:
    """Peaks of the commands under limits of memory."""
    result = read_result("lossy_memory", folder)
    if not result:
        return []
    limits = dict.fromkeys(limit for found in result["rows"].values() for limit in found)
    rows = []
    for limit in sorted(limits, key=parse_bytes):
        found = (result["rows"][step].get(limit, {}) for step in ("compress", "decompress"))
        rows.append(
            (limit, *(f"{one['peak_mib']} MiB" if "peak_mib" in one else one.get("refused", "") for one in found))
        )
    head = (
        f"Peak of the process under `--max-memory`, a photograph of {result['width']} x {result['height']} pixels, "
        f"{result['threads']} threads; the files are the same:"
    )
    return [head, "", *table(("limit", "vlae-compress", "vlae-decompress"), rows)]


def lossy_speed(folder: Path) -> Lines:
    """Time and memory of the photo family."""
    result = read_result("lossy_speed", folder)
    if not result:
        return []
    rows = []
    for size, row in result["rows"].items():
        cells = [f"{row[step][key]:g}" for step in ("compress", "decompress") for key in MEASURED]
        rows.append((size, *cells))
    titles = ["picture", *(f"{step}, {what}" for step in ("compress", "decompress") for what in MEASURED.values())]
    head = f"`{result['model']}` at quality {result['quality']}, one thread, libraries and model loaded before:"
    return [head, "", *table(titles, rows)]
