"""Writes the measured figures into README.md and models/README.md, between the markers, so that nobody types a number.

Run as `python -m benchmarks.render`; `--check` only says whether the pages are current. A measurement that was not
made leaves its table out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.results import FOLDER, read_result, read_results
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError
from vlae_codec.integer_model import read_info

ROOT = Path(__file__).resolve().parents[1]
ZOO = ROOT / "models" / "vlae_models" / "zoo"
BEGIN, END = "<!-- results -->", "<!-- /results -->"
CODES = {"chosen": "chosen code", "faithful": "faithful sample"}
NOTHING = ["The figures are not measured yet."]

Lines = list[str]
Section = Callable[[Path], Lines]


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> Lines:
    """A Markdown table whose first column is text and whose others are numbers; a number goes in as text."""
    line = "| {} |".format
    body = [line(" | ".join(str(cell) for cell in row)) for row in rows]
    return [line(" | ".join(titles)), "|---|" + "---:|" * (len(titles) - 1), *body]


def percent(share: float) -> str:
    """A share of 1 in percent."""
    return f"{100 * share:.1f} %"


def number(result: dict[str, Any], key: str, places: int = 2) -> str:
    """A figure, or a dash where a model has no such thing."""
    value = result.get(key)
    return "-" if value is None else f"{value:.{places}f}"


def likelihoods(folder: Path) -> Lines:
    """NLL, -ELBO and KL of every evaluated model."""
    results = read_results("evaluate-", folder)
    if not results:
        return []
    rows = [
        (
            result["model"],
            number(result, "nll_nats"),
            number(result, "nll_standard_error"),
            f"{result['samples']} x {result.get('nll_images', result['images']):,}",
            number(result, "neg_elbo_nats"),
            number(result, "kl_bits"),
            number(result, "bits_per_pixel", 4),
            number(result, "active_dims", 0),
        )
        for result in results
    ]
    head = f"Likelihood, {results[0]['images']:,} test digits ({results[0]['set']}):"
    titles = (
        "model",
        "NLL, nats",
        "standard error",
        "samples x digits",
        "-ELBO, nats",
        "KL, bits",
        "NLL, bits/pixel",
        "active dimensions",
    )
    by_model = {result["model"]: result for result in results}
    lines = [head, "", *table(titles, rows)]
    if {"mnist", "mnist-vae"} <= by_model.keys():
        ratio = by_model["mnist"]["kl_bits"] / by_model["mnist-vae"]["kl_bits"]
        lines += ["", f"The VLAE's KL is {ratio:.2f} times the VAE's."]
    return lines


def lengths(folder: Path) -> Lines:
    """Bits spent against KL."""
    results = read_results("rates-", folder)
    rows = [
        (
            f"{result['model']}, {CODES[code['code']]}, effort {code['effort']}",
            f"{code['images']:,}",
            f"{code['kl_bits']:.2f}",
            f"{code['payload_bits']:.2f}",
            f"{code['over_kl_bits']:+.2f}",
            f"{code['file_bytes']:.2f}",
            code["beyond_payload_bytes"],
        )
        for result in results
        for code in result["codes"]
    ]
    titles = ("model and code", "digits", "KL, bits", "payload, bits", "over KL", "file, bytes", "of them around it")
    return ["Bits spent, mean of a digit:", "", *table(titles, rows)] if rows else []


def meaning(folder: Path) -> Lines:
    """Class kept by bits."""
    results = read_results("class_kept-", folder)
    classifier = read_result("classifier", folder)
    if not results or not classifier:
        return []
    rows = [
        (
            f"{entry['model']}, {CODES[entry['code']]}{'' if entry['bits'] else ', default'}",
            f"{entry['payload_bits']:.1f}",
            percent(entry["class_kept"]),
            percent(entry["class_kept_other_seed"]),
            percent(entry["pixel_errors"]),
        )
        for result in results
        for entry in result["rows"]
    ]
    count, effort = results[0]["images"], results[0]["rows"][0]["effort"]
    head = (
        f"Digits that keep their class, of {count:,} test digits at effort {effort}, by a classifier that reads"
        f" {100 * classifier['right']:.2f} % of the {classifier['images']:,} originals (seed 0 is the picture that the"
        " compressor looked at, seed 1 another one of the same file):"
    )
    titles = ("model and code", "payload, bits", "class kept", "with seed 1", "pixels wrong")
    lines = [head, "", *table(titles, rows)]
    if (folder / "class_kept.svg").exists():
        lines += ["", "![Class kept by payload bits](benchmarks/results/class_kept.svg)"]
    return lines


def efforts(folder: Path) -> Lines:
    """What effort buys."""
    rows = [
        (
            f"{entry['model']}, effort {entry['effort']}",
            f"{entry['payload_bits']:.1f}",
            f"{entry['images']:,}",
            percent(entry["class_kept"]),
            percent(entry["class_kept_other_seed"]),
            f"{entry['encode_seconds']:.2f}",
        )
        for result in read_results("class_kept-", folder)
        for entry in result["efforts"]
    ]
    titles = ("model and effort", "payload, bits", "digits", "class kept", "with seed 1", "seconds a digit")
    return ["What effort buys (chosen code):", "", *table(titles, rows)] if rows else []


def windows(folder: Path) -> Lines:
    """The sweep of windows."""
    result = read_result("window_sweep", folder)
    if not result:
        return []
    rows = [
        (
            row["recipe"],
            f"{row['minutes']:.0f}",
            f"{row['updates']:,}",
            f"{row['valid_neg_elbo_nats']:.2f}",
            f"{row['test_kl_bits']:.2f}",
            percent(row["class_kept"]),
            percent(row["class_kept_other_seed"]),
        )
        for row in result["rows"]
    ]
    first = result["rows"][0]
    head = f"Choice of window, short trainings; class kept of {first['images']} test digits at {first['bits']} bits:"
    titles = ("recipe", "minutes", "updates", "valid -ELBO, nats", "KL, bits", "class kept", "with seed 1")
    return [head, "", *table(titles, rows)]


def speed(folder: Path) -> Lines:
    """Wall time of the commands."""
    result = read_result("command_speed", folder)
    if not result:
        return []
    one = result["one"]
    rows = [("one digit, seconds a process", f"{one['compress_seconds']:.2f}", f"{one['decompress_seconds']:.2f}")]
    for batch in result["many"]:
        title = f"{batch['images']:,} digits in one process, effort {batch['effort']}, digits/s"
        there, back = (f"{batch[f'{name}_images_per_second']:.1f}" for name in ("compress", "decompress"))
        rows.append((title, there, back))
    about = result["metadata"]
    head = f"Speed of the commands, whole processes, {about['cores']} cores of {about['cpu']}, without torch:"
    return [head, "", *table(("", "vlae-compress", "vlae-decompress"), rows)]


def decoding(folder: Path) -> Lines:
    """Time from z to pixels, by order and backend."""
    result = read_result("decoding_speed", folder)
    if not result:
        return []
    rows = [
        (
            name if entry["share"] == 1 else f"{name} (scaled from {percent(entry['share'])} of it)",
            f"{entry['seconds']:.3g}",
            f"{entry['over_floor']:.3g}",
            percent(entry["network_share"]) if "network_share" in entry else "",
        )
        for name, entry in result["rows"].items()
    ]
    about = result["metadata"]
    head = (
        f"Drawing from z to pixels, {about['cores']} cores of {about['cpu']}. Digits: the shipped model."
        " Photographs: RGB, a 7x4 window, a net of 96 channels of random integers. The floor is the multiplications at"
        " this machine's rate of float64 products:"
    )
    titles = ("what", "seconds", "over the floor", "in the networks")
    return [head, "", *table(titles, rows)]


def backends(folder: Path) -> Lines:
    """Differences between numpy and torch."""
    rows = [
        (
            f"{result['model']}, numpy against {'torch' if result['other'] == 'torch' else result['gpu']}",
            f"{result['images']:,}",
            result["differences"]["files"] + result["differences"]["faithful_files"],
            result["differences"]["pixels"] + result["differences"]["faithful_pixels"],
            result["differences"]["posterior"] + result["differences"]["prior"],
        )
        for result in read_results("backends-", folder)
    ]
    titles = ("model and backends", "digits", "files that differ", "pixels that differ", "network outputs that differ")
    return ["Same bits everywhere:", "", *table(titles, rows)] if rows else []


def lossless(folder: Path) -> Lines:
    """What exact images cost: archives, single files, and other coders on the same digits."""
    rows: list[tuple[object, ...]] = []
    for result in read_results("lossless-", folder):
        if archive := result.get("archive"):
            bits, bound = archive["written_bits"], archive["neg_elbo_bits"]
            title = f"{result['model']}, archive of {archive['images']:,} digits (-ELBO {bound:.2f})"
            rows.append((title, "", f"{bits:.2f}", f"{archive['bits_per_pixel']:.4f}"))
        for single in result.get("single", []):
            excess = f"payload {single['over_neg_elbo_bits']:+.2f} over -ELBO"
            title = f"{result['model']}, {single['images']:,} single files, effort {single['effort']} ({excess})"
            rows.append((title, f"{8 * single['file_bytes']:.1f}", "", ""))
        for name, peer in result.get("peers", {}).items():
            together = peer.get("mosaic", peer.get("packed"))
            if together:
                rows.append((name, peer["file"], f"{together:.2f}", f"{together / 784:.4f}"))
    titles = ("lossless, bits a digit", "one file each", "all in one file", "that in bits/pixel")
    return ["Exact digits of the static test set, file bits a digit:", "", *table(titles, rows)] if rows else []


def releases(folder: Path) -> Lines:
    """The released models' folders, with the size of their weights."""
    infos = [(entry, read_info(entry)) for entry in sorted(ZOO.glob("*")) if (entry / "model.json").is_file()]
    rows = [
        (
            info["name"],
            info["description"],
            f"`{info['fingerprint'][:12]}`",
            f"{(entry / 'weights.npz').stat().st_size / 2**20:.2f}",
        )
        for entry, info in infos
    ]
    return ["Released models:", "", *table(("name", "what", "fingerprint", "MiB"), rows)] if rows else []


PAGES: dict[str, tuple[Section, ...]] = {
    "README.md": (meaning, lengths, likelihoods, lossless, speed, backends),
    "models/README.md": (releases, likelihoods, lengths, efforts, windows, lossless, decoding),
}


def body(sections: Sequence[Section], folder: Path) -> Lines:
    """The sections that have figures, an empty line between them."""
    found = [lines for section in sections if (lines := section(folder))]
    return [line for lines in found for line in [*lines, ""]][:-1] or NOTHING


def put(text: str, lines: Lines, name: str) -> str:
    """The page with these lines between its markers.

    Raises:
        VlaeError: the page does not have each marker once.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise VlaeError(f"{name}: needs {BEGIN} and, behind it, {END} once each, to know where the figures go")
    before, rest = text.split(BEGIN)
    return "\n".join([before + BEGIN, *lines, END]) + rest.split(END)[1]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if a page is not current.")
@exit_on_error
def main(check: bool) -> None:
    """Render benchmarks/results into the pages."""
    stale = []
    for name, sections in PAGES.items():
        page = ROOT / name
        if not page.exists():
            click.echo(f"{name}: not there")
            continue
        text = page.read_text()
        rendered = put(text, body(sections, FOLDER), name)
        if rendered != text:
            stale.append(name)
            if not check:
                page.write_text(rendered)
    click.echo(f"{'stale' if check else 'rewritten'}: {', '.join(stale) or 'none'}")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
