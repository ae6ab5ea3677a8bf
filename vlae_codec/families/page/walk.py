"""The order of a page's pixels and their probabilities, as sender and receiver both go through them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...coding.precision import PRECISION, Integers
from ...container.limits import is_long_walk
from ..result import Progress
from .contexts import FLAT, SLANT, Bits, Counts, Rows
from .mixer import Mixer
from .model import PageModel

Decide = Callable[[Bits, Integers], Bits]
"""Returns the pixels of a line: from where they are, or will be, in the picture, and P(ink) in units of 2^-24."""
BESIDE = SLANT + 1
"""Columns beside a picture, so that the pixels of a line lie at equal distances in memory."""
SHOWN = 64
"""Steps from one report of progress to the next."""


def steps_of(height: int, width: int) -> int:
    """Return the steps of a walk through a picture."""
    return width + SLANT * (height - 1)


def is_long(height: int, width: int) -> bool:
    """Return whether a walk takes far longer than the area of a picture says, as through thin and high ones."""
    return is_long_walk(steps_of(height, width), height * width)


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
    steps, shown = steps_of(height, width), 0
    for time in range(steps):
        first, end = max(0, -(-(time - width + 1) // SLANT)), min(height - 1, time // SLANT) + 1
        if first == end:  # of pictures narrower than SLANT
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
        if progress and (time % SHOWN == 0 or time == steps - 1):
            done = height * (time + 1) // steps
            progress(done - shown, height)
            shown = done
    return flat
