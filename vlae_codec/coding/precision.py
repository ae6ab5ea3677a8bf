"""Probabilities in units of 2^-24, which every coder here takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exact.tables import SIGMOID_FRACTION

PRECISION = 24

Integers = NDArray[np.signedinteger[Any]]

assert PRECISION == SIGMOID_FRACTION
