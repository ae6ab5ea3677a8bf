from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from vlae_codec.exact.layers import LIMIT, Conv3x3, Linear, Residual, relu, rescale, shuffle, unshuffle

small = st.integers(-LIMIT, LIMIT)


def as_numpy(values: Any) -> Any:
    return np.asarray(values, np.float64)


def as_torch(values: Any) -> Any:
    return torch.as_tensor(np.asarray(values, np.float64))


both = pytest.mark.parametrize("make", [as_numpy, as_torch], ids=["numpy", "torch"])


def random_integers(rng: np.random.Generator, *shape: int, limit: int = LIMIT) -> Any:
    return rng.integers(-limit, limit, shape, endpoint=True).astype(np.float64)


def exact_rescale(accumulator: int, shift: int, limit: int = LIMIT) -> int:
    """The docstring's formula in fractions."""
    return max(-limit, min(limit, math.floor(Fraction(accumulator, 2**shift) + Fraction(1, 2))))


@given(st.lists(st.integers(-(2**52), 2**52), min_size=1), st.integers(0, 24), st.sampled_from([1024, LIMIT]))
def test_rescale_is_the_fraction_rounded(accumulators: list[int], shift: int, limit: int) -> None:
    expected = [exact_rescale(value, shift, limit) for value in accumulators]
    assert rescale(as_numpy(accumulators), shift, limit).tolist() == expected
    assert rescale(as_torch(accumulators), shift, limit).tolist() == expected


@both
def test_halves_go_up_even_below_zero(make: Any) -> None:
    assert rescale(make([-3, -2, -1, 0, 1, 2, 3]), 1).tolist() == [-1, -1, 0, 0, 1, 1, 2]
    assert rescale(make([-6, -5, -2, 2, 6]), 2).tolist() == [-1, -1, 0, 1, 2]


@both
def test_clamp(make: Any) -> None:
    assert rescale(make([-(2**20), 2**20, LIMIT + 1, -LIMIT - 1]), 0).tolist() == [-LIMIT, LIMIT, LIMIT, -LIMIT]
    assert relu(make([-5, 0, 5])).tolist() == [0, 0, 5]


@settings(max_examples=50)
@given(st.data(), st.integers(1, 6), st.integers(1, 4), st.integers(0, 20))
def test_linear_is_exact(data: st.DataObject, inputs: int, outputs: int, shift: int) -> None:
    x = data.draw(st.lists(small, min_size=inputs, max_size=inputs))
    weight = data.draw(st.lists(st.lists(small, min_size=outputs, max_size=outputs), min_size=inputs, max_size=inputs))
    bias = data.draw(st.lists(st.integers(-(2**31), 2**31), min_size=outputs, max_size=outputs))
    sums = [sum(x[i] * weight[i][o] for i in range(inputs)) + bias[o] for o in range(outputs)]
    for make in (as_numpy, as_torch):
        layer = Linear(make(weight), make(bias), shift)
        assert layer.accumulate(make([x])).tolist() == [sums]
        assert layer(make([x])).tolist() == [[exact_rescale(value, shift) for value in sums]]


@both
def test_order_of_summation_does_not_matter(make: Any) -> None:
    """As many taps as the largest layer has, as large as they can be: the sums stay whole numbers below 2^53."""
    rng = np.random.default_rng(1)
    x, weight, bias = random_integers(rng, 3, 1024), random_integers(rng, 1024, 5), random_integers(rng, 5)
    x[0], weight[:, 0] = LIMIT, LIMIT
    exact = x.astype(np.int64) @ weight.astype(np.int64) + bias.astype(np.int64)
    assert abs(exact).max() < 2**53
    for turn in range(5):
        order = rng.permutation(1024) if turn else np.arange(1024)
        result = Linear(make(weight[order]), make(bias), 0).accumulate(make(x[:, order]))
        assert np.asarray(result).astype(np.int64).tolist() == exact.tolist()


@both
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(4, 6), (5, 7), (1, 1)])
def test_convolution_is_that_of_torch(make: Any, stride: int, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    x, weight, bias = random_integers(rng, 2, *size, 3), random_integers(rng, 5, 3, 3, 3), random_integers(rng, 5)
    matrix = weight.transpose(2, 3, 1, 0).reshape(27, 5)
    ours = np.asarray(Conv3x3(Linear(make(matrix), make(bias), 16), stride)(make(x)))
    inputs = as_torch(x.transpose(0, 3, 1, 2))
    sums = F.conv2d(inputs, as_torch(weight), as_torch(bias), stride=stride, padding=1)
    theirs = [exact_rescale(int(value), 16) for value in sums.permute(0, 2, 3, 1).reshape(-1)]
    assert ours.reshape(-1).tolist() == theirs


@both
def test_residual_adds_and_clamps(make: Any) -> None:
    rng = np.random.default_rng(3)
    x = random_integers(rng, 50, 4)
    first, second = (Linear(random_integers(rng, 4, 4), random_integers(rng, 4), 15) for _ in range(2))
    expected = np.clip(x + second(np.maximum(first(np.maximum(x, 0)), 0)), -LIMIT, LIMIT)
    assert (abs(expected) == LIMIT).any() and (abs(expected) < LIMIT).any()
    block = Residual(*(Linear(make(layer.weight), make(layer.bias), layer.shift) for layer in (first, second)))
    assert (np.asarray(block(make(x))) == expected).all()


@both
def test_shuffles_are_those_of_torch(make: Any) -> None:
    rng = np.random.default_rng(4)
    wide, deep = random_integers(rng, 2, 6, 4, 1), random_integers(rng, 2, 3, 5, 12)
    theirs = F.pixel_unshuffle(as_torch(wide.transpose(0, 3, 1, 2)), 2).permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(np.asarray(unshuffle(make(wide))), theirs)
    theirs = F.pixel_shuffle(as_torch(deep.transpose(0, 3, 1, 2)), 2).permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(np.asarray(shuffle(make(deep))), theirs)
    np.testing.assert_array_equal(np.asarray(shuffle(unshuffle(make(wide)))), wide)
