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


def test_tables_are_normal_distributions() -> None:
    """Each table's bits are those of the normal masses, as scipy or any other erfc has them."""
    from math import erfc, log2, sqrt

    for index in (0, 13, 40, 63):
        spread = 0.11 * np.exp(index * np.log(128 / 0.11) / 63)
        table, limit = frequencies()[index], limits()[index]
        for k in range(min(limit, 4)):
            mass = 0.5 * (erfc((k - 0.5) / spread / sqrt(2)) - erfc((k + 0.5) / spread / sqrt(2)))
            assert table[limit + k] / 2**24 == pytest.approx(mass, rel=1e-3, abs=1e-7)
        assert (table[: 2 * limit + 1] == table[: 2 * limit + 1][::-1]).all()
        assert costs()[index][limit] == pytest.approx(24 - log2(table[limit]))


def test_frequencies_are_those_of_the_table() -> None:
    """A symbol of frequency n / 2^24 takes 24 - log2 n bits: constriction's rounding is not met."""
    for index in (3, 25, 50):
        table, limit = frequencies()[index], limits()[index]
        code = int(np.argmin(np.abs(table - 5000)))
        if code == 2 * limit + 1:
            code -= 1
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
