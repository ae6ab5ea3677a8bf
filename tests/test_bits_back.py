from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import BACKENDS, SHAPES, some_images, tiny_model

from vlae_codec.coding.ans import Stack
from vlae_codec.errors import FormatError
from vlae_codec.families.bilevel.bits_back import needed_bits, pop_batch, push_batch
from vlae_codec.families.bilevel.lossless_chunk import LANES, account, batch_sizes, decode_chunk, encode_chunk
from vlae_codec.latents.posterior import posterior_of, rates

models = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def filled(size: int, seed: int = 0) -> Stack:
    return Stack(np.random.default_rng(seed).integers(1, 256, size, np.uint8).tobytes())


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(SHAPES)), st.integers(1, 5), st.integers(0, 2000), st.integers(0, 2**32), st.integers(8, 15)
)
def test_the_stack_is_bit_identical_after_push_and_pop(
    shape: str, count: int, size: int, seed: int, precision: int
) -> None:
    """Also where it held too little: then the sender chose z by zeros, which is dear but right."""
    model, images, stack = tiny_model(*SHAPES[shape]), some_images(count, seed), filled(size, seed)
    before = stack.to_bytes()
    push_batch(model, stack, images, precision)
    stack = Stack(stack.to_bytes())
    np.testing.assert_array_equal(pop_batch(model, stack, count, precision), images)
    assert stack.to_bytes() == before


@models
def test_many_batches_come_back_last_first(shape: Any) -> None:
    model, images, stack = tiny_model(*shape), some_images(12), filled(2000)
    before = stack.to_bytes()
    for start in range(0, 12, 4):
        push_batch(model, stack, images[start : start + 4], 12)
    for start in (8, 4, 0):
        np.testing.assert_array_equal(pop_batch(model, stack, 4, 12), images[start : start + 4])
    assert stack.to_bytes() == before


@models
def test_images_cost_their_elbo_and_latents_their_kl(shape: Any) -> None:
    model, images, stack = tiny_model(*shape), some_images(60), filled(20_000)
    spent = account(images, push_batch(model, stack, images, 12))
    theory = rates(model, images, posterior_of(model, images))
    assert spent.neg_elbo_bits == pytest.approx(theory.neg_elbo.sum(), rel=0.02)
    assert spent.stack_bits == pytest.approx(theory.neg_elbo.sum(), rel=0.02)
    assert spent.latent_bits == pytest.approx(theory.kl.sum(), rel=0.1)
    assert spent.naive_bits == pytest.approx(theory.naive.sum(), rel=0.02)


@pytest.mark.parametrize("device", BACKENDS[:1])
def test_every_backend_writes_and_reads_the_same_bytes(device: str) -> None:
    images = some_images(20)
    data, _ = encode_chunk(tiny_model(), images, effort=1)
    assert encode_chunk(tiny_model(device=device), images, effort=1)[0] == data
    np.testing.assert_array_equal(np.concatenate(list(decode_chunk(tiny_model(device=device), data, 20))), images)


@models
@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_chunks_round_trip(shape: Any, count: int) -> None:
    model, images = tiny_model(*shape), some_images(count)
    told: list[int] = []
    data, spent = encode_chunk(model, images, effort=1, progress=told.append)
    np.testing.assert_array_equal(np.concatenate(list(decode_chunk(model, data, count))), images)
    assert sum(told) == spent.images == count
    assert spent.stack_bits == pytest.approx(8 * len(data) - 16, abs=8.01)


def test_pictures_that_are_next_to_nothing() -> None:
    """They leave few bits to choose z with, so that more seeds are needed."""
    model, images = tiny_model(), np.zeros((30, 28, 28), np.uint8)
    data, _ = encode_chunk(model, images, effort=1)
    np.testing.assert_array_equal(np.concatenate(list(decode_chunk(model, data, 30))), images)


def test_the_first_images_of_a_chunk_can_be_read_alone() -> None:
    model, images = tiny_model(), some_images(40)
    data, _ = encode_chunk(model, images, effort=1)
    first = next(decode_chunk(model, data, 40))
    np.testing.assert_array_equal(first, images[: len(first)])
    assert len(first) < 40


@given(st.integers(1, 3000), st.integers(1, 255))
def test_batch_sizes(count: int, seeds: int) -> None:
    seeds = min(seeds, count)
    sizes = batch_sizes(count, seeds)
    assert sum(sizes) == count and sizes[0] == seeds
    assert all(1 <= size <= min(LANES, sum(sizes[:i]) // seeds) for i, size in enumerate(sizes) if i)


@pytest.mark.parametrize(
    ("data", "says"), [(b"", "bytes"), (b"\0\x0c", "0 seeds"), (b"\x09\x0c", "9 seeds"), (b"\x01\x14", "20 bits")]
)
def test_damaged_heads(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        list(decode_chunk(tiny_model(), data, 3))


@settings(max_examples=20)
@given(st.binary(max_size=100), st.integers(1, 4))
def test_any_chunk_decodes_or_is_refused(data: bytes, count: int) -> None:
    try:
        assert sum(map(len, decode_chunk(tiny_model(), bytes([1, 12]) + data, count))) == count
    except FormatError as error:
        assert "\n" not in str(error)


def test_needed_bits_suffice() -> None:
    model, images = tiny_model(), some_images(3)
    stack = filled(3 * needed_bits(model, 12) // 8 + 1)
    low = push_batch(model, stack, images, 12).levels[1]
    assert low >= 0
