"""The work that a file causes is paid for by its bytes: what announces much and holds little is refused at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vlae_codec
from benchmarks.small_photo_model import write_small_photo_model
from vlae_codec.coding.wavefront import Wavefront
from vlae_codec.container.limits import is_thin
from vlae_codec.container.varint import write_number
from vlae_codec.errors import FormatError, ImageError
from vlae_codec.families import registry
from vlae_codec.families.page import container as page
from vlae_codec.families.photo import container as photo
from vlae_codec.families.request import Rate
from vlae_codec.families.stored import container as stored
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed import container as windowed
from vlae_codec.io import webp
from vlae_codec.io.images import Picture
from vlae_codec.model.info import PAGE, PHOTO, ModelInfo

SIDE = 7750
"""Of a picture of 60 megapixels."""


def print_of(name: str) -> bytes:
    """Return the fingerprint of a shipped model."""
    return bytes.fromhex(registry.find_model(name).fingerprint)


def lossy(height: int, width: int, exact: bool = False, downscale: int = 4) -> bytes:
    """Return the file of a windowed model with nothing in it."""
    file = windowed.WindowedFile(b"", True, 30, height, width, b"", b"" if exact else None, downscale=downscale)
    return windowed.write_file(print_of("photo-exact"), file)


def photograph(height: int, width: int) -> bytes:
    """Return the file of a photo model with nothing in it."""
    return photo.write_file(print_of("photo"), photo.PhotoFile(b"", 0, False, height, width, b""))


def one_page(height: int, width: int) -> bytes:
    """Return the file of a page all of which is coded by nothing."""
    file = page.PageFile(b"", height, width, b"\0", b"\xff", [(0, height)], [(0, width)])
    return page.write_file(print_of("page"), file)


def without_model(height: int, width: int) -> bytes:
    """Return the file of a picture of whose tiles only the first is there."""
    tile = webp.encode_tile(np.zeros((min(height, webp.TILE), min(width, webp.TILE), 3), np.uint8), 1)
    return stored.write_file(stored.StoredFile(True, False, height, width, write_number(len(tile)) + tile))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lossy, "0 bytes are too few for 7750 x 7750"),
        (lambda height, width: lossy(height, width, True), "0 bytes are too few"),
        (lambda height, width: lossy(height, width, False, 8), "0 bytes are too few for 3875 x 3875"),
        (photograph, "0 bytes of payload are too few for 7750 x 7750"),
        (one_page, "0 bytes are too few for 7750 x 7750"),
        (without_model, "cut short|beyond"),
    ],
)
def test_some_bytes_cannot_announce_60_megapixels(make: Callable[[int, int], bytes], message: str) -> None:
    data = make(SIDE, SIDE)
    assert len(data) < 300
    with pytest.raises(FormatError, match=message):
        vlae_codec.decompress(data)


def test_every_family_for_any_size_is_among_these() -> None:
    auto = {info.family for info in registry.list_models() if not info.height}
    assert auto <= {PAGE, PHOTO, "windowed"}


def test_thin_pictures_are_paid_for_by_their_length() -> None:
    assert windowed.least_bytes((512, 512)) == 256
    assert windowed.least_bytes((1, 767)) == 0 and windowed.least_bytes((256, 511)) == 60
    assert windowed.least_bytes((1, 1 << 16)) == windowed.least_bytes((1 << 16, 1)) > 16_000
    with pytest.raises(FormatError, match="0 bytes are too few for 65536 x 1"):
        vlae_codec.decompress(lossy(1, 1 << 16))


@pytest.mark.parametrize(("height", "width"), [(1 << 16, 1), (1 << 16, 16), (16, 1 << 16), (8300, 1)])
def test_a_page_that_is_a_long_walk_is_not_coded(height: int, width: int) -> None:
    with pytest.raises(FormatError, match="too thin"):
        vlae_codec.decompress(one_page(height, width))
    with pytest.raises(ImageError, match="so thin a picture"):
        vlae_codec.compress(two_levels(height, width), "page")
    data = vlae_codec.compress(two_levels(height, width))
    assert vlae_codec.inspect(data).model == "stored"
    assert (np.asarray(vlae_codec.decompress(data)) == two_levels(height, width)).all()


def two_levels(height: int, width: int) -> NDArray[np.uint8]:
    return 255 * np.random.default_rng(0).integers(0, 2, (height, width)).astype(np.uint8)


@pytest.mark.parametrize(("height", "width", "long"), [(8192, 4, False), (8193, 4, True), (8193, 2100, False)])
def test_what_a_long_walk_is(height: int, width: int, long: bool) -> None:
    assert Wavefront(height, width, 4).is_long is long


@pytest.fixture
def info(user_models: Path, monkeypatch: pytest.MonkeyPatch) -> ModelInfo:
    """Return a windowed model of random weights, of whose work hardly any is free."""
    write_small_photo_model(user_models / "small", patch=8, straight=True)
    monkeypatch.setattr(windowed, "FREE_WORK", 0)
    monkeypatch.setattr(windowed, "STEP_WORK", 64)
    monkeypatch.setattr(windowed, "WORK_A_BYTE", 1)
    return registry.find_model("small-photo")


@pytest.mark.parametrize("lossless", [False, True])
def test_what_takes_fewer_bytes_is_filled_up(info: ModelInfo, lossless: bool) -> None:
    pixels = np.full((21, 33), 128, np.uint8)
    data = codec.compress_photo(Picture(pixels), info, Rate(lossless=lossless)).data
    file = windowed.parse_file(data)
    assert len(file.payload) == windowed.least_bytes(file.coded_size) > 1000
    found, _, lost = codec.decompress_photo(data)
    assert found.shape == pixels.shape and not lost and (not lossless or (found == pixels).all())
    part = file.payload if file.residual is None else file.residual
    assert not any(part[-4:])
    less = replace(file, payload=part[:-4]) if file.residual is None else replace(file, residual=part[:-4])
    short = windowed.write_file(bytes.fromhex(info.fingerprint), less)
    with pytest.raises(FormatError, match="too few"):
        codec.decompress_photo(short)
    if lossless:
        assert codec.decompress_photo(short, preview=True)[0].shape == pixels.shape


def test_a_target_counts_what_is_filled_up(info: ModelInfo) -> None:
    pixels = np.full((64, 64), 128, np.uint8)
    least = len(codec.compress_photo(Picture(pixels), info, Rate(quality=0)).data)
    assert len(codec.compress_photo(Picture(pixels), info, Rate(target_bytes=least)).data) == least
    with pytest.raises(ImageError, match=f"{least - 1} bytes are too few for this picture"):
        codec.compress_photo(Picture(pixels), info, Rate(target_bytes=least - 1))


@pytest.mark.parametrize(
    ("height", "width", "thin"),
    [(1, 8191, False), (1, 8192, True), (8192, 1, True), (8, 65536, True), (64, 8256, True), (65, 8256, False)],
)
def test_what_is_thin(height: int, width: int, thin: bool) -> None:
    assert is_thin(height, width) is thin


@pytest.mark.parametrize("size", [(1, 65536), (65536, 1), (8, 65536)])
def test_a_model_that_goes_pixel_by_pixel_refuses_thin_pictures(size: tuple[int, int], info: ModelInfo) -> None:
    for lossless in (False, True):
        with pytest.raises(ImageError, match="so thin a picture"):
            codec.compress_photo(Picture(np.zeros(size, np.uint8)), info, Rate(lossless=lossless))


@pytest.mark.parametrize("size", [(1, 65536), (65536, 1), (8, 65536)])
def test_thin_pictures_are_stored(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    for lossless in (False, True):
        data = vlae_codec.compress(pixels, lossless=lossless)
        assert vlae_codec.inspect(data).model == "stored"
        assert (np.asarray(vlae_codec.decompress(data)) == pixels).all()
    with pytest.raises(ImageError, match="65536"):
        vlae_codec.compress(np.zeros((1, 65537), np.uint8), lossless=True)
