"""All sets side by side: for each its tables, figures and sheets, as far as they were measured."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.ablation_tables import ablations
from benchmarks.judged import JUDGES, MEASURES
from benchmarks.results import read_result, results_of
from benchmarks.tables import ROOT, Lines, lengths, likelihoods, lossless, meaning, percent, table

NOTES = {
    "mnist-static": "MNIST in the fixed binarisation of published tables.",
    "mnist-dynamic": "MNIST, drawn anew from its grey values each time in training; the test is one seeded draw.",
    "omniglot": "OMNIGLOT at 28x28 in our own split (drawers 16 to 20 are the test): **not comparable with published"
    " tables**, which use another resizing and other test images.",
    "caltech": "Caltech-101 silhouettes, 28x28, the original split; trained on the 4,100 training images alone.",
}
SHEETS = {"sheet": "Originals and what comes back", "path": "From one code to another", "draws": "One code, many draws"}


def set_sections(folder: Path) -> Lines:
    """Format a section for each set that was measured, the ablations, and the single bit."""
    lines: Lines = []
    for kind in JUDGES:
        tables = [part(folder, kind) for part in (likelihoods, sample_counts, lengths, meaning, lossless)]
        found = [part for part in [*tables, pictures(folder, kind)] if part]
        if any(tables):
            lines += [f"## {kind}", "", NOTES[kind], ""]
            lines += [line for part in found for line in [*part, ""]]
    for part in (ablations(folder), auto_choice(folder), single_bit(folder)):
        lines += [*part, ""] if part else []
    return lines[:-1]


def sample_counts(folder: Path, kind: str) -> Lines:
    """Format what more importance samples take off the NLL."""
    results = results_of("samples-", kind, folder)
    lines: Lines = []
    for result in results:
        lines += [
            f"The NLL of {result['model']} by more importance samples, on {result['images']:,} images:",
            "",
            *table(
                ("samples", "NLL, nats", "standard error", "above that of the last row", "standard error of that"),
                [
                    (
                        f"{row['samples']:,}",
                        f"{row['nll_nats']:.2f}",
                        f"{row['nll_standard_error']:.2f}",
                        f"{row['above_most']:.3f}",
                        f"{row['above_most_standard_error']:.3f}",
                    )
                    for row in result["rows"]
                ],
            ),
            "",
        ]
        if "estimate_nats" in result:
            lines += [
                f"That makes {result['estimate_nats']:.2f} nats (standard error"
                f" {result['estimate_standard_error']:.2f})"
                f" with {result['rows'][-1]['samples']:,} samples for the {result['estimate_images']:,} images above.",
                "",
            ]
    return lines[:-1]


def auto_choice(folder: Path) -> Lines:
    """Which images would find their own set's model by the length of their code."""
    result = read_result("auto_choice", folder)
    if not result:
        return []
    rows = [
        (row["set"], row["model"], f"{row['images']:,}", percent(row["own_by_kl"]), percent(row["own_by_neg_elbo"]))
        for row in result["rows"]
    ]
    head = "Images whose own model has the shortest code among the three: lossy (KL), and lossless (-ELBO)."
    titles = ("set", "its model", "images", "by KL", "by -ELBO")
    return ["## Why `-m auto` takes the digits' model only", "", head, "", *table(titles, rows)]


def pictures(folder: Path, kind: str) -> Lines:
    """Links to the set's figures and sheets, relative to docs/."""
    figures = [(f"{kind}: {title}", folder / f"{key}-{kind}.svg") for key, (title, _, _) in MEASURES.items()]
    figures += [(f"{kind}: {title}", folder / "sheets" / f"{kind}-{name}.png") for name, title in SHEETS.items()]
    lines = [f"![{title}]({os.path.relpath(path, ROOT / 'docs')})" for title, path in figures if path.exists()]
    return [line for one in lines for line in (one, "")][:-1]


def single_bit(folder: Path) -> Lines:
    """Format the findings of the demonstration of a single bit."""
    result = read_result("single_bit", folder)
    if not result:
        return []
    picture = os.path.relpath(folder / "single_bit.svg", ROOT / "docs")
    return [
        "## Autoencoding a single bit",
        "",
        f"Images of {result['pixels']} equal pixels, black or white: one bit each. With a decoder that reads the pixel"
        f" before, z carries {result['with_window_kl_bits']:.3f} bits; with one that does not,"
        f" {result['without_window_kl_bits']:.3f} bits. -ELBO is {result['with_window_neg_elbo_bits']:.3f} and"
        f" {result['without_window_neg_elbo_bits']:.3f} bits an image.",
        "",
        f"![KL during training]({picture})",
    ]
