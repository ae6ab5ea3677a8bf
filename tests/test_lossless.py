from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import BACKENDS, SHAPES, WINDOW_NAMES, some_images, some_latents, tiny_model

from vlae_codec.coding.interval import encode_interval
from vlae_codec.container import header
from vlae_codec.container.header import TREE_SEARCH, check, parse, write_lossless
from vlae_codec.errors import FormatError
from vlae_codec.families.bilevel.lossless import encode, explain, restore
from vlae_codec.latents.payload import decode
from vlae_codec.latents.posterior import posterior_of
from vlae_codec.model.networks import IntegerModel, Integers, Pictures, spent_bits
from vlae_codec.pixels.bernoulli import coding_order, read_pixels

models = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
FINGERPRINT = bytes(range(7, 39))
FILE = write_lossless(FINGERPRINT, b"abc", b"the exact pixels0")


@models
def test_pictures_come_back_exactly(shape: Any) -> None:
    model, images = tiny_model(*shape), some_images(5)
    codes = encode(model, images, effort=1)
    z = decode(model, [TREE_SEARCH] * len(codes), [code.payload for code in codes])
    np.testing.assert_array_equal(restore(model, z, [code.residual for code in codes]), images)
    for code in codes:
        assert code.payload_bits == 8 * (len(code.payload) + len(code.residual))
        assert 8 * len(code.residual) < code.pixel_bits + header.LENGTH_BITS + 8
        assert code.residual[-1] % 8 == 0


@models
def test_more_effort_is_never_longer(shape: Any) -> None:
    model, images = tiny_model(*shape), some_images(4)
    lengths = [[code.payload_bits for code in encode(model, images, effort=effort)] for effort in (1, 3)]
    assert (np.array(lengths[1]) <= np.array(lengths[0])).mean() >= 0.75  # a wider beam may lose a lucky leaf
    assert sum(lengths[1]) <= sum(lengths[0])


def test_bits_decide_the_lossy_part() -> None:
    codes = encode(tiny_model("4x2", 32, 4), some_images(2), bits=33, effort=1)
    assert {len(code.payload) for code in codes} == {4}


@pytest.mark.parametrize("device", BACKENDS[:1])
def test_every_backend_writes_and_reads_the_same_bytes(device: str) -> None:
    images, theirs = some_images(3), tiny_model(device=device)
    codes = encode(tiny_model(), images, effort=1)
    assert encode(theirs, images, effort=1) == codes
    z = decode(theirs, [TREE_SEARCH] * len(codes), [code.payload for code in codes])
    np.testing.assert_array_equal(restore(theirs, z, [code.residual for code in codes]), images)


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_the_receiver_meets_the_senders_probabilities(window: str) -> None:
    """In the sender's order, though it knows only the pixels read before."""
    model, images, z = tiny_model(window), some_images(3), some_latents(3)
    ones = model.likelihoods(images, z)
    np.testing.assert_allclose(spent_bits(images, ones), model.distortion_bits(images, z))
    expected, pixels = coding_order(model, ones), coding_order(model, images.reshape(3, -1)).astype(np.int64)
    met: list[np.ndarray[Any, Any]] = []

    def decide(probabilities: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        start = sum(map(len, met))
        met.append(probabilities)
        return pixels[start : start + len(probabilities)]

    np.testing.assert_array_equal(read_pixels(model, z, decide), images)
    np.testing.assert_array_equal(np.concatenate(met), expected)


def test_residuals_of_anything_give_some_picture() -> None:
    model, z = tiny_model(), some_latents(3)
    pictures = restore(model, z, [b"", b"\xff" * 3000, b"abc"])
    assert pictures.shape == (3, 28, 28) and pictures.max() <= 1


@given(st.binary(min_size=1, max_size=8), st.binary(max_size=300), st.integers(0, 31))
def test_container_round_trip(payload: bytes, most: bytes, last: int) -> None:
    residual = most + bytes([8 * last])
    data = write_lossless(FINGERPRINT, payload, residual)
    check(data, FINGERPRINT)
    parts = parse(data)
    assert (parts.mode, parts.prefix, parts.payload, parts.residual) == (0, FINGERPRINT[:3], payload, residual)
    assert len(data) == len(payload) + len(residual) + header.AROUND
    assert sum(int(part["bytes"]) for part in header.sections(parts)) == len(data)


def test_the_lossy_code_is_a_prefix() -> None:
    lossy = header.write_container(0, FINGERPRINT, b"abc")
    bits, payload = (int.from_bytes(data[6:10], "big") for data in (FILE, lossy))
    assert bits >> 5 == 2 << 24 | payload >> 8
    assert header.AROUND == 8


@pytest.mark.parametrize("length", range(len(FILE)))
def test_cut_anywhere(length: int) -> None:
    """In the lossy part: an error. Behind it: the lossy part is there, and known not to be all."""
    data = FILE[:length]
    if length < 10:
        with pytest.raises(FormatError):
            parse(data)
    else:
        assert parse(data).payload == b"abc"
        with pytest.raises(FormatError):
            check(data, FINGERPRINT)


@pytest.mark.parametrize("bit", range(8 * len(FILE)))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FormatError):
        check(bytes(data), FINGERPRINT)


def test_the_leaf_of_the_fewest_bytes_is_taken() -> None:
    """Of leaves that take nearly the same bits the number of one may happen to end a byte before."""
    model, images = tiny_model(), some_images(20)
    leaves = explain(model, images, posterior_of(model, images), [(16,)] * len(images), 5)
    coded = [in_order(model, *both) for both in zip(images, (one.ones for one in leaves), strict=True)]
    sizes = np.array([len(encode_interval(*both, header.LENGTH_BITS)) for both in coded])
    taken = np.array([len(code.residual) for code in encode(model, images, bits=16)])
    assert (taken <= sizes).all() and taken.sum() < sizes.sum()


def in_order(model: IntegerModel, image: Pictures, ones: Integers) -> tuple[list[int], list[int]]:
    """Return the pixels of an image, and their probabilities, in the order in which they are coded."""
    pixels, given = (coding_order(model, part.reshape(1, -1)).tolist() for part in (image, ones))
    return pixels, given


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    try:
        parse(b"\xd6Z\x15" + data)
    except FormatError as error:
        assert "\n" not in str(error)
