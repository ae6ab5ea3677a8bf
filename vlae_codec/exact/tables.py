"""The committed integer tables that stand for exp, sigmoid and the Gaussian quantile.

Floating-point libraries differ in the last bit; these tables do not. benchmarks/make_tables.py made the file
`tables.npz` and a test makes them again, but the codec only ever reads the file: it is part of the format.

    exp       round(2^14 exp(k / 1024))        for k = -5120 ... 1024
    sigmoid   round(2^24 / (1 + exp(-k / 64))) for k = -1024 ... 1024, kept within 1 and 2^24 - 1
    quantile  round(2^12 Phi^-1((k + 1/2) / 2^16)) for k = 0 ... 2^16 - 1
    normal    round(2^30 Phi(k / 512))         for k = -3200 ... 3200
    logistic  round(2^24 / (1 + exp(-k / 1024))) for k = -16384 ... 16384, kept within 1 and 2^24 - 1
"""

from __future__ import annotations

import functools
import io
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EXP_FRACTION = 14
EXP_MIN, EXP_MAX = -5120, 1024
SIGMOID_FRACTION = 24
SIGMOID_RANGE = 1024
QUANTILE_FRACTION = 12
NORMAL_FRACTION = 30
NORMAL_STEPS = 512
"""Entries of the table of the normal distribution per standard deviation."""
NORMAL_RANGE = 3200
LOGISTIC_STEPS = 1024
"""Entries of the finer table of the logistic distribution, for a scale of 1."""
LOGISTIC_RANGE = 16384


class Tables(NamedTuple):
    """The tables as int64 arrays; the index of the first entry is 0."""

    exp: NDArray[np.int64]
    sigmoid: NDArray[np.int64]
    quantile: NDArray[np.int64]
    normal: NDArray[np.int64]
    logistic: NDArray[np.int64]


@functools.cache
def load_tables() -> Tables:
    """Read the committed tables."""
    raw = (resources.files("vlae_codec.exact") / "tables.npz").read_bytes()
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        return Tables(*(file[name].astype(np.int64) for name in Tables._fields))
