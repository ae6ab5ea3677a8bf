"""`vlae-models`: which models are installed, what they are, and whether they are whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import exit_on_error, json_option, version_option

if TYPE_CHECKING:
    from vlae_codec.photo.store import PhotoInfo
    from vlae_codec.registry import ModelInfo

EPILOG = """\b
Examples:
  vlae-models list                     shipped models and your own
  vlae-models show mnist               one of them, by name, folder or fingerprint
  vlae-models install ./my-model       copy a model folder to your own
  vlae-models verify                   read all weights and check them

Files name their model by its fingerprint, so two models of one name live side by side. A model of the package that a
better one has superseded is listed as older: its files go on to decode, its name means the better one. A model is data:
nothing in its folder is run.
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
    from vlae_codec import registry, report
    from vlae_codec.photo.store import list_photo_models

    models, photos = registry.list_models(), list_photo_models()
    if as_json:
        trees = [summary(info) for info in models] + [summary(photo) for photo in photos]
        click.echo(json.dumps(trees, indent=2))
    else:
        rows = [["name", "fingerprint", "size", "-m auto", "from", "description"]]
        for info in models:
            rows.append(row(info, f"{info.width} x {info.height}"))
        rows += [row(photo, "any") for photo in photos]
        click.echo(report.align(rows, left=len(rows[0])))
    for error in registry.damaged_folders():
        click.echo(f"note: {error}", err=True)


def row(info: ModelInfo | PhotoInfo, size: str) -> list[str]:
    """A model in the list."""
    origin = "package, older" if info.older else "package" if info.shipped else "user"
    return [info.name, info.fingerprint[:12], size, "yes" if info.auto else "no", origin, info.description]


@main.command()
@click.argument("model")
@json_option
@exit_on_error
def show(model: str, as_json: bool) -> None:
    """Show what is known of MODEL: a name, a folder or a fingerprint."""
    from vlae_codec import registry
    from vlae_codec.integer_model import read_info
    from vlae_codec.photo.store import find_photo_model, read_photo_info

    if photo := find_photo_model(model):
        folder, info_tree, head = photo.folder, read_photo_info(photo.folder), summary(photo)
    else:
        info = registry.find_model(model)
        folder, info_tree, head = info.folder, read_info(info.folder), summary(info)
    tree = head | {key: value for key, value in info_tree.items() if key not in HIDDEN}
    if as_json:
        click.echo(json.dumps(tree, indent=2))
        return
    for key, value in tree.items():
        click.echo(f"{key:20}{value}")
    card = folder / "CARD.md"
    if card.is_file():
        click.echo(f"\n{card.read_text(encoding='utf-8').rstrip()}")


HIDDEN = ("shifts", "index_lengths", "block_shares")
"""Long tables of model.json."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exit_on_error
def install(folder: Path) -> None:
    """Copy the model in FOLDER to your own models, after verifying it."""
    from vlae_codec import model_store

    info = model_store.install_model(folder)
    click.echo(f"{info.name} {info.fingerprint[:12]} is installed in {info.folder}")


@main.command()
@click.argument("models", nargs=-1)
@exit_on_error
def verify(models: Sequence[str]) -> None:
    """Check the weights of MODELS, by default of all, against their fingerprints."""
    from vlae_codec import model_store, registry
    from vlae_codec.errors import ModelError
    from vlae_codec.photo.store import list_photo_models, load_photo_model

    photos = [photo for photo in list_photo_models() if not models or photo.name in models]
    others = [name for name in models if name not in {photo.name for photo in photos}]
    chosen = [registry.find_model(name) for name in others] if models else registry.list_models()
    wrong = [] if models else [str(error) for error in registry.damaged_folders()]
    for found in model_store.verify_models(chosen):
        name = f"{found.model.name} {found.model.fingerprint[:12]}"
        click.echo(f"{name}: {'damaged' if found.problem else 'whole'}")
        wrong += [found.problem] if found.problem else []
    for photo in photos:
        try:
            load_photo_model(photo)
            click.echo(f"{photo.name} {photo.fingerprint[:12]}: whole")
        except ModelError as error:
            click.echo(f"{photo.name} {photo.fingerprint[:12]}: damaged")
            wrong.append(str(error))
    if wrong:
        raise ModelError(f"{len(wrong)} of {len(chosen) + len(photos)} damaged: {wrong[0]}")


def summary(info: ModelInfo | PhotoInfo) -> dict[str, Any]:
    """A model in JSON; pictures of colour models may have any size, their width and height are null."""
    return {
        "name": info.name,
        "fingerprint": info.fingerprint,
        "width": getattr(info, "width", None),
        "height": getattr(info, "height", None),
        "auto": info.auto,
        "shipped": info.shipped,
        "older": info.older,
        "folder": str(info.folder),
        "description": info.description,
    }


if __name__ == "__main__":
    main()
