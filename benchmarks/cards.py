"""Writes CARD.md of every released model from its recipe, its training log and its measured figures.

Run as `python -m benchmarks.cards` after `benchmarks.evaluate`; no number in a card is typed.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from benchmarks.cifar_tables import tiny_pictures
from benchmarks.label_tables import label_bounds, label_edits
from benchmarks.page_tables import two_levels
from benchmarks.photo_tables import exact_photographs, lossy_photographs
from benchmarks.results import FOLDER
from benchmarks.tables import ZOO, evaluation, table
from vlae_codec.families.registry import read_tree
from vlae_codec.model.folder import INFO, WEIGHTS, family_of
from vlae_models.page.config import PAGE
from vlae_models.photo.config import PHOTO
from vlae_models.recipe import BILEVEL, BilevelRecipe, read_recipe
from vlae_models.windowed.config import WINDOWED

USE = {
    "mnist": "Lossy compression of bilevel 28x28 drawings of single digits, bright ink on black.",
    "mnist-dynamic": "Study of the method on digits binarised anew, beside published tables; `mnist` for compression.",
    "mnist-fine": "Exact digits, and likelihood beside published tables; `mnist` for lossy compression.",
    "mnist-label": "Editing of coded digits (`vlae-edit`), and their compression with the class apart.",
    "omniglot": "Lossy compression of bilevel 28x28 drawings of single characters, bright ink on black.",
    "caltech": "Lossy compression of bilevel 28x28 silhouettes of objects, the object bright.",
}
PHOTOS, EXACT = "photos", "exact"
"""Of photographs: models of the photo family, and windowed ones."""
COLOUR_USE = {
    PHOTOS: "photographs and drawn pictures of any size; `-m auto` chooses it.",
    EXACT: "exact pixels of photographs; `-m auto` chooses it with `--lossless`.",
    "cifar10": "study of the method beside published tables; 32x32 pictures. `-m auto` does not choose it.",
}
COLOUR_DATA = {
    "photos": """BSDS500, an ImageNet sample and Unsplash, made smaller so that JPEG's artefacts vanish; the photo
family also has 71 larger photographs and drawn pictures (docs/training.md). Kodak's photographs are for validation:
training was watched and settings of the code were chosen on some of them, so figures on them are not a test set's.""",
    "cifar10": "the training images but for the last 1,000, 256 of which are for validation.",
}
BASELINE = "The baseline to compare with."
EXPLICIT = " `-m auto` does not choose it."


def card(folder: Path) -> str:
    """Format the card of a model folder."""
    info, recipe = read_tree(folder), read_recipe(folder / "recipe.toml", BILEVEL)
    with (folder / "training.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    result = evaluation(info["name"], FOLDER)
    size = (folder / "weights.npz").stat().st_size
    lines = [f"# {info['name']}", "", f"{info['description']}.", ""]
    lines += [f"- Fingerprint: `{info['fingerprint']}`", f"- Weights: {size:,} bytes of 16-bit integers"]
    explicit = "" if info.get("auto", True) else EXPLICIT
    lines += [f"- Intended use: {USE.get(info['name'], BASELINE)}{explicit}"]
    lines += ["- Not for: other pictures, or anything where a changed detail does harm. What it draws is plausible,"]
    lines += ["  not true: one thing can come back as another.", "", "## Data", ""]
    lines += [f"`{recipe.data}`: {images_of(recipe)}.", "", "## Training", ""]
    lines += [f"`vlae-train {recipe.name}`: {last['step']} of the recipe's {recipe.train.updates} updates, in"]
    lines += [f"{last['minutes']} minutes on {machine_of(last)}; more training may still help."]
    if recipe.train.init:
        lines += [f"It started from the weights of `{recipe.train.init}`."]
    else:
        lines += ["`docs/decisions.md` says which settings were changed while it ran."]
    lines += [f"Integers cost {info['integer_loss_nats']:.3f} nats an image against floats.", "", "## Figures", ""]
    labelled = [*label_bounds(FOLDER), "", *label_edits(FOLDER)] if info.get("labels") else []
    lines += figures(result) if result else labelled or ["Not measured yet."]
    lines += ["", "## Settings", "", "```toml", (folder / "recipe.toml").read_text().strip(), "```"]
    return "\n".join(lines) + "\n"


def photo_card(folder: Path) -> str:
    """Format the card of a photo model's folder."""
    info, path = read_tree(folder), folder / "recipe.toml"
    recipe = read_recipe(path, PHOTO) if info["format"] == 3 else read_recipe(path, WINDOWED)
    with (folder / "training.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    lines = [f"# {info['name']}", "", f"{info['description']}.", "", f"- Fingerprint: `{info['fingerprint']}`"]
    lines += [f"- Weights: {(folder / WEIGHTS).stat().st_size:,} bytes; of some large layers 8 bits, of others 16"]
    use = COLOUR_USE[PHOTOS if info["format"] == 3 else EXACT if recipe.data == "photos" else recipe.data]
    lines += [f"- Intended use: {use}", "- Not for: anything where a changed detail does harm:"]
    lines += ["  faces, text, medical or legal pictures. What it draws is plausible, not true.", "", "## Data", ""]
    lines += [f"`{recipe.data}`: {COLOUR_DATA[recipe.data]}", "", "## Training", ""]
    lines += [f"`vlae-train {recipe.name}`: {last['step']} of the recipe's {recipe.train.updates} updates, in"]
    lines += [f"{last['minutes']} minutes on {machine_of(last)}; far more training would help."]
    local = getattr(recipe.train, "init_local", "")
    if recipe.train.init or local:
        part = "all networks" if recipe.train.init else "the local decoder"
        lines += [f"It started, {part}, from the weights of `{recipe.train.init or local}`."]
    if restored := getattr(recipe.train, "restore", ""):
        lines += [f"It started from the integers of the model that was released before it, `{restored}`; layers of it"]
        lines += ["that had died started anew."]
    lines += ["`docs/decisions.md` says what was changed while it, or what it started from, was trained."]
    lines += [f"Integers cost {100 * info['integer_loss']:.3f} % of the bits against floats.", "", "## Figures", ""]
    measured = tiny_pictures(FOLDER)
    if recipe.data == "photos":
        measured = lossy_photographs(FOLDER) if info["format"] == 3 else exact_photographs(FOLDER)
    lines += measured or ["Not measured yet."]
    lines += ["", "Validation at the end of training:", ""]
    lines += table(("figure", "value"), list(last.items()))
    lines += ["", "## Settings", "", "```toml", (folder / "recipe.toml").read_text().strip(), "```"]
    return "\n".join(lines) + "\n"


def page_card(folder: Path) -> str:
    """Format the card of a page model's folder."""
    info, recipe = read_tree(folder), read_recipe(folder / "recipe.toml", PAGE)
    with (folder / "training.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    lines = [f"# {info['name']}", "", f"{info['description']}.", "", f"- Fingerprint: `{info['fingerprint']}`"]
    lines += [f"- Weights: {(folder / WEIGHTS).stat().st_size:,} bytes"]
    lines += [
        "- Intended use: scans, drawings, halftones and text of two levels; `-m auto` chooses it. Files are exact."
    ]
    lines += [
        "",
        "## Data",
        "",
        "Drawn pages of text, charts and maps in fonts of the machine, scans and halftones made of",
    ]
    lines += [
        "them and of the ImageNet sample, sheets of the training parts of MNIST, OMNIGLOT and the silhouettes.",
        "",
    ]
    lines += ["## Training", "", f"`vlae-train {recipe.name}`: {last['step']} updates in {last['minutes']} minutes on"]
    lines += [f"{machine_of(last)}; {last['bits_a_pixel']} bits for a pixel whose neighbourhood is not flat.", ""]
    lines += ["## Figures", "", *(two_levels(FOLDER) or ["Not measured yet."])]
    lines += ["", "## Settings", "", "```toml", (folder / "recipe.toml").read_text().strip(), "```"]
    return "\n".join(lines) + "\n"


def machine_of(last: dict[str, str]) -> str:
    """Where a model was trained, by the last row of its log; logs of before there was a GPU do not say it."""
    device = last.get("device", "cpu")
    return "one core of a shared CPU machine" if device == "cpu" else f"one {device}"


def images_of(recipe: BilevelRecipe) -> str:
    """Which images a model has seen."""
    drawn = f", drawn anew each time from the ink of `{recipe.train.ink}`" if recipe.train.ink else ""
    return f"the images of its train {'and valid parts' if recipe.train.use_valid else 'part'}{drawn}"


def figures(result: dict[str, Any]) -> list[str]:
    """Format the evaluation as a table."""
    places = {"images": 0, "nll_images": 0, "samples": 0, "active_dims": 0}
    rows = [
        (key.replace("_", " "), f"{value:,.{places.get(key, 3)}f}")
        for key, value in result.items()
        if isinstance(value, (int, float))
    ]
    machine = result["metadata"]
    when = f"Measured on {machine['date'][:10]} at commit {machine['commit']} ({machine['cpu']}), set {result['set']}."
    return [when, "", *table(("figure", "value"), rows)]


CARDS = {"bilevel": card, "page": page_card}


def main() -> None:
    """Write the cards."""
    for folder in sorted(path for path in ZOO.iterdir() if (path / INFO).exists()):
        write = CARDS.get(family_of(read_tree(folder)), photo_card)
        (folder / "CARD.md").write_text(write(folder))
        print(folder.name)


if __name__ == "__main__":
    main()
