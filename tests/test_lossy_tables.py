"""BD-rates where a codec changes over to exact pixels: a step, not a slope that no file lies on."""

from benchmarks.lossy.bd_rate import bd_rate
from benchmarks.lossy.chart import RATES, chart, means, panel
from benchmarks.lossy.tables import AVIF, points

BAND = (0.01, 10.0)


def row(codec: str, size: int, psnr: float) -> dict[str, str]:
    """Return a row of a picture of 800 pixels."""
    return {"codec": codec, "set": "kodak", "picture": "a", "pixels": "800", "bytes": str(size), "psnr": str(psnr)}


def test_exact_pixels_cost_what_they_cost_at_every_quality() -> None:
    rows = [row("theirs", size, psnr) for size, psnr in ((10, 30.0), (20, 40.0), (40, 50.0))]
    rows += [row("ours", 20, 138.0), row("ours", 20, 138.0)]
    ours, theirs = (points(rows, [codec], "kodak", "psnr")["a"] for codec in ("ours", "theirs"))
    found = bd_rate(ours, theirs, BAND)
    assert found is not None and abs(found) < 0.01  # twice their bytes at 30 dB, half at 50


def test_between_a_lossy_file_and_exact_pixels_there_is_nothing() -> None:
    rows = [row("theirs", 10, 30.0), row("theirs", 20, 40.0)]
    rows += [row("ours", 10, 30.0), row("ours", 40, 138.0)]
    ours, theirs = (points(rows, [codec], "kodak", "psnr")["a"] for codec in ("ours", "theirs"))
    found = bd_rate(ours, theirs, BAND)
    assert found is not None and 1.5 < found < 2.2  # 40 bytes for all beyond 30 dB, where they need 10 to 20


def test_the_chart_has_means_of_a_setting_and_the_best_variants() -> None:
    rows = [row("avif", size, psnr) | {"setting": "2", "ssimulacra2": "1"} for size, psnr in ((10, 30.0), (30, 40.0))]
    rows += [row("avif-444", 25, 34.0) | {"setting": "2", "ssimulacra2": "1"}]  # more bytes for less
    rows += [row("photo", 400, 50.0) | {"setting": "2", "ssimulacra2": "1"}]
    assert means(rows, AVIF, "psnr") == [(0.2, 35.0)]
    assert [curve.name for curve in panel(rows, "psnr").curves] == ["AVIF"]  # the other one lies beyond the axis
    assert RATES[-1] < 4 and "AVIF" in chart(rows)
