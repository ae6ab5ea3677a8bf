"""The coder of rounded latents: what comes back, what it takes, and what damage does."""

from __future__ import annotations

import numpy as np
import pytest

from vlae_codec.coding.symbols import MOST, SCALES, SymbolReader, SymbolWriter, costs, frequencies, limits
from vlae_codec.errors import FormatError


def batch(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scales = rng.integers(0, SCALES, count)
    spread = 0.11 * np.exp(scales * np.log(128 / 0.11) / 63)
    return np.rint(rng.standard_normal(count) * spread).astype(np.int64).clip(-MOST, MOST), scales


def test_batches_come_back_in_as_many_bits_as_they_should_take() -> None:
    writer = SymbolWriter()
    batches = [batch(seed, count) for seed, count in enumerate((1, 0, 5000, 60_000))]
    for symbols, scales in batches:
        writer.push(symbols, scales)
    data = writer.to_bytes()
    assert 8 * len(data) == pytest.approx(writer.ideal, abs=64)
    reader = SymbolReader(data)
    for symbols, scales in batches:
        np.testing.assert_array_equal(reader.pop(scales), symbols)


@pytest.mark.parametrize("value", [-MOST, -2000, -3, -1, 0, 1, 2, 641, MOST])
def test_escapes_come_back(value: int) -> None:
    for scale in (0, 30, 63):
        writer = SymbolWriter()
        symbols, scales = np.array([0, value, 0, value]), np.full(4, scale)
        writer.push(symbols, scales)
        np.testing.assert_array_equal(SymbolReader(writer.to_bytes()).pop(scales), symbols)


def test_tables_are_symmetric_and_near_normal_distributions() -> None:
    """Of a normal distribution of its scale each table loses little, and larger symbols are rarer."""
    from math import erfc, sqrt

    for index in range(SCALES):
        spread = 0.11 * np.exp(index * np.log(128 / 0.11) / 63)
        table, limit = frequencies()[index], limits()[index]
        side = table[limit : 2 * limit + 1]
        np.testing.assert_array_equal(table[: limit + 1][::-1], side)
        assert (np.diff(side[1:]) <= 0).all() and side[1] < 1.001 * side[0], index  # side[0] takes all rounding
        upper = np.array([0.5 * erfc((k - 0.5) / spread / sqrt(2)) for k in range(limit + 2)])
        mass = np.append(upper[:-1] - upper[1:], 2 * upper[-1])
        mass[1:-1] *= 2
        own = np.append(side, table[-1]) / 2**24
        own[1:-1] *= 2
        assert own.sum() == pytest.approx(1)
        kept = mass > 1e-12
        assert 0 <= (mass[kept] * np.log2(mass[kept] / own[kept])).sum() < 0.06, index


def test_costs_are_those_of_frequencies() -> None:
    for table, bits in zip(frequencies(), costs(), strict=True):
        assert np.exp2(-bits).sum() == pytest.approx(1)
        assert bits[0] == pytest.approx(24 - np.log2(table[0]))


def test_a_fitted_mixture_takes_fewer_bits_of_symbols_with_long_tails() -> None:
    pytest.importorskip("torch")
    from benchmarks.make_scales import fitted, normal

    scale, limit = 1.5, 9
    magnitudes = np.abs(np.rint(np.random.default_rng(0).laplace(0, scale / np.sqrt(2), 200_000))).astype(int)
    counts = np.bincount(magnitudes.clip(max=limit + 1), minlength=limit + 2).astype(float)
    shares = counts / counts.sum()
    entropy = -(shares * np.log2(shares)).sum()
    plain, found = (-(shares * np.log2(masses)).sum() for masses in (normal(scale, limit), fitted(scale, counts)))
    assert found - entropy < 0.1 * (plain - entropy)
    unseen = fitted(scale, np.zeros(limit + 2))
    assert -(normal(scale, limit) * np.log2(unseen / normal(scale, limit))).sum() < 1e-3


def test_frequencies_are_those_of_the_table() -> None:
    """A symbol of frequency n / 2^24 takes 24 - log2 n bits: constriction's rounding is not met."""
    for index in (3, 25, 50):
        table, limit = frequencies()[index], limits()[index]
        code = limit + int(np.argmin(np.abs(table[limit : 2 * limit + 1] - 5000)))  # the first one is all zero bytes
        writer = SymbolWriter()
        writer.push(np.full(20_000, code - limit), np.full(20_000, index))
        assert 8 * len(writer.to_bytes()) / 20_000 == pytest.approx(24 - np.log2(table[code]), abs=0.003)


def test_damaged_bits_end_in_symbols_or_an_error() -> None:
    _, scales = batch(3, 4000)
    rng = np.random.default_rng(0)
    for _ in range(50):
        try:
            found = SymbolReader(rng.bytes(500)).pop(scales)
        except FormatError:
            continue
        assert np.abs(found).max() <= MOST
