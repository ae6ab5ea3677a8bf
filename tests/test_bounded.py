"""Drawing in single precision: the pixels of the exact network, whose logits are never farther off than the bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import WINDOW_NAMES, tiny_model

from vlae_codec.autoregressive import bounded, bounded_net
from vlae_codec.autoregressive.bounded import exact_logits
from vlae_codec.autoregressive.bounded_net import BoundedColumns, BoundedNet
from vlae_codec.autoregressive.window_net import LocalNet
from vlae_codec.exact.kernels import fold
from vlae_codec.exact.layers import LIMIT
from vlae_codec.model.networks import MANY, Integers


def latents(count: int) -> Integers:
    return np.random.default_rng(5).integers(-2000, 2000, (count, 16))


@pytest.mark.parametrize("columns", [1, 100, bounded_net.COLUMNS])
@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_pixels_are_those_of_the_exact_network(window: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, z = tiny_model(window), latents(MANY + 3)
    monkeypatch.setattr(bounded_net, "COLUMNS", columns)
    draws = np.arange(len(z), dtype=np.int64) % 3
    np.testing.assert_array_equal(model.draw(z, 7, draws), model.draw(z, 7, draws, raster=True))
    np.testing.assert_array_equal(model.draw(z, 7), model.draw(z, 7, raster=True))


def test_pixels_near_their_threshold_are_drawn_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    model, z, seen = tiny_model(), latents(MANY), list[int]()

    def counted(net: LocalNet, inputs: np.ndarray) -> np.ndarray:
        seen.append(inputs.shape[1])
        return exact_logits(net, inputs)

    monkeypatch.setattr(bounded, "exact_logits", counted)
    model.draw(z)
    assert 0 < sum(seen) < 0.1 * MANY * model.height * model.width


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(4, 15), st.integers(0, 3), st.sampled_from([10, 1000, LIMIT]))
def test_the_bound_holds(seed: int, shift: int, blocks: int, most: int) -> None:
    """Weights of all sizes: sums are clamped in many of these networks."""
    rng, width, inputs, count = np.random.default_rng(seed), 6, 5, 40
    size = 2 ** int(rng.integers(6, 15))

    def layer(rows: int, columns: int) -> np.ndarray:
        weight = rng.integers(-size, size + 1, (rows, columns))
        return fold(weight, rng.integers(-(2**40), 2**40, columns) >> int(rng.integers(10, 40)), shift)

    pairs = [(layer(width, width), layer(width, width)) for _ in range(blocks)]
    net = LocalNet(layer(inputs, width), pairs, [layer(width, 1)])
    work = BoundedColumns(BoundedNet(net), count)
    columns = work.inputs(count)
    columns[:-1] = rng.integers(0, most + 1, (inputs, count))
    found = work.run(columns)
    off = np.abs(np.floor(found.logits.astype(np.float64) + 0.5) - exact_logits(net, columns))
    assert (off <= found.bound + 1).all()


def test_the_bound_is_of_use() -> None:
    """The tiny model's logits, in units of 1/64, are off by less than 0.4."""
    model = tiny_model()
    rng, net = np.random.default_rng(1), BoundedNet(model.local_net)
    work = BoundedColumns(net, 200)
    columns = work.inputs(200)
    columns[:-1] = rng.integers(0, 2000, (len(columns) - 1, 200))
    assert work.run(columns).bound < 64 * 0.4
