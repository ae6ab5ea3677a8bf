"""The photo model's measured figures as Markdown tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.gpu_photos import TEMPERATURE
from benchmarks.results import read_result
from benchmarks.tables import ZOO, Lines, table
from vlae_codec.families.windowed.codec import DEFAULT_QUALITY
from vlae_codec.families.windowed.store import INFO, WEIGHTS, read_photo_info
from vlae_codec.model.registry import OLDER

SHEETS = "../benchmarks/results/sheets"
POINT = ("bits a pixel", "PSNR, dB", "MS-SSIM", "feature distance")
SOME = ("40", "50", "70")
"""Qualities of the front page."""
SCALED = ("compress", "decompress", "preview")


def photo_releases(folder: Path) -> Lines:
    """The released models for pictures of any size."""
    rows = []
    for entry in sorted(ZOO.glob("*")):
        if (entry / INFO).is_file():
            info = read_photo_info(entry)
            size = f"{(entry / WEIGHTS).stat().st_size / 2**20:.2f}"
            rows.append((info["name"], info["description"], size, f"`{info['fingerprint'][:12]}`"))
    titles = ("name", "what", "MiB", "fingerprint")
    return ["Released models for pictures of any size:", "", *table(titles, rows)] if rows else []


def older_releases(folder: Path) -> Lines:
    """Released models of all kinds that others have superseded."""
    rows = []
    for path in sorted((*ZOO.glob(f"{OLDER}/*/model.json"), *ZOO.glob(f"{OLDER}/*/{INFO}"))):
        info = json.loads(path.read_text())
        rows.append((info["name"], info["description"], f"`{info['fingerprint'][:12]}`"))
    head = "Superseded models, in the package for the files that were made with them:"
    return [head, "", *table(("name", "what", "fingerprint"), rows)] if rows else []


def some_photographs(folder: Path) -> Lines:
    """`photographs` at a few qualities."""
    return photographs(folder, SOME)


def photographs(folder: Path, qualities: tuple[str, ...] = ()) -> Lines:
    """Rates and qualities of the photo model beside the rivals', and what exact pictures take.

    Args:
        folder: of the results.
        qualities: those wanted, by default all.
    """
    result = read_result("photo_rates", folder)
    if not result:
        return []
    rows = []
    for quality, mean in result["qualities"].items():
        if qualities and quality not in qualities:
            continue
        preview = {"bpp": mean["bpp"]} | {
            key.removeprefix("preview_"): value for key, value in mean.items() if key.startswith("preview_")
        }
        files = {f"{result['model']}, quality {quality}": mean, "the same file, --preview": preview}
        files |= {f"{name}, no more bytes or its least": rival for name, rival in mean["rivals"].items()}
        rows += [point(name, one) for name, one in files.items()]
    count = len(result["pictures"])
    head = f"Photographs by `{result['model']}`, mean of {count} of Kodak's (validation, not a test set), whole files:"
    at_once = f"on one core each of {result['jobs']} that work" if result["jobs"] > 1 else "on one core"
    lines = [head, "", *table(("file", *POINT), rows), ""]
    found = "; ".join(spent(one, result["qualities"][one]) for one in (f"{DEFAULT_QUALITY:g}", quality))
    lines += [f"Times to compress and to decompress one of 768x512 {at_once}, and payload over KL: {found}."]
    return lines + exact_photographs(result)


def spent(quality: str, mean: dict[str, Any]) -> str:
    """What files of a quality cost."""
    seconds = f"{mean['compress_seconds']:.1f} s and {mean['decompress_seconds']:.1f} s"
    return f"at quality {quality} {seconds}, {mean['over_kl']:.4f}"


def baseline_photographs(folder: Path) -> Lines:
    """The model beside a plain VAE that was trained in the same way."""
    ours, vae = (read_result(name, folder) for name in ("photo_rates", "photo_rates-photo-vae"))
    if not (ours and vae):
        return []
    head = "Photographs by `photo` and by a plain VAE, the same networks without a window, trained alike:"
    return [head, "", *table(("file", *POINT), points(ours) + points(vae))]


def points(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """Rate and quality of each of a model's own files."""
    return [point(f"{result['model']}, quality {quality}", one) for quality, one in result["qualities"].items()]


def point(name: str, one: dict[str, Any]) -> tuple[str, ...]:
    """A name, and the cells of `POINT`."""
    distance = f"{one['features']:.3f}" if "features" in one else "-"
    return name, f"{one['bpp']:.3f}", f"{one['psnr']:.2f}", f"{one['ms_ssim']:.3f}", distance


def exact_photographs(result: dict[str, Any]) -> Lines:
    """What exact photographs take."""
    found = result["lossless"]
    if not found:
        return []
    rows = [(name, f"{bits:.3f}") for name, bits in found.items() if name != "bound" and "seconds" not in name]
    count = result["lossless_pictures"]
    head = f"Exact photographs by `{result['model']}`, mean of {count} (-ELBO {found['bound']:.3f} bits a subpixel):"
    return ["", head, "", *table(("file", "bits a subpixel"), rows)]


def gpu_photographs(folder: Path) -> Lines:
    """Photographs on a GPU beside that machine's CPU: what differs, and how long both take."""
    result = read_result("gpu_photos", folder)
    if not result:
        return []
    rows = []
    for row in result["rows"]:
        what = f"`{row['model']}`, {'exact' if row['lossless'] else 'lossy'}, {row['width']}x{row['height']}"
        times = [row[f"{device}_{step}_seconds"] for step in ("compress", "decompress") for device in ("cpu", "cuda")]
        differ = (str(row["files_differ"]), str(row["pixels_differ"]))
        rows.append((what, *(f"{seconds:.2f}" for seconds in times), *differ))
    steps = ("compress, CPU, s", "GPU", "decompress, CPU, s", "GPU")
    head = f"A photograph on a GPU ({result['gpu']}) and on the CPU beside it, drawn at temperature {TEMPERATURE:g};"
    head += f" models by the names that they had at commit {result['metadata']['commit']}:"
    return [head, "", *table(("picture", *steps, "files that differ", "pixels that differ"), rows)]


def thumbnails(folder: Path) -> Lines:
    """Tiny pictures in 20 to 60 bytes, ours beside placeholders and a shrunken JPEG."""
    result = read_result("thumbnails", folder)
    if not result:
        return []
    rows = []
    for target, kinds in result["targets"].items():
        for name, one in kinds.items():
            whole = f" (file {one['file_bytes']:.1f})" if "file_bytes" in one else ""
            distance = f"{one['features']:.3f}" if "features" in one else "-"
            rows.append((f"{name}, {target}", f"{one['bytes']:.1f}{whole}", f"{one['psnr']:.2f}", distance))
    head = f"Thumbnails, first {result['images']} test pictures of CIFAR-10 (32x32), model `{result['model']}`:"
    note = "Bytes: our payload, the hashes, the scan of a JPEG with fixed tables; behind a name stands the aim."
    picture = f"![{', '.join(result['sheet_rows'])}]({SHEETS}/thumbnails.png)"
    titles = ("what", "bytes", "PSNR, dB", "feature distance")
    return [head, "", *table(titles, rows), "", note, "", picture]


def scaling(folder: Path) -> Lines:
    """Time and memory against pixels."""
    result = read_result("photo_scaling", folder)
    if not result:
        return []
    rows = []
    for size, row in result["rows"].items():
        cells = [cell for step in SCALED for cell in _scaled(row.get(step))]
        rows.append((f"{size} ({row['pixels'] / 1e6:.1f})", *cells))
    titles = ["picture (million pixels)"]
    titles += [f"{step}, {what}" for step in SCALED for what in ("seconds (of the processor)", "MiB")]
    head = f"Time and peak memory, model `{result['model']}`, a fresh process of one thread for each; - was not drawn:"
    return [head, "", *table(titles, rows)]


def _scaled(found: dict[str, float] | None) -> tuple[str, str]:
    if found is None:
        return "-", "-"
    return f"{found['seconds']:.1f} ({found['processor_seconds']:.1f})", f"{found['peak_mib']:.0f}"


def photo_sheets(folder: Path) -> Lines:
    """Photographs to look at, by rate and codec."""
    paths = sorted((folder / "sheets").glob("photo-*.jpg"))
    if not paths:
        return []
    head = "Photographs at 0.03 to 0.2 bits a pixel, half as large as they are; what a codec cannot do, it says:"
    return [head, *(line for path in paths for line in ("", f"![{path.stem}]({SHEETS}/{path.name})"))]
