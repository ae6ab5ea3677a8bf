"""Pictures of many colours: they come back from few bytes, of exact arithmetic, and damage is refused."""

from __future__ import annotations

import contextlib
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vlae_codec.errors import FormatError, VlaeError
from vlae_codec.families.stored import codec, predicted
from vlae_codec.families.stored.container import DEEP, PALETTE, PREDICTED, TILES, StoredFile, parse_file, write_file
from vlae_codec.families.stored.planes import (
    ABOVE,
    BELOW,
    BESIDE,
    DELAY,
    FEATURES,
    NEIGHBOURS,
    NORTH,
    SLANT,
    WEST,
    Floats,
    Line,
)
from vlae_codec.families.stored.prediction import NEAR, Coder
from vlae_codec.families.stored.regression import FLUSHED, RIDGE, TINY, WEIGHT_MOST, Global, Local, Triangle
from vlae_codec.io.images import Picture

Levels = NDArray[np.uint8]


def photograph(height: int, width: int, channels: int = 3, noise: float = 2.0) -> Levels:
    """A scene of soft shapes with an edge and the noise of a sensor, (H, W, C): what no palette holds."""
    rng = np.random.default_rng(height * width + channels)
    coarse, colours = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)), 3 if channels > 2 else 1
    scene = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.float64)
    scene[np.add.outer(np.arange(height), np.arange(width)) > (height + width) / 2] *= 0.6
    noisy = scene[:, :, :colours] + rng.normal(0, noise, (height, width, colours))
    scene = np.concatenate([noisy, scene // 64 * 64], axis=2)[:, :, :channels]
    found: Levels = scene.round().clip(0, 255).astype(np.uint8)
    return found


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (3, 2), (21, 27)])
def test_pictures_come_back(size: tuple[int, int], channels: int) -> None:
    levels = photograph(*size, channels)
    data, spent = predicted.encode(levels)
    assert np.array_equal(predicted.decode(data, *size, channels), levels)
    assert spent / 8 <= len(data) <= spent / 8 + 12


@pytest.mark.parametrize("channels", [1, 3])
def test_extremes_come_back(channels: int) -> None:
    """Flat pictures, and noise of the lowest and the highest level, which no prediction suits."""
    rng = np.random.default_rng(3)
    for levels in (np.full((20, 30, channels), 255), 255 * rng.integers(0, 2, (20, 30, channels))):
        data, _ = predicted.encode(levels.astype(np.uint8))
        assert np.array_equal(predicted.decode(data, 20, 30, channels), levels)


def test_progress_comes_to_the_height() -> None:
    seen = list[int]()
    data, _ = predicted.encode(photograph(40, 30), lambda rows, _: seen.append(rows))
    assert sum(seen) == 40
    predicted.decode(data, 40, 30, 3, lambda rows, _: seen.append(rows))
    assert sum(seen) == 80


def test_files_of_predicted_samples_come_back() -> None:
    for channels in (1, 2, 3, 4):
        levels = photograph(20, 30, channels)
        pixels = levels[:, :, 0] if channels < 3 else levels[:, :, :3]
        made = codec.compress(Picture(pixels, alpha=levels[:, :, -1].copy() if channels in (2, 4) else None))
        assert parse_file(made.data).coding == PREDICTED
        assert np.array_equal(np.atleast_3d(codec.decompress(made.data)[0]), levels)


def test_photographs_take_fewer_bytes_than_lossless_webp() -> None:
    picture = Picture(photograph(96, 128))
    made, general = codec.compress(picture), codec.compress(picture, 9, palettes=False, predictions=False)
    assert [parse_file(one.data).coding for one in (made, general)] == [PREDICTED, TILES]
    assert len(made.data) < 0.9 * len(general.data)


def test_colours_that_were_rounded_once_gain_by_exact_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of YCC, as JPEG files hold, few RGB colours come: contexts know them, predictions alone do not."""
    chroma = photograph(64, 96, noise=0)[:, :, 1:] // 64 * 64 // 3 + 90
    ycc = np.concatenate([photograph(64, 96, 1, noise=6), chroma], axis=2)
    levels = np.asarray(Image.fromarray(ycc, "YCbCr").convert("RGB"))
    known, _ = predicted.encode(levels)
    contexts = Coder._contexts
    monkeypatch.setattr(Coder, "_contexts", lambda self, *about: np.repeat(contexts(self, *about)[4:5], 8, axis=0))
    blind, _ = predicted.encode(levels)
    assert len(known) < 0.8 * len(blind)


def test_neighbours_are_known_when_they_are_read() -> None:
    """A later sample would be there for the sender alone, or be 0."""
    for row, column in ((row, column) for (row, column), _ in NEAR):
        assert column + SLANT * row < 0 and row >= -ABOVE and abs(column) <= BESIDE
    for neighbours in NEIGHBOURS:
        assert len(neighbours) == len(set(neighbours)) == FEATURES
        for before, row, column in (*neighbours, (0, *NORTH), (0, *WEST)):
            assert column + SLANT * row - DELAY * before < 0
            assert -ABOVE <= row <= BELOW and abs(column) <= BESIDE


@pytest.mark.parametrize("noise", ["black and white", "levels", "lines"])
def test_sums_are_exact_in_any_order(noise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of matrices are of whole numbers below 2^53, so that no library's order of summation shows."""
    rng = np.random.default_rng(4)
    levels = rng.integers(0, 256, (24, 40, 3), np.uint8)
    if noise == "black and white":
        levels = levels // 128 * 255
    if noise == "lines":
        levels[:] = 255 * (np.arange(40) % 2)[:, None]
    seen = list[float]()

    def watched(self: Global, line: Line, features: Floats, targets: Floats) -> None:
        learn(self, line, features, targets)
        rows = np.concatenate([features, targets[None]])
        weights = self._coefficients
        assert np.array_equal(rows, np.rint(rows)) and np.array_equal(weights, np.rint(weights))
        assert np.abs(weights).max() <= WEIGHT_MOST
        most = np.abs(rows).max()
        assert most <= 510 and FEATURES * WEIGHT_MOST * most < 2.0**53
        seen.append(float(np.abs(self._moments).max()))

    learn = Global.learn
    monkeypatch.setattr(Global, "learn", watched)
    data, _ = predicted.encode(levels)
    assert np.array_equal(predicted.decode(data, 24, 40, 3), levels)
    assert 0 < max(seen) < 2.0**53


def test_coefficients_solve_the_equations() -> None:
    rows = np.random.default_rng(5).integers(-510, 511, (13, 200)).astype(np.float64)
    moments, triangle = rows @ rows[:-1].T, Triangle(12)
    found = triangle.solve(triangle.products(rows).sum(axis=1, keepdims=True), RIDGE)[:, 0]
    expected = np.linalg.solve(moments[:-1] + RIDGE * np.eye(12), moments[-1])
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_equations_without_a_solution_have_small_coefficients() -> None:
    """Of equal features any share would do; the least pivot keeps them from growing without bound."""
    triangle = Triangle(12)
    moments = 30 * triangle.products(np.full((13, 1), 500.0))
    found = triangle.solve(moments, RIDGE)
    np.testing.assert_allclose(found.sum(), 1, atol=1e-3)
    assert np.abs(found).max() < 1.1


def test_moments_do_not_come_near_zero_without_being_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processors take long for the least of numbers, which flat parts behind others would come to."""
    levels = photograph(2, 200, 1)
    levels[:, 20:] = 77
    times = list[int]()

    def watched(self: Local, line: Line, features: Floats, targets: Floats) -> None:
        learn(self, line, features, targets)
        if line.time % FLUSHED == 0:
            for moments in (self._beside, self._all):
                assert np.abs(moments[moments != 0]).min(initial=1) >= TINY
            times.append(line.time)

    learn = Local.learn
    monkeypatch.setattr(Local, "learn", watched)
    predicted.encode(levels)
    assert max(times) > 180


def test_coding_takes_no_more_memory_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicted, "WORK", 34 << 20)  # of cells and tables; what is left is of libraries
    levels = photograph(128, 256)
    said = predicted.memory(*levels.shape)
    tracemalloc.start()
    try:
        data, _ = predicted.encode(levels)
        assert tracemalloc.get_traced_memory()[1] < said
        tracemalloc.reset_peak()
        predicted.decode(data, *levels.shape)
        assert tracemalloc.get_traced_memory()[1] < said
    finally:
        tracemalloc.stop()


def test_damage_is_refused() -> None:
    data, _ = predicted.encode(photograph(40, 50))
    for reason, body, size in (
        ("not whole words", data[:-1], (40, 50)),
        ("too few", data[:400], (4096, 4096)),
        ("too thin", data, (65536, 8)),
        ("damaged", b"\xff" * 40, (9, 9)),
    ):
        with pytest.raises(FormatError, match=reason) as found:
            predicted.decode(body, *size, 3)
        assert "\n" not in str(found.value)
    made = bytearray(codec.compress(Picture(photograph(40, 50))).data)
    with pytest.raises(FormatError):
        codec.decompress(bytes(made[: len(made) // 2]))
    made[len(made) // 2] ^= 1
    with pytest.raises(FormatError):
        codec.decompress(bytes(made))


def test_thin_pictures_are_not_predicted() -> None:
    assert predicted.is_long(65536, 8) and not predicted.is_long(1, 8000)
    assert predicted.is_slow(3000, 1) and predicted.is_slow(3000, 12)
    assert not predicted.is_slow(1, 2000) and not predicted.is_slow(100, 3000) and not predicted.is_slow(512, 768)
    for size in ((65536, 8), (3000, 1)):
        assert codec._by_prediction(np.zeros((*size, 3), np.uint8), None) == []


def test_any_bytes_are_a_picture_or_refused() -> None:
    rng = np.random.default_rng(7)
    for size in range(0, 60, 6):
        body = rng.integers(0, 256, size // 4 * 4, np.uint8).tobytes()
        with contextlib.suppress(VlaeError):
            assert predicted.decode(body, 9, 11, 3).shape == (9, 11, 3)


@pytest.mark.parametrize("flag", [DEEP, PALETTE])
def test_predicted_samples_exclude_other_codings(flag: int) -> None:
    data = bytearray(write_file(StoredFile(False, False, 9, 9, b"", coding=PREDICTED)))
    data[6] |= flag
    with pytest.raises(FormatError, match=f"flags {PREDICTED | flag} exclude one another"):
        parse_file(bytes(data))
    assert StoredFile(False, True, 1, 1, b"", coding=PREDICTED).describe().mode == "stored, predicted"
