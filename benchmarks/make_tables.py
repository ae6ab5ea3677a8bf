"""Make the integer tables that stand for exp, sigmoid and the Gaussian quantile anew; `exact.tables` has what they are.

    python -m benchmarks.make_tables

The table is committed, and files are drawn with it for ever: this says where its numbers come from.
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist

import numpy as np

from vlae_codec.exact.tables import (
    EXP_FRACTION,
    EXP_MAX,
    EXP_MIN,
    LOGISTIC_RANGE,
    LOGISTIC_STEPS,
    NORMAL_FRACTION,
    NORMAL_RANGE,
    NORMAL_STEPS,
    QUANTILE_FRACTION,
    SIGMOID_FRACTION,
    SIGMOID_RANGE,
    Tables,
)

TARGET = Path(__file__).parents[1] / "vlae_codec" / "exact" / "tables.npz"


def build_tables() -> Tables:
    """Compute the tables anew with the standard library's mathematics."""
    exp = [round(2**EXP_FRACTION * math.exp(k / 1024)) for k in range(EXP_MIN, EXP_MAX + 1)]
    sigmoid, logistic = _logistic(64, SIGMOID_RANGE), _logistic(LOGISTIC_STEPS, LOGISTIC_RANGE)
    normal = NormalDist()
    upper = [round(2**QUANTILE_FRACTION * normal.inv_cdf((k + 0.5) / 2**16)) for k in range(2**15, 2**16)]
    quantile = [-value for value in reversed(upper)] + upper
    top = 2**NORMAL_FRACTION
    lower = [round(top * math.erfc(k / NORMAL_STEPS / math.sqrt(2)) / 2) for k in range(NORMAL_RANGE, -1, -1)]
    cumulative = lower + [top - value for value in reversed(lower[:-1])]
    return Tables(*(np.array(values, np.int64) for values in (exp, sigmoid, quantile, cumulative, logistic)))


def _logistic(steps: int, most: int) -> list[int]:
    """2^24 / (1 + exp(-k / steps)), rounded and kept within 1 and 2^24 - 1, for k = -most ... most."""
    top = 2**SIGMOID_FRACTION
    return [min(top - 1, max(1, round(top / (1 + math.exp(-k / steps))))) for k in range(-most, most + 1)]


if __name__ == "__main__":
    np.savez_compressed(TARGET, **build_tables()._asdict())
