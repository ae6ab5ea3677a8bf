"""Tables of models with labels, from the results of `benchmarks.labelled`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.results import read_result
from benchmarks.tables import Lines, percent, table

NAME = "labelled-mnist-label"
STYLES = ("slant", "thickness", "breadth")
LABELS = {"without": "none", "inferred": "inferred, q(y\\|x)", "known": "the true one"}


def label_bounds(folder: Path) -> Lines:
    """Format the bound and the class kept, without labels and with them."""
    result = read_result(NAME, folder)
    if result is None:
        return []
    sizes = list(result["rows"][0]["kept"])
    rows = [
        (
            result["without"] if row["label"] == "without" else result["model"],
            LABELS[row["label"]],
            f"{row['kl_bits']:.2f}",
            f"{row['neg_elbo_bits']:.2f}",
            *(percent(row["kept"][size]) for size in sizes),
        )
        for row in result["rows"]
    ]
    titles = ("model", "label", "KL, bits", "-ELBO, bits", *(f"class kept at {size} bits" for size in sizes))
    images, kept = result["edits"]["images"], result["kept_images"]
    what = f"{images} test digits ({kept} for the class kept); the label counts as log2 10 bits:"
    return [what, "", *table(titles, rows)]


def label_edits(folder: Path) -> Lines:
    """Format what edits hold, by the strength of the style."""
    result = read_result(NAME, folder)
    if result is None:
        return []
    edits = result["edits"]
    rows = [
        (
            row.get("strength", "not edited"),
            percent(row["read"]),
            percent(row["read_other_seed"]),
            *(f"{row[f'{style}_correlation']:.2f}" for style in STYLES),
        )
        for row in [*edits["strengths"], edits["unedited"]]
    ]
    titles = ("strength", "read as wanted", "with another seed", *(f"{style}, correlation" for style in STYLES))
    what = (
        f"{edits['images']} test digits edited to another one's class, in codes of {edits['payload_bits']:.1f} bits,"
        f" and other draws of these codes; {percent(edits['samples_read'])} of the prior's pictures are read as their"
        f" label, and {percent(edits['label_inferred'])} of the labels are inferred right:"
    )
    return [what, "", *table(titles, rows)]
