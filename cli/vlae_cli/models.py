"""`vlae-models`: which models are installed, what they are, and whether they are whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import exit_on_error, json_option, version_option

if TYPE_CHECKING:
    from vlae_codec.families.installation import AnyInfo

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
    from vlae_codec.families import installation
    from vlae_codec.report import records

    models = installation.list_all_models()
    if as_json:
        click.echo(json.dumps([summary(info) for info in models], indent=2))
    else:
        rows = [["name", "fingerprint", "size", "-m auto", "from", "description"], *map(row, models)]
        click.echo(records.align(rows, left=len(rows[0])))
    for error in installation.damaged_folders():
        click.echo(f"note: {error}", err=True)


@main.command()
@click.argument("model")
@json_option
@exit_on_error
def show(model: str, as_json: bool) -> None:
    """Show what is known of MODEL: a name, a folder or a fingerprint."""
    from vlae_codec.families import installation
    from vlae_codec.families.store import PhotoInfo, read_photo_info
    from vlae_codec.model.networks import read_info

    info = installation.find_any_model(model)
    whole = read_photo_info(info.folder) if isinstance(info, PhotoInfo) else read_info(info.folder)
    tree = summary(info) | {key: value for key, value in whole.items() if key not in HIDDEN}
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
    from vlae_codec.families import installation

    chosen = [installation.find_any_model(name) for name in models] if models else installation.list_all_models()
    wrong = [] if models else [str(error) for error in installation.damaged_folders()]
    for found in map(installation.verify_model, chosen):
        name = f"{found.model.name} {found.model.fingerprint[:12]}"
        click.echo(f"{name}: {'damaged' if found.problem else 'whole'}")
        wrong += [found.problem] if found.problem else []
    if wrong:
        raise ModelError(f"{len(wrong)} of {len(chosen)} damaged: {wrong[0]}")


def row(info: AnyInfo) -> list[str]:
    """Return a model's line in the list."""
    tree = summary(info)
    size = f"{tree['width']} x {tree['height']}" if tree["width"] else "any"
    origin = "package" if info.shipped else "user"
    return [info.name, info.fingerprint[:12], size, "yes" if info.auto else "no", origin, info.description]


def summary(info: AnyInfo) -> dict[str, Any]:
    """Return a model for JSON; photo models take any size, their width and height are null."""
    return {
        "name": info.name,
        "fingerprint": info.fingerprint,
        "width": getattr(info, "width", None),
        "height": getattr(info, "height", None),
        "auto": info.auto,
        "shipped": info.shipped,
        "folder": str(info.folder),
        "description": info.description,
    }


if __name__ == "__main__":
    main()
