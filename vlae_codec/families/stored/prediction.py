"""Samples bit by bit, highest first, by predictions from their surroundings.

What logistic distributions around several predictions say of a bit is mixed with what cells of contexts say, which
hold exact samples: a picture that was JPEG once, or YCC, has few of all colours, and a sample says much of the next.
After Meyer and Tischer, "TMW - a new method for lossless image compression" (1997), which blends distributions.
"""

from __future__ import annotations

import numpy as np

from ...coding.wavefront import times
from ...exact.tables import LOGISTIC_RANGE, load_tables
from ..result import Progress
from .contexts import Uint32, scrambled
from .decisions import Decide
from .mixer import START, Classes, Mixer, logits
from .planes import FEATURES, NORTH, WEST, Floats, Indices, Line, Planes
from .regression import Global, Local, Regression

SAMPLE_BITS, FRACTION = 8, 16
"""Bits of a sample, and parts of a level in which predictions are."""
NARROW, WIDE = (4, 5 / 8, 1 / 2), (12, 29 / 32, 13 / 16)
"""Features and factors of the local predictions."""
PREDICTIONS = 3
FIRST_WEIGHTS = np.array([0] * len(START) + [65536 // PREDICTIONS] * PREDICTIONS)
"""Of the mixer, the last ones of the predictions."""
NEAR = (((0, -1), 4), ((-1, 0), 4), ((-1, -1), 2), ((-1, 1), 3), ((0, -2), 2), ((-2, 0), 2))
"""Samples whose errors say how wide a distribution is, and their weights."""
LEAST = 68.0
"""Sum of the errors of samples a quarter of a level off, which is added to all sums."""
STEEPNESS = 29013.0
"""Steps of the table of the logistic distribution for one part of a level where the sum of errors is 1."""
EDGES = np.array([80, 96, 120, 160, 240, 400, 800])
"""Sums of errors that part classes of weights."""
CLASSES_A_PLANE = len(EDGES) + 1
LOGIT_BITS = 16
"""Of the probabilities of bits by each of the distributions."""
SPREAD, NODE = 0x9E3779B1, 0x2C1B3C6D
"""Factors of contexts, and of a bit's place in the tree of levels, in what is hashed."""


class Coder:
    """Predictions and probabilities, which adapt from step to step.

    Args:
        planes: of the picture, filled step by step.
        decide: codes decisions.
    """

    def __init__(self, planes: Planes, decide: Decide) -> None:
        count, height = planes.count, planes.front.height
        self._planes, self._decide = planes, decide
        local = [Local(count, height, *one) for one in (NARROW, WIDE)]
        self._regressions: list[Regression] = [*local, Global(count, FEATURES)]
        self._errors = np.zeros((PREDICTIONS + 1, planes.samples.size), np.uint16)
        self._mixer = Mixer(SAMPLE_BITS, count * CLASSES_A_PLANE, FIRST_WEIGHTS)
        self._logistic = load_tables().logistic.astype(np.float64)
        self._around = np.array([row * planes.stride + column for (row, column), _ in NEAR])[:, None]
        self._weights = np.array([float(weight) for _, weight in NEAR])

    def code(self, line: Line, known: Indices) -> None:
        """Code the samples of a line, (N,); `known` are these if the picture is known."""
        planes = self._planes
        features, base = planes.features(line), planes.base(line)
        found = np.stack([one.predict(line, features) for one in self._regressions])
        predicted = np.floor((found + base) * (FRACTION / 2) + 0.5)
        predicted = np.minimum(np.maximum(predicted, 0.0), 255.0 * FRACTION)
        around = self._around + line.at
        sums = np.full((PREDICTIONS + 1, len(line.at)), LEAST)
        for own, errors in zip(sums, self._errors, strict=True):
            own += self._weights @ errors.take(around)
        mean = _mean(predicted, 1.0 / (sums[:-1] * sums[:-1]))
        kinds = np.searchsorted(EDGES, sums[-1], side="right")
        contexts = self._contexts(line, (mean.astype(np.int64) + FRACTION // 2) // FRACTION, kinds)
        classes = Classes(line.planes * CLASSES_A_PLANE + kinds, planes.count * CLASSES_A_PLANE, len(FIRST_WEIGHTS))
        samples = self._levels(predicted, STEEPNESS / sums[:-1], contexts, classes, known)
        planes.write(line, samples)
        self._errors[:-1, line.at] = np.abs(samples * FRACTION - predicted)
        self._errors[-1, line.at] = np.abs(samples * FRACTION - mean)
        for one in self._regressions:
            one.learn(line, features, 2.0 * samples - base)

    def _contexts(self, line: Line, level: Indices, kinds: Indices) -> Uint32:
        """Return what contexts are hashed from, without the node, (CONTEXTS, N).

        Args:
            level: the mean prediction.
            kinds: how uncertain it is.
        """
        west, north = (self._planes.near(line, 0, place) for place in (WEST, NORTH))
        first, second = (self._planes.near(line, before, (0, 0)) for before in (1, 2))
        both = first << 8 | second
        found = np.array(
            [first, both, first << 8 | level, both << 8 | level, level << 8 | kinds, west << 8 | north,
             (first << 8 | west) << 8 | level, both << 8 | west],
            np.uint32,
        )  # fmt: skip
        found <<= 2
        found |= line.planes.astype(np.uint32)
        found *= np.uint32(SPREAD)
        return found

    def _levels(
        self, predicted: Floats, steepness: Floats, contexts: Uint32, classes: Classes, known: Indices
    ) -> Indices:
        """Return samples, bit by bit.

        Args:
            predicted: the middles of distributions, (PREDICTIONS, N).
            steepness: their steps of the table a part of a level.
            contexts: as of `_contexts`.
            classes: of weights.
            known: the samples if they are known.
        """
        logistic, table = self._logistic, logits(LOGIT_BITS)
        low, offsets = np.zeros(len(known), np.int64), predicted + FRACTION // 2
        below, above = np.zeros_like(predicted), np.full_like(predicted, logistic[-1] + 1)
        for place in range(SAMPLE_BITS):
            middle = low + (1 << SAMPLE_BITS - 1 - place)
            steps = middle * float(FRACTION) - offsets
            steps *= steepness
            np.floor(steps, out=steps)
            steps += LOGISTIC_RANGE
            at = logistic.take(steps.astype(np.intp), mode="clip")
            shares = above - at
            shares += 1
            shares /= above - below + 2
            shares *= 1 << LOGIT_BITS
            nodes = ((low >> SAMPLE_BITS - place) + (1 << place)) * NODE
            hashes = scrambled(contexts + nodes.astype(np.uint32))
            ones = self._mixer.ones(place, hashes, classes, table.take(shares.astype(np.intp)))
            bits = self._decide(known >= middle, ones)
            self._mixer.learn(bits)
            low = np.where(bits, middle, low)
            below, above = np.where(bits, at, below), np.where(bits, above, at)
        return low


def _mean(predicted: Floats, shares: Floats) -> Floats:
    """Return the mean of predictions, in whole parts of a level, by their shares."""
    sums: list[Floats] = []
    for rows in (predicted * shares, shares):
        total: Floats = rows[0].copy()
        for row in rows[1:]:
            total += row
        sums.append(total)
    mean: Floats = np.floor(sums[0] / sums[1] + 0.5)
    return mean


def walk(planes: Planes, decide: Decide, known: Planes, progress: Progress | None = None) -> None:
    """Go through the samples of a picture, step by step.

    Args:
        planes: filled with its samples.
        decide: codes decisions.
        known: the same picture, if it is known, or `planes`.
        progress: Callback with rows.
    """
    coder = Coder(planes, decide)
    for time in times(planes.steps, planes.front.height, progress):
        line = planes.line(time)
        if line.parts:
            coder.code(line, known.take(line))
