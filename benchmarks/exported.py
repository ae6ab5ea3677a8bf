"""A model folder from a training run, before anything is released."""

from __future__ import annotations

from pathlib import Path

from vlae_models.recipe import BILEVEL, load_recipe
from vlae_models.release.export import export_arrays, model_info, write_model
from vlae_models.train.bilevel import load_trained


def export_run(recipe: str, run: Path, folder: Path) -> Path:
    """Write the averaged weights of a run's checkpoint as a model folder, with the export's default settings.

    Args:
        recipe: name of a shipped recipe or path of a TOML file.
        run: folder with the checkpoint.
        folder: where the model goes.
    """
    loaded = load_recipe(recipe, BILEVEL)
    exported = export_arrays(load_trained(run, loaded))
    write_model(folder, model_info(loaded, exported.shifts), exported.arrays)
    return folder
