"""The tables of the paper's ablations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.results import read_result
from benchmarks.tables import Lines, table

PRIORS = {
    "plain-gaussian": "Gaussian prior, Gaussian posterior",
    "plain-5x3": "autoregressive prior in four blocks (AF)",
    "plain-iaf": "the same flow in the posterior (IAF)",
}
WINDOWS = {
    "plain-4x2": "4x2",
    "plain-5x3": "5x3",
    "plain-7x4": "7x4",
    "plain-six-3x3": "six layers of 3x3",
    "plain-full": "all of the past",
}
TITLES = ("NLL, nats", "NLL over that of 5x3 with AF", "-ELBO, nats", "KL, nats", "active dimensions")


def ablations(folder: Path) -> Lines:
    """Format the table of what the prior, the flow's position and the window do to NLL and KL."""
    result = read_result("ablations", folder)
    if not result:
        return []
    rows = {row["recipe"]: row for row in result["rows"]}
    base = rows[result["base"]]
    head = (
        f"Very short trainings on {result['set']}, {base['updates']:,} updates of {base['batch']} images each, from"
        f" random weights, with the plain bound; NLL by {base['samples']} samples x {base['nll_images']:,} test images,"
        f" the same for all, -ELBO and KL of {base['images']:,}. They are far from converged: of KL and NLL only large"
        " differences mean something, and each row is a single run:"
    )
    prior = [(title, *figures(rows[name])) for name, title in PRIORS.items() if name in rows]
    window = [
        (title, rows[name]["window_pixels"], *figures(rows[name])) for name, title in WINDOWS.items() if name in rows
    ]
    return [
        "## The paper's ablations",
        "",
        head,
        "",
        *([*table(("z", *TITLES), prior), ""] if len(prior) > 1 else []),
        "The wider the decoder's window, the less is left for z to say:",
        "",
        *table(("window", "pixels in it", *TITLES), window),
    ]


def figures(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a run."""
    over, error = row["nll_over_base"], row["nll_over_base_standard_error"]
    return (
        f"{row['nll_nats']:.2f}",
        f"{over:+.2f} ({error:.2f})" if error else "-",
        f"{row['neg_elbo_nats']:.2f}",
        f"{row['kl_nats']:.2f}",
        str(row["active_dims"]),
    )
