"""A small picture through all networks of a photo model, a check that they work."""

from __future__ import annotations

import numpy as np

from . import coding
from .model import HYPER_PATCH, LEVELS, PATCH, PhotoModel
from .transform import analyse, synthesise


def try_model(model: PhotoModel) -> None:
    """Code and draw a picture of one position of the hyper-latents.

    Raises:
        FormatError: what was coded does not come back.
    """
    y = analyse(model, np.full((HYPER_PATCH, HYPER_PATCH, 3), 128, np.uint8))
    side = HYPER_PATCH // PATCH
    payload = coding.push(model, y, LEVELS // 2, 1).payload
    synthesise(model, coding.pop(model, payload, side, side, LEVELS // 2), LEVELS // 2, (2, 2))
