from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import BACKENDS, SHAPES, some_images, tiny_model

from vlae_codec.coding.prefix_code import MAX_EXPONENT, fit_lengths
from vlae_codec.errors import FormatError, ModelError
from vlae_codec.latents.payload import (
    EFFORTS,
    decode,
    encode,
    longest_code,
    pack_numbers,
    path_payload,
    solve_exponent,
    unpack_numbers,
    whole_bytes,
)
from vlae_codec.latents.posterior import posterior_of, rates
from vlae_codec.latents.relative_entropy import find_sample
from vlae_codec.latents.tree_search import LEAST_READ, distance_of_meaning, near_ink, nearest, search_tree
from vlae_codec.model.networks import BATCH

models = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


@models
def test_the_file_brings_back_the_leaf_that_was_chosen(shape: Any) -> None:
    model, images = tiny_model(*shape), some_images(3)
    for effort in (1, 3):
        codes = encode(model, images, bits=24, effort=effort)
        assert {(code.mode, len(code.payload), code.payload_bits) for code in codes} == {(0, 3, 24)}
        decoded = decode(model, [0] * 3, [code.payload for code in codes])
        for index in range(3):
            posterior = posterior_of(model, images).of(index)
            _, leaves = search_tree(model, posterior, 24, EFFORTS[effort].beam)
            drawn = leaves[: EFFORTS[effort].drawn]
            near = near_ink(images[[index]]).repeat(len(drawn), axis=0)
            pictures = model.approximate.draw(drawn, near=near)
            read = nearest(images[index], pictures, LEAST_READ)
            distances = distance_of_meaning(posterior, posterior_of(model.approximate, pictures[read]).mean)
            np.testing.assert_array_equal(decoded[index], drawn[read[np.argmin(distances)]])


@models
def test_files_of_samples_round_trip(shape: Any) -> None:
    model, images = tiny_model(*shape), some_images(4)
    codes = encode(model, images, code="sample", effort=1)
    assert all(1 <= code.mode <= model.blocks for code in codes)
    assert all(len(code.payload) == -(-code.payload_bits // 8) for code in codes)
    posterior = posterior_of(model, images)
    kl_blocks = rates(model, images, posterior).kl_blocks
    for index, code in enumerate(codes):
        numbers = find_sample(model, posterior.of(index), kl_blocks[index], EFFORTS[1].reach)
        assert unpack_numbers(code.payload, code.mode, model.info["index_lengths"][code.mode - 1]) == numbers
    z = decode(model, [code.mode for code in codes], [code.payload for code in codes])
    assert z.shape == (4, model.latent)


@pytest.mark.parametrize("code", ["search", "sample"])
@pytest.mark.parametrize("device", BACKENDS[:1])
def test_files_are_the_same_again_and_on_every_backend(code: str, device: str) -> None:
    images = some_images(3)
    codes = encode(tiny_model(), images, effort=1, code=code)
    assert encode(tiny_model(), images, effort=1, code=code) == codes
    assert encode(tiny_model(device=device), images, effort=1, code=code) == codes
    modes, payloads = [code.mode for code in codes], [code.payload for code in codes]
    ours, theirs = decode(tiny_model(), modes, payloads), decode(tiny_model(device=device), modes, payloads)
    np.testing.assert_array_equal(ours, theirs)


def test_a_code_is_the_same_in_every_batch() -> None:
    model, images = tiny_model(), some_images(BATCH + 2)
    codes = encode(model, images, bits=8, effort=1)
    for index in (0, 3, BATCH - 1, BATCH, BATCH + 1):
        assert encode(model, images[index : index + 1], bits=8, effort=1)[0].payload == codes[index].payload


@pytest.mark.parametrize("code", ["search", "sample"])
def test_a_code_and_its_report_do_not_depend_on_the_other_images(code: str) -> None:
    model, images = tiny_model(), some_images(3)
    codes = encode(model, images, effort=1, code=code)
    assert encode(model, images[::-1], effort=1, code=code)[::-1] == codes
    assert encode(model, images[2:], effort=1, code=code) == codes[2:]


@settings(max_examples=150)
@given(st.integers(0, 15), st.binary(max_size=64), st.sampled_from(sorted(SHAPES)))
def test_any_payload_decodes_or_is_refused(mode: int, payload: bytes, name: str) -> None:
    model = tiny_model(*SHAPES[name])
    try:
        z = decode(model, [mode], [payload])
    except FormatError as error:
        assert "\n" not in str(error)
        return
    assert z.shape == (1, model.latent) and z.dtype == np.int64
    assert abs(z).max() < 2**15
    assert 1 <= len(payload) <= (7 if mode == 0 else 25)


@pytest.mark.parametrize(
    ("mode", "payload"), [(0, b""), (0, bytes(8)), (1, b""), (1, bytes([255] * 6)), (2, b""), (3, bytes(5)), (5, b"a")]
)
def test_refused_payloads(mode: int, payload: bytes) -> None:
    with pytest.raises(FormatError):
        decode(tiny_model(), [mode], [payload])


@given(st.binary(min_size=1, max_size=9), st.integers(1, 4))
def test_every_payload_names_numbers_of_its_own(payload: bytes, groups: int) -> None:
    """No bit is spare: whatever the bits are, they are those that the numbers are written with."""
    lengths = fit_lengths([number % 13 for number in range(200)])
    try:
        numbers = unpack_numbers(payload, groups, lengths)
    except FormatError:
        assert groups > 1
        return
    assert len(numbers) == groups and pack_numbers(numbers, lengths) == payload


@given(st.lists(st.integers(0, 2 ** (MAX_EXPONENT + 1) - 2), min_size=1, max_size=4))
def test_numbers_come_back(numbers: list[int]) -> None:
    lengths = fit_lengths([5, 6, 7])
    assert unpack_numbers(pack_numbers(numbers, lengths), len(numbers), lengths) == numbers


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_numbers_of_one_group_fill_payloads_one_after_the_other(bits: int) -> None:
    first = sum(1 << shorter for shorter in range(8, bits, 8))
    lengths = fit_lengths([])
    assert pack_numbers([first], lengths) == bytes(bits // 8)
    assert pack_numbers([first + (1 << bits) - 1], lengths) == bytes([255]) * (bits // 8)


@pytest.mark.parametrize("bits", [1, 8, 16, 17, 24])
def test_bits_are_spent_to_the_whole_byte_or_to_the_bit(bits: int) -> None:
    model, images = tiny_model("4x2", 32, 4), some_images(1)
    code = encode(model, images, bits=bits, effort=1)[0]
    assert code.payload_bits == 8 * len(code.payload) == -(-bits // 8) * 8
    exact = encode(model, images, bits=bits, effort=1, exact_bits=True)[0]
    assert exact.payload_bits == bits and len(exact.payload) == -(-bits // 8)
    path, z = search_tree(model, posterior_of(model, images), bits, EFFORTS[1].beam)
    assert exact.payload == path_payload(model, int(path[0]), bits)
    np.testing.assert_array_equal(decode(model, [exact.mode], [exact.payload], [bits])[0], z[0])


def test_quality_follows_each_images_kl() -> None:
    model, images = tiny_model("4x2", 32, 4), some_images(6)
    lengths = []
    for quality in (0, 25, 50, 100):
        codes = encode(model, images, quality=quality, effort=1)
        wanted = [whole_bytes(quality / 50 * code.kl_bits + 3) for code in codes]
        lengths.append([code.payload_bits for code in codes])
        assert lengths[-1] == wanted
    assert lengths[0] == [8] * 6 and all(a <= b for a, b in zip(lengths[1], lengths[3], strict=True))
    default = [code.payload_bits for code in encode(model, images, effort=1)]
    assert default == lengths[2]


def test_whole_bytes() -> None:
    assert [whole_bytes(bits) for bits in (0, 8, 11.9, 12.1, 20.1, 56, 1000)] == [8, 8, 8, 16, 24, 56, 56]


@given(st.floats(0, 60), st.integers(8, 56))
def test_the_dial_is_one_where_the_code_takes_what_is_wanted(kl: float, wanted: int) -> None:
    assert 0.05 <= solve_exponent(kl, wanted) <= solve_exponent(kl, wanted + 8) <= 8
    assert solve_exponent(wanted - 3.0, wanted) == pytest.approx(1)


def test_a_sample_meets_its_bits_about() -> None:
    model, images = tiny_model(), some_images(8)
    means = [np.mean([c.payload_bits for c in encode(model, images, bits=b, effort=1, code="sample")]) for b in (8, 24)]
    assert means[0] < means[1]


def test_progress_counts_every_image() -> None:
    seen: list[int] = []
    encode(tiny_model(), some_images(BATCH + 1), bits=8, effort=1, progress=seen.append)
    assert sum(seen) == BATCH + 1


def test_theory_is_reported_with_each_code() -> None:
    for code in encode(tiny_model(), some_images(3), effort=1):
        assert 0 < code.kl_bits < code.neg_elbo_bits < code.naive_bits


def test_effort_buys_more_at_every_level() -> None:
    levels = [EFFORTS[level] for level in range(1, 10)]
    assert len(EFFORTS) == 9
    for low, high in zip(levels, levels[1:], strict=False):
        assert low.beam <= high.beam and low.drawn <= high.drawn and low != high
        assert all(few <= many for few, many in zip(low.reach, high.reach, strict=True))
        assert high.drawn <= high.beam


def test_no_images_make_no_codes() -> None:
    assert encode(tiny_model(), some_images(0)) == []


def test_a_block_holds_fourteen_bits_and_a_model_as_many_as_its_blocks() -> None:
    model = tiny_model()
    assert longest_code(model) == 24
    assert longest_code(tiny_model("4x2", 32, 4)) == 56
    with pytest.raises(ModelError, match="at most 24"):
        encode(model, some_images(1), bits=25, effort=1)
    with pytest.raises(FormatError, match="1 to 3"):
        decode(model, [0], [bytes(4)])
    assert {code.payload_bits for code in encode(model, some_images(4), quality=100, effort=1)} == {24}
