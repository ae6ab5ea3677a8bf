"""`vlae-models`: which models are installed, what they are, and whether they are whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import exit_on_error, json_option, version_option

if TYPE_CHECKING:
    from vlae_codec.model.info import ModelInfo

EPILOG = """\b
Examples:
  vlae-models list                     shipped models and your own
  vlae-models show mnist               one of them, by name, folder or fingerprint
  vlae-models install ./my-model       copy a model folder to your own
  vlae-models verify                   read all weights and check them

Files name their model by its fingerprint, so two models of one name live side by side. A model is data: nothing in its
folder is run.
"""


@click.group(epilog=EPILOG)
@version_option
def main() -> None:
    """List, show, install and verify models."""


@main.command("list")
@json_option
@exit_on_error
def list_(as_json: bool) -> None:
    """List the installed models."""
    from vlae_codec.families import registry
    from vlae_codec.report import records

    models = registry.list_models()
    if as_json:
        click.echo(json.dumps([summary(info) for info in models], indent=2))
    else:
        rows = [["name", "fingerprint", "size", "-m auto", "from", "description"], *map(row, models)]
        click.echo(records.align(rows, left=len(rows[0])))
    for error in registry.damaged_folders():
        click.echo(f"note: {error}", err=True)


@main.command()
@click.argument("model")
@json_option
@exit_on_error
def show(model: str, as_json: bool) -> None:
    """Show what is known of MODEL: a name, a folder or a fingerprint."""
    from vlae_codec.families import registry

    info = registry.find_model(model)
    whole = registry.read_tree(info.folder)
    tree = {key: value for key, value in whole.items() if key not in HIDDEN} | summary(info)
    if as_json:
        click.echo(json.dumps(tree, indent=2))
        return
    for key, value in tree.items():
        click.echo(f"{key:20}{value}")
    card = info.folder / "CARD.md"
    if card.is_file():
        click.echo(f"\n{card.read_text(encoding='utf-8').rstrip()}")


HIDDEN = ("shifts", "index_lengths", "block_shares")
"""Long tables of model.json."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exit_on_error
def install(folder: Path) -> None:
    """Copy the model in FOLDER to your own models, after verifying it."""
    from vlae_codec.families import installation

    info = installation.install_model(folder)
    click.echo(f"{info.name} {info.fingerprint[:12]} is installed in {info.folder}")


@main.command()
@click.argument("models", nargs=-1)
@exit_on_error
def verify(models: Sequence[str]) -> None:
    """Check the weights of MODELS, by default of all, against their fingerprints."""
    from vlae_codec.errors import ModelError
    from vlae_codec.families import installation, registry

    chosen = [registry.find_model(name) for name in models] if models else registry.list_models()
    wrong = [] if models else [str(error) for error in registry.damaged_folders()]
    for info in chosen:
        problem = installation.problem_of(info)
        click.echo(f"{info.name} {info.fingerprint[:12]}: {'damaged' if problem else 'whole'}")
        wrong += [problem] if problem else []
    if wrong:
        raise ModelError(f"{len(wrong)} of {len(chosen)} damaged: {wrong[0]}")


AUTO = {(True, True): "yes", (False, True): "lossless", (False, False): "no"}
"""Whether `-m auto` chooses a model, by what its folder says."""


def row(info: ModelInfo) -> list[str]:
    """Return a model's line in the list."""
    tree = summary(info)
    size = f"{tree['width']} x {tree['height']}" if tree["width"] else "any"
    origin = "package" if info.shipped else "user"
    return [info.name, info.fingerprint[:12], size, AUTO[info.auto, info.auto_lossless], origin, info.description]


def summary(info: ModelInfo) -> dict[str, Any]:
    """Return a model for JSON; width and height are null of models for pictures of any size."""
    return {
        "name": info.name,
        "fingerprint": info.fingerprint,
        "family": info.family,
        "width": info.width or None,
        "height": info.height or None,
        "auto": info.auto,
        "auto_lossless": info.auto_lossless,
        "shipped": info.shipped,
        "folder": str(info.folder),
        "description": info.description,
    }
