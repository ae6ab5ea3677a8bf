"""The restoration filter: what it does, how it is fitted, and that files with and without it come back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import vlae_codec
from vlae_codec.container import limits
from vlae_codec.families.photo import restoration, sender
from vlae_codec.families.photo.container import PhotoFile, parse_file, write_file
from vlae_codec.families.photo.restoration import OFFSETS, SIZE, TAPS, fitted, restore

Levels = NDArray[np.uint8]


def picture(height: int, width: int, seed: int = 0) -> Levels:
    """Smoothed noise, with all levels."""
    noise = np.random.default_rng(seed).normal(128, 60, (height + 2, width + 2, 3))
    smooth = (noise[1:-1, 1:-1] + noise[:-2, 1:-1] + noise[1:-1, 2:]) / 3
    return np.asarray(smooth.clip(0, 255), np.uint8)


def defined(levels: Levels, data: bytes) -> Levels:
    """The filter as docs/format.md defines it, pixel by pixel."""
    numbers, (height, width) = np.frombuffer(data, np.int8).astype(int).tolist(), levels.shape[:2]
    out: Levels = levels.copy()

    def luma(row: int, column: int) -> int:
        red, green, blue = levels[min(height - 1, max(0, row)), min(width - 1, max(0, column))].astype(int)
        return int(red + 2 * green + blue)

    for row, column in np.ndindex(height, width):
        change = 512
        for k in range(12):
            down, right = k // 5 - 2, k % 5 - 2
            around = luma(row + down, column + right) + luma(row - down, column - right)
            change += numbers[k] * (around - 2 * luma(row, column))
        for channel in range(3):
            x = int(levels[row, column, channel])
            value = x + ((change + numbers[12 + channel] * (x - 128) + 64 * numbers[15 + channel]) >> 10)
            out[row, column, channel] = min(255, max(0, value))
    return out


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (2, 3), (13, 8)])
@pytest.mark.parametrize("pixels", [1, 24, 1 << 17])
def test_it_is_what_the_format_says(size: tuple[int, int], pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoration, "PIXELS", pixels)  # parts of two rows and more
    data, levels = np.random.default_rng(1).integers(-128, 128, SIZE).astype(np.int8).tobytes(), picture(*size)
    want = defined(levels, data)
    restore(levels, data)
    np.testing.assert_array_equal(levels, want)


def test_offsets_are_the_first_half_of_a_square() -> None:
    assert tuple((k // 5 - 2, k % 5 - 2) for k in range(TAPS)) == OFFSETS and SIZE == 18


def test_a_blurred_picture_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoration, "PIXELS", 40 * 64)
    original = picture(96, 64)
    padded = np.pad(original.astype(float), ((1, 1), (1, 1), (0, 0)), "edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * padded[1:-1, 1:-1]
    levels = np.asarray((original + around / 16 + 3).clip(0, 255), np.uint8)
    data, saved = fitted(levels, original)
    shown = levels.copy()
    restore(shown, data)
    before, after = (np.square(one.astype(float) - original).sum() for one in (levels, shown))
    assert after < 0.4 * before
    assert saved == pytest.approx(before - after, rel=0.1)


def test_equal_pictures_need_no_change() -> None:
    levels = picture(32, 48)
    data, saved = fitted(levels, levels)
    assert data == bytes(SIZE) and saved == 0


def test_files_have_it_where_it_pays() -> None:
    rows, columns = np.mgrid[:192, :256]
    waves = np.stack([np.sin(rows / 5) + np.cos(columns / 3), np.sin((rows + columns) / 7), np.cos(rows / 4)], 2)
    original = np.asarray((120 + 50 * waves).clip(0, 255), np.uint8)
    plain, found = (vlae_codec.compress(original, model="photo", quality=80, effort=effort) for effort in (1, 5))
    assert not parse_file(plain).filter and len(parse_file(found).filter) == SIZE
    file = parse_file(found)
    without = write_file(bytes.fromhex(file.prefix.hex()) + bytes(29), PhotoFile(**{**vars(file), "filter": b""}))
    assert len(without) == len(found) - SIZE
    tiny = vlae_codec.compress(np.full((16, 16, 3), 90, np.uint8), model="photo", quality=50)
    assert not parse_file(tiny).filter  # flat: nothing to save


def test_a_large_picture_is_fitted_by_a_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, columns = np.mgrid[:320, :256]
    waves = np.stack([np.sin(rows / 5) + np.cos(columns / 3), np.sin((rows + columns) / 7), np.cos(rows / 4)], 2)
    original = np.asarray((120 + 50 * waves).clip(0, 255), np.uint8)
    whole = vlae_codec.compress(original, model="photo", quality=80)
    monkeypatch.setattr(sender, "FITTED", 100 * 256)  # six of twenty rows of the grid
    part = vlae_codec.compress(original, model="photo", quality=80)
    assert len(part) == len(whole) and part != whole

    def error(data: bytes) -> float:
        return float(np.square(vlae_codec.decompress_array(data).astype(float) - original).mean())

    plain = vlae_codec.compress(original, model="photo", quality=80, effort=1)
    assert error(whole) <= error(part) < error(plain)


def test_thin_pictures_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's work for one is that for all positions of the grid, and the sender would do it as well."""
    rows, columns = np.mgrid[:48, :512]
    waves = np.stack([np.sin(rows / 5) + np.cos(columns / 3), np.sin((rows + columns) / 7), np.cos(rows / 4)], 2)
    original = np.asarray((120 + 50 * waves).clip(0, 255), np.uint8)
    assert parse_file(vlae_codec.compress(original, model="photo", quality=80)).filter
    monkeypatch.setattr(limits, "LONGEST", 512)
    assert not parse_file(vlae_codec.compress(original, model="photo", quality=80)).filter


def test_a_head_of_another_length_is_refused_by_the_writer() -> None:
    with pytest.raises(AssertionError):
        write_file(bytes(32), PhotoFile(b"", 3, False, 4, 4, b"", None, bytes(SIZE - 1)))
