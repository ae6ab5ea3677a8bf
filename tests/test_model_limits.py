"""Layers that a model folder may have: the largest that are read are still exact."""

from __future__ import annotations

import numpy as np
import pytest

from vlae_codec.errors import ModelError
from vlae_codec.exact.layers import LIMIT, WEIGHT_LIMIT
from vlae_codec.model.limits import Layers


class Single(Layers):
    """A model of one layer of one output."""

    def walk(self) -> None:
        self.layer("one", len(self.arrays["one.weight"]), 1)


def accepted(inputs: int, weight: int = 1, bias: int = 0) -> bool:
    arrays = {"one.weight": np.full((inputs, 1), weight), "one.bias": np.array([bias])}
    try:
        Single({"shifts": {"one": 0}}, arrays).check()
    except ModelError:
        return False
    return True


def test_sums_of_the_largest_layers_are_exact() -> None:
    """In float64, where they are below 2^53; half of that is left for the sum of two layers."""
    inputs = max(1 << bits for bits in range(25) if accepted(1 << bits))
    bias = max(1 << bits for bits in range(62) if accepted(1, 1, 1 << bits))
    weight = max(weight for weight in (100, WEIGHT_LIMIT, WEIGHT_LIMIT + 1, 1 << 20) if accepted(1, weight))
    assert weight == WEIGHT_LIMIT
    assert inputs * weight * LIMIT + bias < 2**52
    assert inputs >= 9 * 1024  # 3 x 3 pixels of as many channels as a layer may have


@pytest.mark.parametrize("sign", [-1, 1])
def test_weights_have_sixteen_bits(sign: int) -> None:
    assert accepted(2, sign * WEIGHT_LIMIT)
    assert not accepted(2, sign * (WEIGHT_LIMIT + 1))
