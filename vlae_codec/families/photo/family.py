"""The photo family, as the registry has it."""

from __future__ import annotations

import numpy as np

from ...errors import ModelError
from ...model.folder import Tree
from ...model.limits import Arrays, check_keys
from . import coding
from .model import HYPER_PATCH, LEVELS, PATCH, PhotoModel
from .transform import analyse, synthesise

REQUIRED = {"slices": list, "shifts": dict, "programs": dict, "picture_shift": int}


class PhotoFamily:
    """Pictures of any size, lossy."""

    name = "photo"

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits; programs are checked when they are built."""
        if tree["format"] != 3:
            raise ModelError(f"model format {tree['format']} is unknown; this version reads format 3")
        check_keys(tree, REQUIRED)

    def load(self, tree: Tree, arrays: Arrays, device: str) -> PhotoModel:
        """Return the model of settings and arrays, held against one another."""
        return PhotoModel(tree, arrays, device)

    def probe(self, model: PhotoModel) -> None:
        """Code and draw a picture of one position of the hyper-latents."""
        y = analyse(model, np.full((HYPER_PATCH, HYPER_PATCH, 3), 128, np.uint8))
        side = HYPER_PATCH // PATCH
        payload = coding.push(model, y, LEVELS // 2, 1).payload
        synthesise(model, coding.pop(model, payload, side, side, LEVELS // 2), LEVELS // 2, (2, 2))
