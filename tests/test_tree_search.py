from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_models import SHAPES, some_images, tiny_model

from vlae_codec.latents.payload import MAX_BITS
from vlae_codec.latents.posterior import Posterior, posterior_of, prior_conditionals
from vlae_codec.latents.tree_search import (
    STRAY,
    best,
    block_bits,
    choose_paths,
    decode_paths,
    distance_of_meaning,
    near_ink,
    nearest,
    search_tree,
)
from vlae_codec.model.networks import IntegerModel

models = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


@models
@pytest.mark.parametrize("bits", [8, 16, 24, 56])
def test_every_leaf_of_the_search_is_what_its_path_decodes_to(shape: Any, bits: int) -> None:
    model = tiny_model(*shape)
    if bits == 56 and model.blocks == 2:
        pytest.skip("2^28 children")
    paths, z = search_tree(model, posterior_of(model, some_images(1)), bits, beam=4)
    assert len(paths) == len(set(paths.tolist())) == 4
    assert paths.min() >= 0 and paths.max() < 2**bits
    for path, leaf in zip(paths.tolist(), z, strict=True):
        np.testing.assert_array_equal(decode_paths(model, np.array([path], np.int64), bits)[0], leaf)


def score(model: IntegerModel, posterior: Posterior, z: NDArray[np.int64]) -> NDArray[np.float64]:
    """log q(z|x) - log p(z), written out anew."""
    mean, scale = prior_conditionals(model, z)
    q = ((z / 1024 - posterior.mean) / posterior.scale) ** 2 / 2 + np.log(posterior.scale)
    p = ((z / 1024 - mean) / scale) ** 2 / 2 + np.log(scale)
    return np.asarray((p - q).sum(axis=1))


def test_a_beam_as_wide_as_the_tree_finds_the_best_leaf_of_all() -> None:
    model = tiny_model()
    posterior = posterior_of(model, some_images(1))
    everything = decode_paths(model, np.arange(256, dtype=np.int64), 8)
    scores = score(model, posterior, everything)
    paths, _ = search_tree(model, posterior, 8, beam=256)
    np.testing.assert_array_equal(np.sort(paths), np.arange(256))
    np.testing.assert_allclose(scores[paths], np.sort(scores)[::-1], atol=0.01)  # but for the rounding of z


def test_a_wider_beam_is_never_worse() -> None:
    """Of two blocks; with more, what a wide beam keeps can crowd out what a narrow one would have found."""
    model = tiny_model()
    for index in range(4):
        posterior = posterior_of(model, some_images(4, seed=3)).of(index)
        leaves = [search_tree(model, posterior, 16, beam)[1][:1] for beam in (1, 2, 4, 16, 64)]
        scores = [score(model, posterior, leaf)[0] for leaf in leaves]
        assert scores == sorted(scores)
        assert scores[-1] > scores[0] or index


def test_more_bits_find_better_leaves() -> None:
    model = tiny_model()
    posteriors = posterior_of(model, some_images(6, seed=4))
    means = []
    for bits in (8, 16, 24):
        found = [search_tree(model, posteriors.of(i), bits, 16)[1][:1] for i in range(6)]
        means.append(np.mean([score(model, posteriors.of(i), leaf)[0] for i, leaf in enumerate(found)]))
    assert means == sorted(means)


@given(st.integers(1, MAX_BITS))
def test_blocks_share_all_bits(bits: int) -> None:
    shares = block_bits(tiny_model("4x2", 32, 4), bits)
    assert sum(shares) == bits
    assert max(shares) - min(shares) <= 1


def test_the_leaf_whose_picture_is_closest_wins() -> None:
    """The original is the picture of the fifth-best leaf: comparing pictures finds that leaf, scores alone do not."""
    model, images = tiny_model(), some_images(2)
    posterior = posterior_of(model, images)
    paths, z = search_tree(model, posterior.of(1), 16, beam=8)
    images = np.stack([images[0], model.draw(z)[4]])
    original = posterior_of(model, images)
    shifted = Posterior(original.mean, posterior.scale)
    leaves = [search_tree(model, shifted.of(1), 16, 256)[0].tolist()]
    assert paths[4] in leaves[0]
    chosen = choose_paths(model, shifted, images, [16, 16], beam=256, drawn=256)
    assert chosen[1] == paths[4]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 70))
def test_the_best_are_those_of_a_whole_sort(values: list[int], count: int) -> None:
    scores = np.array(values, np.float64)
    np.testing.assert_array_equal(best(scores, count), np.argsort(-scores, kind="stable")[:count])


def test_pictures_are_near_if_their_blurred_pixels_are() -> None:
    """A stroke that moved by a pixel is nearer than one that is gone, though more pixels differ."""
    image = np.zeros((28, 28), np.uint8)
    image[5:20, 10] = 1
    moved, gone = np.roll(image, 1, axis=1), np.zeros_like(image)
    assert (moved != image).sum() > (gone != image).sum()
    pictures = np.stack([gone, moved, image, gone])
    assert [nearest(image, pictures, count).tolist() for count in (1, 2, 3, 9)] == [
        [2],
        [1, 2],
        [0, 1, 2],
        [0, 1, 2, 3],
    ]


def test_pixels_near_ink_are_those_of_squares_around_it() -> None:
    images = (np.random.default_rng(0).random((3, 12, 16)) < 0.03).astype(np.uint8)
    near = near_ink(images)
    for number, row, column in np.ndindex(images.shape):
        square = images[number, max(0, row - STRAY) : row + STRAY + 1, max(0, column - STRAY) : column + STRAY + 1]
        assert near[number, row, column] == square.any()


def test_meaning_is_a_squared_distance_in_deviations() -> None:
    """Two deviations in one dimension are as far as one in each of four; wide posteriors forgive more."""
    original = Posterior(np.full((1, 4), 0.5), np.array([[1.0, 1.0, 1.0, 2.0]]))
    moves = np.array([[0, 0, 0, 0], [1, 1, -1, 2], [2, 0, 0, 0], [0, 0, 0, -4], [0, 3, 0, 0]])
    distances = distance_of_meaning(original, original.mean + moves)
    assert distances[0] == 0 and distances[4] > distances[3]
    assert distances[1] == pytest.approx(distances[2]) == pytest.approx(distances[3])
