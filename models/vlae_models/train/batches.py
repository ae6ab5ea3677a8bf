"""The batch of one training step, addressed by step, so that a resumed training repeats nothing and skips nothing."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..recipe import TrainConfig

DRAW = 1
"""Second word of the seed of a step's draws; an epoch's shuffle has the seed and the epoch alone."""


def batch_of(images: Tensor, step: int, train: TrainConfig) -> Tensor:
    """Return the images of one step: an own shuffle for each epoch."""
    per_epoch = len(images) // train.batch
    epoch, index = divmod(step, per_epoch)
    order = np.random.default_rng([train.seed, epoch]).permutation(len(images))
    return images[torch.from_numpy(order[index * train.batch : (index + 1) * train.batch])]


def draw_batch(ink: Tensor, step: int, train: TrainConfig) -> Tensor:
    """Bilevel images of 0 and 1 of one step, drawn anew from ink and varied as the recipe says.

    Args:
        ink: probability of ink, float, (B, 1, H, W); 0 and 1 stay what they are.
        step: decides the draw, together with the recipe's seed.
        train: `mirror` turns half of the images left to right, `shift` moves each by up to so many pixels.
    """
    random = np.random.default_rng([train.seed, DRAW, step])
    if train.mirror:
        turned = torch.from_numpy(random.random(len(ink)) < 0.5)[:, None, None, None]
        ink = torch.where(turned, ink.flip(3), ink)
    if train.shift:
        ink = _shifted(ink, random.integers(0, 2 * train.shift + 1, (len(ink), 2)), train.shift)
    return (torch.from_numpy(random.random(tuple(ink.shape), np.float32)) < ink).float()


def _shifted(ink: Tensor, starts: np.ndarray[tuple[int, int], np.dtype[np.int64]], most: int) -> Tensor:
    height, width = ink.shape[2:]
    padded = torch.nn.functional.pad(ink, (most,) * 4)
    windows = [one[:, y : y + height, x : x + width] for one, (y, x) in zip(padded, starts.tolist(), strict=True)]
    return torch.stack(windows)
