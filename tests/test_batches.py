"""Batches are addressed by step; what is drawn keeps to the ink and to what the recipe allows."""

from __future__ import annotations

import numpy as np
import torch
from small_models import some_images

from vlae_models.nets.vlae import as_tensor
from vlae_models.recipe import TrainConfig
from vlae_models.train.batches import batch_of, draw_batch

PLAIN = TrainConfig(batch=4, seed=3)


def test_an_epoch_covers_the_images_once() -> None:
    images = torch.arange(23).float()
    epochs = [[batch_of(images, epoch * 5 + step, PLAIN) for step in range(5)] for epoch in range(3)]
    orders = [torch.cat(epoch).tolist() for epoch in epochs]
    for order in orders:
        assert len(order) == len(set(order)) == 20  # the last three wait for another epoch
    assert orders[0] != orders[1] != orders[2]
    left_out = [set(range(23)) - set(order) for order in orders]
    assert len(left_out[0] | left_out[1] | left_out[2]) > 3
    assert torch.equal(batch_of(images, 7, PLAIN), epochs[1][2])
    assert batch_of(images, 0, TrainConfig(batch=4, seed=4)).tolist() != epochs[0][0].tolist()


def test_ink_is_drawn_anew_at_each_step_and_alike_when_resumed() -> None:
    ink = torch.full((50, 1, 28, 28), 0.3)
    first, second = draw_batch(ink, 1, PLAIN), draw_batch(ink, 2, PLAIN)
    assert set(first.flatten().tolist()) == {0.0, 1.0}
    assert abs(float(first.mean()) - 0.3) < 0.01
    assert not torch.equal(first, second)
    assert torch.equal(first, draw_batch(ink, 1, PLAIN))
    assert not torch.equal(first, draw_batch(ink, 1, TrainConfig(seed=4)))


def test_bilevel_images_stay_as_they_are() -> None:
    images = as_tensor(some_images(30))
    assert torch.equal(draw_batch(images, 5, PLAIN), images)


def test_about_half_of_the_images_are_mirrored() -> None:
    images = as_tensor(some_images(200))
    drawn = draw_batch(images, 5, TrainConfig(mirror=True))
    turned = (drawn == images.flip(3)).flatten(1).all(1)
    kept = (drawn == images).flatten(1).all(1)
    assert bool((turned | kept).all())
    assert 70 < int(turned.sum()) < 130


def test_images_are_shifted_by_so_much_at_most() -> None:
    images = as_tensor(some_images(300))
    drawn = draw_batch(images, 5, TrainConfig(shift=1)).squeeze(1).numpy()
    padded = np.pad(images.squeeze(1).numpy(), ((0, 0), (1, 1), (1, 1)))
    places = np.stack([padded[:, y : y + 28, x : x + 28] for y in range(3) for x in range(3)])
    match = (places == drawn).all(axis=(2, 3))  # (9, N)
    assert match.any(axis=0).all()
    assert match.any(axis=1).all()
