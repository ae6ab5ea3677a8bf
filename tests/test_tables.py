from __future__ import annotations

import hashlib
import math
from decimal import Decimal

import numpy as np
import pytest

from benchmarks.make_tables import build_tables
from vlae_codec.exact.tables import (
    EXP_MAX,
    EXP_MIN,
    QUANTILE_FRACTION,
    SIGMOID_FRACTION,
    SIGMOID_RANGE,
    Tables,
    load_tables,
)

TABLES = load_tables()


def test_committed_tables_are_what_build_makes() -> None:
    for name, kept, built in zip(Tables._fields, TABLES, build_tables(), strict=True):
        np.testing.assert_array_equal(kept, built, name)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("exp", "3299deb6f3d0e9566f391d8904a886c56f1397ba52c65d3fa786463b3f993baf"),
        ("sigmoid", "ac7d6393b073d363d7642047e107bbac9f2f7d4782fb9d2b3bce49507f5616fb"),
        ("normal", "a850486bc653f094172c459d36c7f34321845cfff5a1cac95bbb60b4598dbc73"),
        ("quantile", "db9f6de9a853d1f4992b731623ab3b27a8d127c91bf3d63c2fb3347625a520f8"),
    ],
)
def test_tables_never_change(name: str, digest: str) -> None:
    """They are part of the format: a file of today is drawn with these numbers for ever."""
    array = getattr(TABLES, name)
    assert array.dtype == np.int64
    assert hashlib.sha256(array.astype("<i8").tobytes()).hexdigest() == digest


def test_exp_is_correctly_rounded() -> None:
    exact = [int((2**14 * (Decimal(k) / 1024).exp()).to_integral_value()) for k in range(EXP_MIN, EXP_MAX + 1)]
    assert TABLES.exp.tolist() == exact
    assert TABLES.exp.min() > 0  # a scale of nothing would make a candidate certain


def test_sigmoid_is_correctly_rounded() -> None:
    top = 2**SIGMOID_FRACTION
    for k in range(-SIGMOID_RANGE, SIGMOID_RANGE + 1):
        exact = int((top / (1 + (Decimal(-k) / 64).exp())).to_integral_value())
        assert TABLES.sigmoid[k + SIGMOID_RANGE] == min(top - 1, max(1, exact))


def test_sigmoid_is_symmetric_and_never_certain() -> None:
    assert (TABLES.sigmoid + TABLES.sigmoid[::-1] == 2**SIGMOID_FRACTION).all()
    assert TABLES.sigmoid.min() >= 1


def test_quantile_is_antisymmetric() -> None:
    assert len(TABLES.quantile) == 2**16
    assert (TABLES.quantile == -TABLES.quantile[::-1]).all()


def test_quantile_inverts_the_normal_distribution() -> None:
    """Checked against erfc, which the table was not made with, within half a unit of the table."""
    half = 0.5 / 2**QUANTILE_FRACTION
    for k in range(0, 2**16, 7):
        value = TABLES.quantile[k] / 2**QUANTILE_FRACTION
        low, high = (0.5 * math.erfc(-(value + side) / math.sqrt(2)) for side in (-half, half))
        assert low - 1e-12 <= (k + 0.5) / 2**16 <= high + 1e-12


@pytest.mark.parametrize("name", Tables._fields)
def test_tables_rise(name: str) -> None:
    assert (np.diff(getattr(TABLES, name)) >= 0).all()
