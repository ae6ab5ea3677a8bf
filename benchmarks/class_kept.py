"""How many images keep their class through compression, by payload bits, code and effort; and what their pixels cost.

Run as `python -m benchmarks.class_kept MODEL... --data FOLDER`, after `python -m benchmarks.classifier` has trained the
judge of each model's set. Each model gets its own result; the figures of a set show every model measured so far.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks.classifier import classify
from benchmarks.figure import Curve, Panel, draw_figure
from benchmarks.judged import MEASURES, Judged, load_judged
from benchmarks.kept import Setting, ceiling, measure, row
from benchmarks.options import images_option, models_argument, open_model, set_of
from benchmarks.results import FOLDER, read_result, results_of, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.model.networks import IntegerModel

BITS = (8, 12, 16, 20, 24, 28, 32, 40, 48)
EFFORT = 5


def settings(bits: tuple[int, ...], samples: bool) -> list[Setting]:
    """Return the points of the curves: tree-search code, and relative entropy coding at exponent 1 and at others."""
    points = [Setting("search", value, EFFORT) for value in (None, *bits)]
    if samples:
        points += [Setting("sample", value, EFFORT) for value in (None, *bits)]
    return points


def measure_model(model: IntegerModel, judged: Judged, points: list[Setting]) -> list[dict[str, Any]]:
    """One row a point, printed as they come."""
    rows = []
    for point in points:
        rows.append(row(model.name, point, measure(model, judged, point)))
        last = rows[-1]
        click.echo(
            f"{model.name} {point.code:8} effort {point.effort}: {last['payload_bits']:6.2f} bits,"
            f" {100 * last['class_kept']:5.1f} % kept ({100 * last['class_kept_other_seed']:.1f} % in another picture),"
            f" {100 * last['pixel_errors']:.1f} % of pixels wrong"
        )
    return rows


def curves(results: list[dict[str, Any]], key: str = "class_kept", unit: float = 100) -> list[Curve]:
    """Return a measure by payload bits: a curve for each model and code, and a point for each model's default."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for result in results:
        for entry in result["rows"]:
            name = "default" if entry["code"] == "search" and entry["bits"] is None else entry["code"]
            points = found.setdefault((entry["model"], name), [])
            points.append((entry["payload_bits"], unit * entry[key]))
    names = {"search": "", "sample": ", relative entropy coding", "default": ", default (bits by the image)"}
    return [
        Curve(model + names[name], tuple(sorted(points)), dashed=name == "sample")
        for (model, name), points in found.items()
    ]


def efforts_before(result: dict[str, Any] | None) -> dict[str, Any]:
    """Return what efforts buy by an earlier result, and when that was measured."""
    if not result or not result["efforts"]:
        return {"efforts": []}
    when = result.get("efforts_measured") or {key: result["metadata"][key] for key in ("date", "commit", "cpu")}
    return {"efforts": result["efforts"], "efforts_measured": when}


def draw_set(kind: str) -> None:
    """Draw the figures of a set from all its results."""
    results = results_of("class_kept-", kind)
    for key, (title, unit, top) in MEASURES.items():
        panel = Panel(curves(results, key, unit), "payload, bits an image", title, f"{kind}: {title}", top)
        (FOLDER / f"{key}-{kind}.svg").write_text(draw_figure([panel]))


@click.command()
@models_argument
@data_option
@images_option(1000)
@click.option("--bits", type=click.IntRange(8, 56), multiple=True, default=BITS, show_default=True)
@click.option("--samples/--no-samples", default=True, show_default=True, help="Measure relative entropy coding, too.")
@click.option(
    "--efforts",
    type=click.IntRange(1, 9),
    multiple=True,
    help="Measure what these buy, too, at quality 50; else what was measured before stays.",
)
@images_option(200, "--effort-images", "Test images for each of --efforts")
@exit_on_error
def main(
    models: tuple[str, ...],
    data: Path,
    images: int,
    bits: tuple[int, ...],
    samples: bool,
    efforts: tuple[int, ...],
    effort_images: int,
) -> None:
    """Measure MODELS (names or folders)."""
    for name in models:
        model, kind = open_model(name), set_of(name)
        judged, fewer = load_judged(kind, data, images), load_judged(kind, data, effort_images)
        result = {
            "model": model.name,
            "set": kind,
            "judge": judged.judge,
            "images": len(judged.labels),
            "class_of_originals": round(float((classify(judged.images, judged) == judged.labels).mean()), 4),
            "ceiling": asdict(ceiling(model, judged)),
            "rows": measure_model(model, judged, settings(bits, samples)),
        }
        if efforts:
            points = [Setting("search", None, effort) for effort in sorted({*efforts, EFFORT})]
            result["efforts"] = measure_model(model, fewer, points)
        else:
            result |= efforts_before(read_result(f"class_kept-{model.name}"))
        write_result(f"class_kept-{model.name}", result)
        draw_set(kind)


if __name__ == "__main__":
    main()
