"""Tables of the lossy benchmark: BD-rates against AVIF by judge and band of rates, and the noise of skies."""

from __future__ import annotations

from collections.abc import Sequence

from .bd_rate import Point, bd_rate
from .judges import JUDGES

BANDS = ((0.02, 0.1), (0.1, 0.3), (0.3, 0.85), (0.1, 0.8))
AVIF = ("avif", "avif-444", "avif-shrunk-2", "avif-shrunk-3", "avif-shrunk-4")
EXACT = 99.0
"""PSNR above which a picture is exact."""
WORST = -1e3
NAMES = {"psnr": "PSNR", "ms_ssim": "MS-SSIM", "ssimulacra2": "SSIMULACRA2"}
TITLES = {
    "photo": "`photo`",
    "auto": "`-m auto`",
    "search": "`photo`, effort 9",
    "unmasked": "`photo`, errors alike everywhere",
    "plain-rounding": "`photo`, effort 1",
    "first": "first generation",
    "avif": "AVIF 4:2:0",
    "jpeg-xl": "JPEG XL -e 7",
    "webp": "WebP -m 6",
    "jpeg": "JPEG",
}

Rows = Sequence[dict[str, str]]


def points(rows: Rows, codecs: Sequence[str], kind: str, judge: str) -> dict[str, list[Point]]:
    """Return the points of some codecs together, by picture."""
    found: dict[str, list[Point]] = {}
    exact: dict[str, float] = {}
    for row in rows:
        if row["codec"] in codecs and row["set"] == kind:
            rate, picture = 8 * float(row["bytes"]) / float(row["pixels"]), row["picture"]
            found.setdefault(picture, []).append(Point(rate, float(row[judge])))
            if float(row["psnr"]) > EXACT:
                exact[picture] = min(rate, exact.get(picture, rate))
    for picture, rate in exact.items():
        found[picture].append(step_before(found[picture], rate))
    return found


def step_before(known: Sequence[Point], rate: float) -> Point:
    """Return the point behind which the rate of exact pixels buys any quality: there is no lossy file in between."""
    below = [point.quality for point in known if point.rate < rate]
    return Point(rate * (1 - 1e-9), max(below) + 1e-6 if below else WORST)


def mean_bd(
    rows: Rows, ours: Sequence[str], theirs: Sequence[str], kind: str, judge: str, band: tuple[float, float]
) -> float | None:
    """Return the mean of the pictures' BD-rates."""
    one, other = (points(rows, codecs, kind, judge) for codecs in (ours, theirs))
    found = [value for picture in one if (value := bd_rate(one[picture], other[picture], band)) is not None]
    return sum(found) / len(found) if found else None


def percent(value: float | None) -> str:
    """Return a share as a table shows it."""
    return "-" if value is None else f"{100 * value:+.1f} %"


def bd_table(kind: str, rows: Rows) -> list[str]:
    """Return the table of BD-rates against the best of AVIF's variants at speed 4."""
    head = ["codec", *(f"{NAMES[judge]}, {low:g}-{high:g}" for judge in JUDGES for low, high in BANDS)]
    lines = [" | ".join(head), "---|" * (len(head) - 1) + "---"]
    for name, title in TITLES.items():
        if any(row["codec"] == name for row in rows):
            cells = [percent(mean_bd(rows, [name], AVIF, kind, judge, band)) for judge in JUDGES for band in BANDS]
            lines.append(" | ".join([title, *cells]))
    return [f"| {line} |" for line in lines]


def sky_table(rows: Rows) -> list[str]:
    """Return the table of the noise of flat squares."""
    lines = [" | ".join(rows[0]), "---|" * (len(rows[0]) - 1) + "---", *(" | ".join(row.values()) for row in rows)]
    return [f"| {line} |" for line in lines]
