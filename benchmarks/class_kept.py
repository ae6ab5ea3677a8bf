"""How many digits keep their class through compression, by payload bits, code and effort.

Run as `python -m benchmarks.class_kept MODEL... --data FOLDER`, after `python -m benchmarks.classifier`. Each model
gets its own result; the figure shows every model measured so far.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmarks.classifier import classify
from benchmarks.digits import Digits, load_test
from benchmarks.figure import Curve, draw_figure
from benchmarks.kept import Setting, measure, row
from benchmarks.options import images_option, models_argument, open_model
from benchmarks.results import FOLDER, read_results, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.integer_model import IntegerModel

BITS = (8, 16, 24, 32, 40, 48)
EFFORT = 5
FIGURE = FOLDER / "class_kept.svg"


def settings(bits: tuple[int, ...], faithful: bool) -> list[Setting]:
    """The points of the curves: the chosen code, and the faithful one undialled and dialled."""
    points = [Setting("chosen", value, EFFORT) for value in (None, *bits)]
    if faithful:
        points += [Setting("faithful", value, EFFORT) for value in (None, *bits)]
    return points


def measure_model(model: IntegerModel, digits: Digits, points: list[Setting]) -> list[dict[str, Any]]:
    """One row a point, printed as they come."""
    rows = []
    for point in points:
        rows.append(row(model.name, point, measure(model, digits, point)))
        last = rows[-1]
        click.echo(
            f"{model.name} {point.code:8} effort {point.effort}: {last['payload_bits']:6.2f} bits,"
            f" {100 * last['class_kept']:5.1f} % kept ({100 * last['class_kept_other_seed']:.1f} % in another picture),"
            f" {100 * last['pixel_errors']:.1f} % of pixels wrong"
        )
    return rows


def curves(results: list[dict[str, Any]]) -> list[Curve]:
    """Class kept in percent by payload bits: a curve for each model and code, and a point for each model's default."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for result in results:
        for entry in result["rows"]:
            name = "default" if entry["code"] == "chosen" and entry["bits"] is None else entry["code"]
            points = found.setdefault((entry["model"], name), [])
            points.append((entry["payload_bits"], 100 * entry["class_kept"]))
    names = {"chosen": "", "faithful": ", faithful sample", "default": ", default (bits by the digit)"}
    return [
        Curve(model + names[name], tuple(sorted(points)), dashed=name == "faithful")
        for (model, name), points in found.items()
    ]


@click.command()
@models_argument
@data_option
@images_option(1000)
@click.option("--bits", type=click.IntRange(8, 56), multiple=True, default=BITS, show_default=True)
@click.option("--faithful/--no-faithful", default=True, show_default=True, help="Measure the faithful code, too.")
@click.option(
    "--efforts", type=click.IntRange(1, 9), multiple=True, default=(1, 3, 7), show_default=True, help="At quality 50."
)
@images_option(200, "--effort-images", "Test images for each of --efforts")
@exit_on_error
def main(
    models: tuple[str, ...],
    data: Path,
    images: int,
    bits: tuple[int, ...],
    faithful: bool,
    efforts: tuple[int, ...],
    effort_images: int,
) -> None:
    """Measure MODELS (names or folders)."""
    digits, fewer = load_test(data, images), load_test(data, effort_images)
    for name in models:
        model = open_model(name)
        result = {
            "model": model.name,
            "images": images,
            "class_of_originals": round(float((classify(digits.images) == digits.labels).mean()), 4),
            "rows": measure_model(model, digits, settings(bits, faithful)),
            "efforts": measure_model(
                model, fewer, [Setting("chosen", None, effort) for effort in sorted({*efforts, EFFORT})]
            )
            if efforts
            else [],
        }
        write_result(f"class_kept-{model.name}", result)
    drawn = curves(read_results("class_kept-"))
    FIGURE.write_text(draw_figure(drawn, "payload, bits an image", "class kept, %", "Digits that keep their class"))


if __name__ == "__main__":
    main()
