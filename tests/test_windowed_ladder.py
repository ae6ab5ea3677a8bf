"""Pictures that are downscaled before they are coded, and the quality ladder that says by how much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlae_codec
from benchmarks.small_photo_model import write_small_photo_model
from vlae_codec.errors import FormatError, ImageError
from vlae_codec.families import registry
from vlae_codec.families.request import Rate
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.codec import DEFAULT_QUALITY
from vlae_codec.families.windowed.container import WindowedFile, parse_file, write_file
from vlae_codec.families.windowed.ladder import COARSEST, FINEST, Setting, ladder, setting_of
from vlae_codec.families.windowed.model import WindowedModel
from vlae_codec.families.windowed.resample import MOST_DOWNSCALED, STRIP, UNSCALED, downscaled, downscaled_size, upscale
from vlae_codec.io.images import Picture
from vlae_codec.model.info import ModelInfo

PRINT = bytes(range(32))


def waves(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    one = 128 + 60 * np.sin(rows / 9) + 50 * np.cos(columns / 7 + rows / 20)
    return np.stack([one, 255 - one, one / 2], axis=-1).astype(np.uint8)


@pytest.fixture
def info(user_models: Path) -> ModelInfo:
    """A model of random weights."""
    write_small_photo_model(user_models / "small", patch=8, straight=True)
    found = registry.find_model("small-photo")
    assert found
    return found


def keys_cubic(levels: np.ndarray, count: int) -> np.ndarray:
    """Cubic convolution of the rows in floats, a = -3/4, edges repeated."""
    places = (np.arange(count) + 0.5) * len(levels) / count - 0.5
    below = np.floor(places).astype(int)
    total = np.zeros((count, *levels.shape[1:]))
    for tap in range(-1, 3):
        x, a = np.abs(places - below - tap), -0.75
        near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * (x**3 - 5 * x**2 + 8 * x - 4)
        total += np.where(x <= 1, near, far)[:, None, None] * levels[(below + tap).clip(0, len(levels) - 1)]
    return total


@pytest.mark.parametrize(
    ("old", "new"), [((7, 5), (7, 5)), ((9, 8), (18, 15)), ((1, 1), (3, 2)), ((33, 20), (130, 31))]
)
def test_enlarging_is_cubic_convolution(old: tuple[int, int], new: tuple[int, int]) -> None:
    picture = np.random.default_rng(sum(new)).integers(0, 256, (*old, 3)).astype(np.uint8)
    exact = keys_cubic(keys_cubic(picture.astype(float), new[0]).swapaxes(0, 1), new[1]).swapaxes(0, 1)
    made = upscale(picture, new)
    assert made.shape == (*new, 3) and made.dtype == np.uint8
    assert np.abs(made - exact.clip(0, 255)).max() < 2, "places are known to 1/1024 of a pixel"


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
def test_what_is_flat_stays_flat(level: int) -> None:
    flat = np.full((3, 5, 3), level, np.uint8)
    assert (upscale(flat, (STRIP + 9, 16)) == level).all()


@pytest.mark.parametrize("downscale", [5, 6, 8, 24, MOST_DOWNSCALED])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (61, 47)])
def test_a_picture_comes_back_in_its_size(downscale: int, size: tuple[int, int]) -> None:
    picture = waves(*size)
    small = downscaled(picture, downscale)
    assert small.shape[:2] == downscaled_size(size, downscale)
    assert [4 * side <= downscale * less < 4 * side + downscale for side, less in zip(size, small.shape, strict=False)]
    assert upscale(small, size).shape == picture.shape


def test_what_is_smooth_survives() -> None:
    picture = waves(90, 120)
    again = upscale(downscaled(picture, 8), (90, 120))
    assert np.abs(again.astype(int) - picture).mean() < 1


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (32, 32), (64, 64), (100, 100), (512, 768), (6000, 8000)])
def test_the_dial_goes_from_small_and_coarse_to_whole_and_fine(info: ModelInfo, size: tuple[int, int]) -> None:
    model = registry.read_model(info.folder, WindowedModel)
    settings = ladder(model, size)
    assert setting_of(0, model, size) == settings[0]
    assert setting_of(100, model, size) == settings[-1] == Setting(UNSCALED, 63)
    assert settings == sorted(set(settings), key=lambda one: (-one.downscale, one.number))
    assert max(FINEST) <= MOST_DOWNSCALED and len(settings) <= sum(last - COARSEST + 1 for last in FINEST.values())
    if min(size) > 500:
        assert {one.downscale for one in settings} == set(FINEST) and min(one.number for one in settings) == COARSEST
    elif min(size) == 1:
        assert settings == [(UNSCALED, number) for number in range(64)]
    else:
        assert settings[0].downscale > UNSCALED and settings[0].number < COARSEST, "coarser widths instead"


@pytest.mark.parametrize("widths", [(7, 7), (50, 63), (0, 62)])
def test_a_model_that_lacks_widths_shrinks_nothing(info: ModelInfo, widths: tuple[int, int]) -> None:
    whole = registry.read_model(info.folder, WindowedModel)
    settings = ladder(WindowedModel({**whole.info, "widths": list(widths)}, whole.arrays), (512, 768))
    assert settings == [(UNSCALED, number) for number in range(widths[0], widths[1] + 1)]


@pytest.mark.parametrize("grey", [False, True])
def test_files_say_by_how_much(info: ModelInfo, grey: bool) -> None:
    picture = waves(50, 61)[:, :, 0] if grey else waves(50, 61)
    made = codec.compress_photo(Picture(picture), info)
    downscale, _ = setting_of(DEFAULT_QUALITY, registry.read_model(info.folder, WindowedModel), (50, 61))
    file = parse_file(made.data)
    assert file.downscale == downscale > UNSCALED and (file.height, file.width) == (50, 61)
    assert file.coded_size == made.coded_size == downscaled_size((50, 61), downscale)
    for preview in (False, True):
        assert codec.decompress_photo(made.data, preview=preview)[0].shape == picture.shape
    record = vlae_codec.inspect(made.data)
    assert (record.coded_height, record.coded_width) == made.coded_size and (record.height, record.width) == (50, 61)
    exact = codec.compress_photo(Picture(picture), info, Rate(lossless=True))
    assert parse_file(exact.data).downscale == UNSCALED and exact.coded_size == exact.size


def test_progress_counts_the_rows_that_are_drawn(info: ModelInfo) -> None:
    made = codec.compress_photo(Picture(waves(50, 61)), info)
    heard: list[tuple[int, int]] = []
    codec.decompress_photo(made.data, progress=lambda done, total: heard.append((done, total)))
    rows = made.coded_size[0]
    assert rows < 50 and sum(done for done, _ in heard) == rows and {total for _, total in heard} == {rows}


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (8, 8), (7, 30), (9, 5)])
def test_tiny_pictures_look_like_themselves(size: tuple[int, int]) -> None:
    """A grid of one place alone would be all border, which no model has seen."""
    picture = np.full((*size, 3), (200, 90, 40), np.uint8)
    shown = np.asarray(vlae_codec.decompress(vlae_codec.compress(picture, "photo-exact")))
    assert np.abs(shown.astype(int) - picture).mean() < 30


def test_fewer_bytes_are_had_by_shrinking() -> None:
    picture, info = Picture(waves(72, 96)), registry.find_model("photo-exact")
    assert info
    least = codec.compress_photo(picture, info, Rate(quality=0))
    assert parse_file(least.data).downscale > 2 * UNSCALED
    assert codec.compress_photo(picture, info, Rate(target_bytes=len(least.data))).data == least.data
    with pytest.raises(ImageError, match=f"has {len(least.data)}"):
        codec.compress_photo(picture, info, Rate(target_bytes=len(least.data) - 1))
    for target in (200, 500):
        assert len(codec.compress_photo(picture, info, Rate(target_bytes=target)).data) <= target


@pytest.mark.parametrize("downscale", [0, UNSCALED, MOST_DOWNSCALED + 1, 255])
def test_impossible_shrinks_are_refused(downscale: int) -> None:
    data = bytearray(write_file(PRINT, WindowedFile(b"", False, 3, 9, 9, b"abc", downscale=8)))
    assert data[7] == 8 and parse_file(bytes(data)).downscale == 8
    data[7] = downscale
    with pytest.raises(FormatError, match="downscaling factor is impossible"):
        parse_file(bytes(data))
    with pytest.raises(FormatError, match="cut short"):
        parse_file(bytes(data[:6]))


def test_a_lossless_file_is_never_shrunk() -> None:
    data = bytearray(write_file(PRINT, WindowedFile(b"", True, 3, 9, 9, b"abc", b"de")))
    data[6] |= 0x40
    with pytest.raises(FormatError, match="downscaling factor is impossible"):
        parse_file(bytes(data))
    with pytest.raises(AssertionError):
        write_file(PRINT, WindowedFile(b"", True, 3, 9, 9, b"abc", b"de", downscale=8))


def test_both_backends_show_the_same(info: ModelInfo) -> None:
    pytest.importorskip("torch")
    files = {codec.compress_photo(Picture(waves(40, 40)), info, device=device).data for device in ("cpu", "torch")}
    (data,) = files
    ours, theirs = (codec.decompress_photo(data, temperature=1.0, device=device)[0] for device in ("cpu", "torch"))
    np.testing.assert_array_equal(ours, theirs)
    assert Image.fromarray(ours).size == (40, 40)
