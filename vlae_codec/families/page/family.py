"""The page family, as the registry has it."""

from __future__ import annotations

import numpy as np

from ...errors import ModelError
from ...model.folder import Tree
from ...model.limits import Arrays, check_keys
from .model import PageModel
from .walk import BESIDE, walk

PROBED_SIDE = 24


class PageFamily:
    """Pages of two levels, of any size, without loss."""

    name = "page"

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits; shifts are checked with the arrays."""
        if tree["format"] != 3:
            raise ModelError(f"model format {tree['format']} is unknown; this version reads format 3")
        check_keys(tree, {"shifts": dict})

    def load(self, tree: Tree, arrays: Arrays, device: str) -> PageModel:
        """Return the model of settings and arrays, held against one another; it computes on numpy for any device."""
        return PageModel(tree, arrays)

    def probe(self, model: PageModel) -> None:
        """Go through a page of a few strokes of ink."""
        page = np.zeros((PROBED_SIDE, PROBED_SIDE + BESIDE), np.uint8)
        page[PROBED_SIDE // 3 :: 3, PROBED_SIDE // 4 : PROBED_SIDE] = 1
        walk(model, page, lambda line, ones: line)
