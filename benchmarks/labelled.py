"""What a model with labels gains by them, and what its edits hold: the class that is asked for, and the style.

Run as `python -m benchmarks.labelled --data FOLDER` after `python -m benchmarks.classifier digits`. The judge is that
classifier, which is no part of any model. Each edit gives a test digit the class of another one. Style is measured on
the majority of several draws, so that the texture that each draw has of its own does not count, and within classes,
for a seven is more slanted than a zero. What other draws of the same file keep of it is the most that an edit can.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.classifier import classify
from benchmarks.digits import Labels, evenly
from benchmarks.judged import Judged, load_judged
from benchmarks.options import images_option, open_model
from benchmarks.results import FOLDER, write_result
from benchmarks.style import breadth, slant, thickness, within_class
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.families import registry
from vlae_codec.families.bilevel import codec, editing
from vlae_codec.families.registry import find_model
from vlae_codec.io.sheets import contact_sheet
from vlae_codec.io.writing import write_picture
from vlae_codec.latents.payload import decode, encode
from vlae_codec.latents.posterior import posterior_of, rates
from vlae_codec.model.info import ModelInfo
from vlae_codec.model.networks import IntegerModel
from vlae_models.data.sets import Images

SET = "mnist-dynamic"
STRENGTHS = (1.0, 0.75)
DRAWS = 5
"""Pictures whose majority is the picture without its texture."""
STYLES = {"slant": slant, "thickness": thickness, "breadth": breadth}
SHEET_ROWS = 8
SEED = 3


def bound(model: IntegerModel, images: Images, labels: Labels | None = None) -> dict[str, float]:
    """Return means of KL and -ELBO, bits; labels that are None are inferred where the model has them."""
    kl, neg_elbo = np.zeros(len(images)), np.zeros(len(images))
    groups = [(model, np.arange(len(images)))]
    if model.labels:
        known = model.likely_labels(images) if labels is None else labels
        groups = [(model.given(int(one)), np.flatnonzero(known == one)) for one in np.unique(known)]
    for one, own in groups:
        theory = rates(one, images[own], posterior_of(one, images[own]))
        kl[own], neg_elbo[own] = theory.kl, theory.neg_elbo
    return {"kl_bits": round(float(kl.mean()), 3), "neg_elbo_bits": round(float(neg_elbo.mean()), 3)}


def kept(model: IntegerModel, judged: Judged, bits: int, labels: Labels | None = None) -> float:
    """Return the share of digits that the judge reads as their class after codes of so many bits."""
    codes = encode(model, judged.images, bits=bits, labels=labels if model.labels else None)
    z = decode(model, [code.mode for code in codes], [code.payload for code in codes])
    return share(model.draw(z), judged, judged.labels)


def share(pictures: Images, judged: Judged, wanted: Labels) -> float:
    """Return the share of pictures that the judge reads as wanted."""
    return round(float((classify(pictures, judged) == wanted).mean()), 4)


def majority(model: IntegerModel, z: NDArray[np.int64], first: int = 0) -> Images:
    """Return what most of several draws of latents, from a seed on, have at each pixel, 0 and 1, (N, H, W)."""
    ink = np.sum([model.draw(z, first + number).astype(np.int64) for number in range(DRAWS)], axis=0)
    most: Images = (2 * ink > DRAWS).astype(np.uint8)
    return most


def held(
    model: IntegerModel, z: NDArray[np.int64], judged: Judged, wanted: Labels, before: Images, labels: Labels
) -> dict[str, float]:
    """Return how latents are read, and the correlations of their style, within classes, with pictures before."""
    after = majority(model, z, DRAWS)
    found = {"read": share(model.draw(z), judged, wanted), "read_other_seed": share(model.draw(z, 1), judged, wanted)}
    for name, style in STYLES.items():
        pair = np.corrcoef(within_class(style(before), labels), within_class(style(after), wanted))
        found[f"{name}_correlation"] = round(float(pair[0, 1]), 4)
    click.echo(found)
    return found


def edits(info: ModelInfo, judged: Judged, effort: int) -> dict[str, Any]:
    """Edit each digit to the class of another, and draw the prior under each class."""
    codes = coded(info, judged.images, effort)
    model, wanted = registry.load(info, IntegerModel), np.roll(judged.labels, 1)
    labels, z = np.array([editing.label_of(code) for code in codes]), editing.latents(codes)
    before, rows = majority(model, z), []
    for strength in STRENGTHS:
        pairs = zip(codes, wanted.tolist(), strict=True)
        edited = np.concatenate([editing.restyled([code], [code], [label], strength) for code, label in pairs])
        rows.append({"strength": strength, **held(model, edited, judged, wanted, before, labels)})
    drawn = codec.draw_prior(info, len(codes), seed=SEED)
    return {
        "images": len(codes),
        "payload_bits": round(float(np.mean([8 * len(code.payload) for code in codes])), 3),
        "label_inferred": round(float((labels == judged.labels).mean()), 4),
        "unedited": held(model, z, judged, judged.labels, before, labels),
        "samples_read": share(drawn, judged, np.arange(len(codes)) % model.labels),
        "strengths": rows,
    }


def coded(info: ModelInfo, images: Images, effort: int = 5) -> list[codec.OpenedFile]:
    """Return the codes of images, their labels inferred."""
    codes = encode(registry.load(info, IntegerModel), images, effort=effort)
    return [codec.OpenedFile(info, code.mode, code.payload) for code in codes]


def sheet(info: ModelInfo, images: Images) -> Images:
    """Return originals in the first column, and beside each what its code is under every label."""
    codes = coded(info, images)
    drawn = editing.draw(info, editing.restyled(codes, codes, editing.labels_of(info)))
    drawn = drawn.reshape(len(images), -1, *images.shape[1:])
    return np.concatenate([255 * images[:, None], drawn], axis=1).reshape(-1, *images.shape[1:])


@click.command()
@click.option("--model", default="mnist-label", show_default=True, help="The model with labels.")
@click.option(
    "--without", default="mnist-dynamic", show_default=True, help="The model without, which it is compared with."
)
@data_option
@images_option(1000)
@images_option(300, "--kept-images", "Test images for each of --bits")
@click.option("--bits", type=click.IntRange(8, 56), multiple=True, default=(16, 24), show_default=True)
@click.option("--effort", type=click.IntRange(1, 9), default=1, show_default=True, help="Of the codes that are edited.")
@exit_on_error
def main(
    model: str, without: str, data: Path, images: int, kept_images: int, bits: tuple[int, ...], effort: int
) -> None:
    """Measure the bound and the class kept with and without labels, and edits; draw the sheet."""
    info, plain = find_model(model), open_model(without)
    labelled = registry.load(info, IntegerModel)
    judged, fewer = load_judged(SET, data, images), load_judged(SET, data, kept_images)
    result: dict[str, Any] = {"model": labelled.name, "without": plain.name, "set": SET, "effort": effort}
    result["edits"] = edits(info, judged, effort)
    click.echo(result["edits"])
    cases = (("without", plain, None), ("inferred", labelled, None), ("known", labelled, "known"))
    result["rows"] = []
    for label, one, known in cases:
        row: dict[str, Any] = {"label": label, **bound(one, judged.images, judged.labels if known else None)}
        row["kept"] = {str(size): kept(one, fewer, size, fewer.labels if known else None) for size in bits}
        result["rows"].append(row)
        click.echo(row)
    result["kept_images"] = len(fewer.labels)
    write_result(f"labelled-{labelled.name}", result)
    chosen = judged.images[[int(np.flatnonzero(judged.labels == y)[0]) for y in evenly(SHEET_ROWS, 10)]]
    columns = labelled.labels + 1
    write_picture(FOLDER / "sheets" / f"{labelled.name}.png", contact_sheet([sheet(info, chosen)], columns))


if __name__ == "__main__":
    main()
