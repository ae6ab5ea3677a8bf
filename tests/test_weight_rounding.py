"""Weights rounded with their inputs in mind: integers, within bounds, and closer in what the layer gives."""

import numpy as np

from vlae_models.photo.weights import rounded_weights


def test_outputs_differ_less_than_with_the_nearest_integers() -> None:
    rng = np.random.default_rng(3)
    common, own = rng.normal(size=(4000, 8)) @ rng.normal(size=(8, 40)), rng.normal(size=(4000, 40))
    inputs = np.concatenate([np.maximum(common + 0.3 * own, 0), np.ones((4000, 1))], 1)
    weight, bias = rng.normal(size=(16, 40)) * 4, rng.normal(size=16)
    found, shifted = rounded_weights(weight, bias, inputs.T @ inputs, 15)
    nearest = np.clip(np.rint(weight), -15, 15)
    assert np.array_equal(found, np.rint(found)) and np.abs(found).max() <= 15
    want = inputs @ np.column_stack([weight, bias]).T
    errors = [
        np.square(inputs @ np.column_stack([integers, offset]).T - want).mean()
        for integers, offset in ((found, shifted), (nearest, bias))
    ]
    assert errors[0] < 0.5 * errors[1]


def test_integers_stay_as_they_are() -> None:
    rng = np.random.default_rng(4)
    weight, inputs = rng.integers(-7, 8, (5, 12)).astype(float), rng.normal(size=(200, 13))
    found, bias = rounded_weights(weight, np.full(5, 0.25), inputs.T @ inputs, 7)
    assert np.array_equal(found, weight) and np.array_equal(bias, np.full(5, 0.25))
