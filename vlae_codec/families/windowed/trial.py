"""A small picture through all networks of a windowed model, a check that they work."""

from __future__ import annotations

import numpy as np

from ...coding.binary_coder import Writer
from ...pixels.levels import COLOURS
from . import grid, pixels
from .codec import DEFAULT_QUALITY
from .ladder import setting_of
from .model import PhotoModel


def try_photo_model(model: PhotoModel) -> None:
    """Code and draw a picture of one place of the latent grid.

    Raises:
        FormatError: the networks give numbers beyond what the format allows.
    """
    number = setting_of(DEFAULT_QUALITY, model, (1, 1)).number
    y = model.encode(np.full((model.patch, model.patch, COLOURS), 128, np.uint8))
    z = grid.push_grid(model, Writer(grid.decisions(model, 1, 1)), model.sent(y, number), number)
    pixels.draw(model, z, number, (2, 2), temperature=0)
