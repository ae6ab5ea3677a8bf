"""The photo model's measured figures as Markdown tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.results import read_result
from benchmarks.tables import ZOO, Lines, table
from vlae_codec.photo.store import INFO, WEIGHTS, read_photo_info
from vlae_codec.registry import OLDER


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


def photographs(folder: Path) -> Lines:
    """Rates and qualities of the photo model beside the rivals', and what exact pictures take."""
    result = read_result("photo_rates", folder)
    if not result:
        return []
    rows = []
    for quality, mean in result["qualities"].items():
        preview = {"bpp": mean["bpp"], "psnr": mean["preview_psnr"], "ms_ssim": mean["preview_ms_ssim"]}
        files = {f"photo, quality {quality}": mean, "the same file, --preview": preview}
        files |= {f"{name}, no more bytes or its least": rival for name, rival in mean["rivals"].items()}
        for name, one in files.items():
            rows.append((name, f"{one['bpp']:.3f}", f"{one['psnr']:.2f}", f"{one['ms_ssim']:.3f}"))
    head = f"Photographs, mean of {len(result['pictures'])} of Kodak's (validation, not a test set), whole files:"
    titles = ("file", "bits a pixel", "PSNR, dB", "MS-SSIM")
    main = result["qualities"]["80"]
    times = f"{main['compress_seconds']:.1f} s to compress and {main['decompress_seconds']:.1f} s to decompress one"
    at_once = f"on one core each of {result['jobs']} that work" if result["jobs"] > 1 else "on one core"
    lines = [head, "", *table(titles, rows), ""]
    lines += [f"At quality 80: {times} of 768x512 {at_once}; the payload is {main['over_kl']:.4f} times its KL."]
    return lines + exact_photographs(result)


def exact_photographs(result: dict[str, Any]) -> Lines:
    """What exact photographs take."""
    found = result["lossless"]
    if not found:
        return []
    rows = [(name, f"{found[name]:.3f}") for name in ("ours", "PNG", "WEBP")]
    head = f"Exact photographs, mean of {result['lossless_pictures']} (-ELBO {found['bound']:.3f} bits a subpixel):"
    return ["", head, "", *table(("file", "bits a subpixel"), rows)]
