"""Samples of the prior p(z), which need no picture: what the model makes up by itself."""

from __future__ import annotations

import numpy as np

from ..model.networks import IntegerModel, Integers

LEVEL = 8
"""Level of the samples in the candidates' counters, which no code uses: a sample is no code's candidate."""
MAX_SEED = 2**31 - 1


def sample_prior(model: IntegerModel, count: int, seed: int = 0) -> Integers:
    """Return `count` independent latents of p(z), (count, D), in units of 2^-10; more of one seed begin alike.

    Args:
        model: the model.
        count: how many, at most 2^32.
        seed: 0 to MAX_SEED.
    """
    paths = (np.int64(seed) << 32) + np.arange(count, dtype=np.int64)
    return model.candidates(paths, LEVEL, np.zeros((count, 0), np.int64), model.blocks)
