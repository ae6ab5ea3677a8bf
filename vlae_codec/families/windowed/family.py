"""The windowed family, as the registry has it."""

from __future__ import annotations

import numpy as np

from ...coding.binary_coder import Writer
from ...errors import ModelError
from ...model.folder import Tree
from ...model.limits import MAX_LATENT, MAX_REACH, MAX_SHIFT, Arrays, check_keys, check_range
from ...pixels.levels import COLOURS
from . import grid, pixels
from .ladder import setting_of
from .layers import WindowedLayers
from .model import SCALES, SHARPEST_PRIOR, WIDTHS, WindowedModel

REQUIRED = {"latent": int, "window": list, "prior_window": list, "shifts": dict}
PROBED_QUALITY = 50.0


class WindowedFamily:
    """Pictures of any size, lossy or with their exact pixels."""

    name = "windowed"

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits."""
        if tree["format"] != 2:
            raise ModelError(f"model format {tree['format']} is unknown; this version reads format 2")
        check_keys(tree, REQUIRED)
        for key in ("window", "prior_window"):
            check_range(key, tree[key], 0, MAX_REACH)
            if len(tree[key]) != 3:
                raise ModelError(f"model.json: {key} should be three numbers")
        check_range("shifts", list(tree["shifts"].values()), 0, MAX_SHIFT)
        check_range("latent", [tree["latent"]], 1, MAX_LATENT)
        check_range("prior_sharper", [tree.get("prior_sharper", 0)], 0, SHARPEST_PRIOR)
        patch, widths = tree.get("patch", 16), tree.get("widths", [0, WIDTHS - 1])
        if type(patch) is not int or patch not in SCALES:
            raise ModelError(f"model.json: patch should be {', '.join(map(str, SCALES))}")
        if not isinstance(widths, list) or len(widths) != 2:
            raise ModelError("model.json: widths should be the first and the last")
        check_range("widths", widths, 0, WIDTHS - 1)
        if widths[0] > widths[1]:
            raise ModelError("model.json: the first of the widths is behind the last")

    def load(self, tree: Tree, arrays: Arrays, device: str) -> WindowedModel:
        """Return the model of settings and arrays, held against one another."""
        WindowedLayers(tree, arrays).check()
        return WindowedModel(tree, arrays, device)

    def probe(self, model: WindowedModel) -> None:
        """Code and draw a picture of one position of the latent grid."""
        number = setting_of(PROBED_QUALITY, model, (1, 1)).number
        y = model.encode(np.full((model.patch, model.patch, COLOURS), 128, np.uint8))
        z = grid.push_grid(model, Writer(grid.decisions(model, 1, 1)), model.sent(y, number), number)
        pixels.draw(model, z, number, (2, 2), temperature=0)
