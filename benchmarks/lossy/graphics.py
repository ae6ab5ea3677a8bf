"""Graphics to judge codecs by: eight drawn pictures of kinds that training draws too, from seeds that it never uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlae_models.data.drawn import Fonts, draw

SEEDS = (900_001, 900_003, 900_005, 900_007, 900_010, 900_013, 900_016, 900_021)
SIDE = 512


def graphics() -> dict[str, NDArray[np.uint8]]:
    """Return the pictures (SIDE, SIDE, 3) by name."""
    return {f"drawn-{seed - 900_000:02}": np.asarray(draw(seed, SIDE, Fonts([]), ()).convert("RGB")) for seed in SEEDS}
