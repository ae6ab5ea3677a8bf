"""What holds for all pictures, options and bytes: hypothesis looks for one for which it does not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vlae_codec
from benchmarks.small_model import write_small_model
from benchmarks.small_photo_model import write_small_photo_model
from vlae_codec.errors import VlaeError
from vlae_codec.io.images import from_array
from vlae_codec.model.folder import read_arrays

PROFILE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
BITS = st.binary(min_size=8, max_size=8)
"""A picture of 8 x 8."""


@pytest.fixture(autouse=True)
def small(user_models: Path) -> Iterator[str]:
    """The small models of both kinds, installed."""
    write_small_model(user_models / "small")
    write_small_photo_model(user_models / "small-photo")
    return iter(["small"])


def picture(data: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.unpackbits(np.frombuffer(data, np.uint8)).reshape(8, 8).astype(bool)


@PROFILE
@given(BITS, st.integers(1, 3), st.none() | st.integers(1, 24))
def test_lossless_files_give_the_picture_back(data: bytes, effort: int, bits: int | None) -> None:
    packed = vlae_codec.compress(picture(data), "small", lossless=True, effort=effort, bits=bits)
    assert np.array_equal(np.asarray(vlae_codec.decompress(packed)), picture(data))


@PROFILE
@given(BITS, st.integers(1, 24), st.integers(0, 2**63 - 1))
def test_lossy_files_have_the_length_that_was_asked_for(data: bytes, bits: int, seed: int) -> None:
    packed = vlae_codec.compress(picture(data), "small", bits=bits, effort=1)
    assert vlae_codec.inspect(packed).payload_bytes == -(-bits // 8)
    drawn = [np.asarray(vlae_codec.decompress(packed, seed)) for _ in range(2)]
    assert np.array_equal(drawn[0], drawn[1])


@PROFILE
@given(st.binary(min_size=90, max_size=90), st.integers(1, 6), st.integers(1, 5), st.booleans(), st.integers(0, 100))
def test_photographs_of_any_size(data: bytes, height: int, width: int, grey: bool, quality: int) -> None:
    shape = (height, width) if grey else (height, width, 3)
    pixels = np.frombuffer(data, np.uint8)[: int(np.prod(shape))].reshape(shape)
    exact = vlae_codec.compress(pixels, "small-photo", lossless=True)
    found = np.asarray(vlae_codec.decompress(exact))
    assert np.array_equal(found, pixels if found.ndim == pixels.ndim else pixels[..., 0])
    drawn = vlae_codec.decompress(vlae_codec.compress(pixels, "small-photo", quality=quality), temperature=1.0)
    assert drawn.size == (width, height)


@PROFILE
@given(st.lists(BITS, min_size=1, max_size=20), st.booleans())
def test_archives_keep_number_and_order(many: list[bytes], lossless: bool) -> None:
    stack = np.stack([picture(data) for data in many])
    packed = vlae_codec.compress_many(stack, "small", lossless=lossless, effort=1)
    drawn = np.stack([np.asarray(image) for image in vlae_codec.decompress_many(packed)])
    assert drawn.shape == stack.shape
    if lossless:
        assert np.array_equal(drawn, stack)


@settings(PROFILE, max_examples=300)
@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_a_file_or_an_error_of_ours(data: bytes, ours: bool) -> None:
    data = b"\xd6Z" + data if ours else data
    for read in (vlae_codec.inspect, vlae_codec.decompress):
        with contextlib.suppress(VlaeError):
            read(data)


@settings(PROFILE, max_examples=300)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_weights_or_an_error_of_ours(data: bytes, zipped: bool) -> None:
    with contextlib.suppress(VlaeError):
        read_arrays(b"PK\x03\x04" + data if zipped else data)


@PROFILE
@given(
    st.sampled_from([np.uint8, np.bool_, np.int16, np.float32, np.uint16, np.complex64]),
    st.lists(st.integers(0, 6), max_size=5),
)
def test_any_array_is_a_picture_or_an_error_of_ours(dtype: type, shape: list[int]) -> None:
    array: np.ndarray[tuple[int, ...], np.dtype[np.generic]] = np.ones(shape, dtype)
    try:
        pixels = from_array(array).pixels
    except VlaeError:
        return
    assert pixels.dtype == np.uint8
    assert pixels.shape[:2] == array.shape[:2]


@pytest.mark.parametrize("lossless", [True, False])
def test_codes_longer_than_the_blocks_of_a_model_hold_are_refused(lossless: bool) -> None:
    with pytest.raises(VlaeError, match="at most 24"):
        vlae_codec.compress(picture(bytes(8)), "small", bits=32, lossless=lossless)
