"""The measured figures as Markdown tables, one function each; a measurement that was not made leaves its table out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.judged import JUDGES
from benchmarks.results import read_result, read_results, results_of
from vlae_codec.families.registry import read_tree
from vlae_models.recipe import BILEVEL, read_recipe

ROOT = Path(__file__).resolve().parents[1]
ZOO = ROOT / "models" / "vlae_models" / "zoo"
STATIC = "mnist-static"
CODES = {"search": "tree search", "sample": "relative entropy coding"}

KEPT = {
    "digits": "Digits that keep their class",
    "characters": "Characters that keep their class among twenty of their alphabet",
    "silhouettes": "Silhouettes that keep their class",
}

Lines = list[str]
Section = Callable[[Path], Lines]


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> Lines:
    """Format a Markdown table whose first column is text and whose others are numbers; a number goes in as text."""
    line = "| {} |".format
    body = [line(" | ".join(str(cell) for cell in row)) for row in rows]
    return [line(" | ".join(titles)), "|---|" + "---:|" * (len(titles) - 1), *body]


def percent(share: float) -> str:
    """Format a share of 1 in percent."""
    return f"{100 * share:.1f} %"


def number(result: dict[str, Any], key: str, places: int = 2) -> str:
    """Format a figure, or a dash where a model has none."""
    value = result.get(key)
    return "-" if value is None else f"{value:.{places}f}"


def likelihoods(folder: Path, kind: str = STATIC) -> Lines:
    """NLL, -ELBO and KL of every model evaluated on a set."""
    results = results_of("evaluate-", kind, folder)
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
            f"{result['images']:,}",
            number(result, "bits_per_pixel", 4),
            number(result, "active_dims", 0),
        )
        for result in results
    ]
    head = f"Likelihood of test images ({kind}):"
    titles = (
        "model",
        "NLL, nats",
        "standard error",
        "samples x images",
        "-ELBO, nats",
        "KL, bits",
        "of images",
        "NLL, bits/pixel",
        "active dimensions",
    )
    return [head, "", *table(titles, rows), *comparison(results)]


def comparison(results: Sequence[dict[str, Any]]) -> Lines:
    """Format the VLAE's KL over the VAE's, and its NLL below those of the VAE and the local decoder alone."""
    best = {result["model"]: result for result in sorted(results, key=lambda result: result.get("nll_images", 0))}
    name = min(best, key=len)
    vae, local = best.get(f"{name}-vae"), best.get(f"{name}-local")
    if not vae:
        return []
    below = [
        f"{other['nll_nats'] - best[name]['nll_nats']:.2f} nats below that of the {title}"
        for title, other in (("VAE", vae), ("decoder without latents", local))
        if other
    ]
    ratio = best[name]["kl_bits"] / vae["kl_bits"]
    return ["", f"The VLAE's KL is {ratio:.2f} times the VAE's; its NLL is {' and '.join(below)}."]


def lengths(folder: Path, kind: str = STATIC) -> Lines:
    """Bits spent against KL."""
    results = results_of("rates-", kind, folder)
    rows = [
        (
            f"{result['model']}, {CODES[code['code']]}, effort {code['effort']}",
            f"{code['images']:,}",
            f"{code['kl_bits']:.2f}",
            f"{code['payload_bits']:.2f}",
            f"{code['over_kl_bits']:+.2f}",
            f"+{code['floor_over_kl_bits']:.2f}" if "floor_over_kl_bits" in code else "-",
            f"{code['file_bytes']:.2f}",
            code["beyond_payload_bytes"],
        )
        for result in results
        for code in result["codes"]
    ]
    titles = (
        "model and code",
        "images",
        "KL, bits",
        "payload, bits",
        "over KL",
        "floor of one group",
        "file, bytes",
        "of them around it",
    )
    return ["Bits spent, mean of an image:", "", *table(titles, rows)] if rows else []


def meaning(folder: Path, kind: str = STATIC) -> Lines:
    """Class kept by bits."""
    results = results_of("class_kept-", kind, folder)
    classifier = read_result(f"classifier-{JUDGES[kind]}", folder)
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
        f"{KEPT[JUDGES[kind]]}, of {count:,} test images at effort {effort}, by a classifier that reads"
        f" {100 * classifier['right']:.2f} % of the {classifier['images']:,} originals (seed 0 is the picture that the"
        " compressor looked at, seed 1 another one of the same file):"
    )
    titles = ("model and code", "payload, bits", "class kept", "with seed 1", "pixels wrong")
    return [head, "", *table(titles, rows)]


def ceilings(folder: Path, kind: str = STATIC) -> Lines:
    """Class kept by what is not coded."""
    rows = [
        (
            result["model"],
            f"{entry['kl_bits']:.1f}",
            percent(entry["class_kept"]),
            percent(entry["class_kept_best"]),
            f"{entry['distortion_bits']:.1f}",
        )
        for result in results_of("class_kept-", kind, folder)
        if (entry := result.get("ceiling"))
    ]
    titles = ("model", "KL, bits", "class kept", "in the best of 16", "-log p(x\\|z), bits")
    head = "The same of z at the mean of the posterior, uncoded, in any drawing and in the best of 16 of each image:"
    return [head, "", *table(titles, rows)] if rows else []


def kept_figure(folder: Path) -> Lines:
    """Return the figure of class kept by bits, relative to docs/."""
    there = (folder / f"class_kept-{STATIC}.svg").exists()
    return [f"![Class kept by payload bits](../benchmarks/results/class_kept-{STATIC}.svg)"] if there else []


def efforts(folder: Path) -> Lines:
    """Format what effort gains."""
    rows = [
        (
            f"{entry['model']}, effort {entry['effort']}",
            f"{entry['payload_bits']:.1f}",
            f"{entry['images']:,}",
            percent(entry["class_kept"]),
            percent(entry["class_kept_other_seed"]),
            f"{entry['encode_seconds']:.2f}",
        )
        for result in results_of("class_kept-", STATIC, folder)
        for entry in result["efforts"]
    ]
    titles = ("model and effort", "payload, bits", "digits", "class kept", "with seed 1", "seconds a digit")
    return ["What effort buys (tree search):", "", *table(titles, rows)] if rows else []


def windows(folder: Path) -> Lines:
    """Format the sweep of windows."""
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
    titles = {"many": "{:,} digits in one process", "archive": "an archive of {:,} digits, from and to an array"}
    for part, many in titles.items():
        for batch in result.get(part, ()):
            title = f"{many.format(batch['images'])}, effort {batch['effort']}, digits/s"
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


def gpu_decoding(folder: Path) -> Lines:
    """Format the same on a GPU, by captured steps, beside that machine's CPU."""
    result = read_result("decoding_speed-gpu", folder)
    if not result:
        return []
    seconds = {name: entry["seconds"] for name, entry in result["rows"].items()}
    rows = []
    for name, taken in seconds.items():
        what, backend, _ = name.rsplit(", ", 2)
        if backend == "cuda":
            ours = seconds[f"{what}, numpy, wavefront"]
            rows.append((what, f"{ours:.3g}", f"{taken:.3g}", f"{ours / taken:.1f}"))
    about = result["metadata"]
    head = f"The same pixels on one {result['gpu']} beside numpy on {about['cores']} cores of {about['cpu']}, seconds:"
    return [head, "", *table(("what", "numpy", "GPU", "times as fast"), rows)]


def backends(folder: Path) -> Lines:
    """Differences between numpy and torch."""
    rows = [
        (
            f"{result['model']}, numpy against {'torch' if result['other'] == 'torch' else result['gpu']}",
            f"{result['images']:,}",
            result["differences"]["files"] + result["differences"]["sample_files"],
            result["differences"]["pixels"] + result["differences"]["sample_pixels"],
            result["differences"]["posterior"] + result["differences"]["prior"],
        )
        for result in results_of("backends-", STATIC, folder)
    ]
    titles = ("model and backends", "digits", "files that differ", "pixels that differ", "network outputs that differ")
    return ["Same bits everywhere:", "", *table(titles, rows)] if rows else []


def lossless(folder: Path, kind: str = STATIC) -> Lines:
    """Format the cost of exact images: archives, single files, and other coders on the same images."""
    rows: list[tuple[object, ...]] = []
    for result in results_of("lossless-", kind, folder):
        if archive := result.get("archive"):
            bits, bound = archive["written_bits"], archive["neg_elbo_bits"]
            title = f"{result['model']}, archive of {archive['images']:,} images (-ELBO {bound:.2f})"
            rows.append((title, "", f"{bits:.2f}", f"{archive['bits_per_pixel']:.4f}"))
        for single in result.get("single", []):
            excess = f"payload {single['over_neg_elbo_bits']:+.2f} over -ELBO"
            title = f"{result['model']}, {single['images']:,} single files, effort {single['effort']} ({excess})"
            rows.append((title, f"{8 * single['file_bytes']:.1f}", "", ""))
        for name, peer in result.get("peers", {}).items():
            together = peer.get("mosaic", peer.get("packed"))
            if together:
                rows.append((name, peer["file"], f"{together:.2f}", f"{together / 784:.4f}"))
    titles = ("lossless, bits an image", "one file each", "all in one file", "that in bits/pixel")
    return [f"Exact images of the test set of {kind}, file bits an image:", "", *table(titles, rows)] if rows else []


def releases(folder: Path) -> Lines:
    """Format the released models' folders with their set, sizes and measured figures."""
    rows = []
    for entry in sorted(ZOO.glob("*")):
        if not (entry / "model.json").is_file() or (info := read_tree(entry))["format"] != 1:
            continue
        worth = evaluation(entry.name, folder) or {}
        rates = read_result(f"rates-{entry.name}", folder)
        payload = f"{rates['codes'][0]['payload_bits']:.1f}" if rates else "-"
        size = f"{(entry / 'weights.npz').stat().st_size / 2**20:.2f}"
        figures = (number(worth, "kl_bits"), payload, number(worth, "nll_nats"))
        name, fingerprint = info["name"], f"`{info['fingerprint'][:12]}`"
        data = read_recipe(entry / "recipe.toml", BILEVEL).data
        rows.append((name, info["description"], data, *figures, size, fingerprint))
    titles = ("name", "what", "set", "KL, bits", "payload, bits", "NLL, nats", "MiB", "fingerprint")
    return ["Released models:", "", *table(titles, rows)] if rows else []


def evaluation(name: str, folder: Path) -> dict[str, Any] | None:
    """Return the evaluation of a model that took in most images."""
    results = [result for result in read_results(f"evaluate-{name}", folder) if result["model"] == name]
    return max(results, key=lambda result: result.get("nll_images", result["images"]), default=None)
