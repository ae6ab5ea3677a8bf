"""The order of a page's pixels and their probabilities, as sender and receiver both go through them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...coding.precision import PRECISION, Integers
from ...coding.wavefront import Wavefront
from ..result import Progress
from .contexts import FLAT, SLANT, Bits, Counts, Rows
from .mixer import Mixer
from .model import PageModel

Decide = Callable[[Bits, Integers], Bits]
"""Returns the pixels of a line: from where they are, or will be, in the picture, and P(ink) in units of 2^-24."""
BESIDE = SLANT + 1
"""Columns beside a picture, so that the pixels of a line lie at equal distances in memory."""


def walk(
    model: PageModel, picture: Bits, decide: Decide, progress: Progress | None = None, mixer: Mixer | None = None
) -> Integers:
    """Go through the pixels of a picture, line by line of the wavefront, from the top down on each.

    Args:
        picture: (H, W + BESIDE), ink 1; a pixel is read after `decide` was called for it.
        decide: codes the pixels of a line, or writes them into the picture.
        progress: Callback with rows.
        mixer: takes the place of the model's network.

    Returns:
        How often paper and ink followed each flat context, those of the model included, (FLAT, 2).
    """
    height, stride = picture.shape
    width, places = stride - BESIDE, picture.reshape(-1)
    rows, counts = Rows(height), Counts(model.templates)
    flat: Integers = model.flat.copy()
    mixer = mixer or Mixer(model)
    for time, first, end in Wavefront(height, width, SLANT).lines(progress):
        if first == end:
            rows.push(first, end, places[:0])
            continue
        start = time + first * (stride - SLANT)
        line = places[start : start + (end - first - 1) * (stride - SLANT) + 1 : stride - SLANT]
        active, contexts = rows.flat(first, end)
        ones = (((2 * flat[:, 1] + 1) << PRECISION) // (2 * flat.sum(1) + 2)).take(contexts)
        if len(active):
            near = rows.near(active + first)
            cells = counts.cells(near)
            ones[active] = mixer.ones(near, counts.of(cells))
        pixels = decide(line, ones)
        if len(active):
            drawn = pixels[active]
            counts.add(cells, drawn)
            mixer.learn(drawn)
            contexts[active] = FLAT
        flat += np.bincount(2 * contexts + pixels, minlength=2 * FLAT + 2)[: 2 * FLAT].reshape(FLAT, 2)
        rows.push(first, end, pixels)
    return flat
