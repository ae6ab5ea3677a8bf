"""The bilevel family, as the registry has it."""

from __future__ import annotations

import numpy as np

from ...errors import ModelError
from ...model.folder import Tree
from ...model.limits import Arrays, check_arrays, check_info, check_tables
from ...model.networks import IntegerModel


class BilevelFamily:
    """Pictures of 0 and 1 of one size, which the model fixes."""

    name = "bilevel"

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits."""
        if tree["format"] != 1:
            raise ModelError(f"model format {tree['format']} is unknown; this version reads format 1")
        check_info(tree)

    def load(self, tree: Tree, arrays: Arrays, device: str) -> IntegerModel:
        """Return the model of settings and arrays, held against one another."""
        check_tables(tree)
        check_arrays(tree, arrays)
        return IntegerModel(tree, arrays, device)

    def probe(self, model: IntegerModel) -> None:
        """Code and draw an empty picture."""
        blank = np.zeros((1, model.height, model.width), np.uint8)
        z, _ = model.posterior(blank)
        model.draw(model.joined(z, model.likely_labels(blank)) if model.labels else z)
