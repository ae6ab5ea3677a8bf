"""A label y of an image: its input to prior and decoder, and the classifier q(y|x)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .layers import linear

WIDTH = 128
"""Hidden units of the classifier."""


def label_input(labels: int, outputs: int) -> nn.Linear | None:
    """Return the layer that adds a one-hot label to a fully connected layer, at first nothing; None without labels."""
    if not labels:
        return None
    layer = nn.Linear(labels, outputs, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


def classifier(inputs: int, labels: int) -> nn.Sequential:
    """Return a classifier of (B, inputs): logits (B, labels)."""
    return nn.Sequential(linear(inputs, WIDTH), nn.ReLU(), nn.Dropout(0.3), linear(WIDTH, labels, gain=0.3))


def one_hot(label: Tensor, labels: int) -> Tensor:
    """Return labels (B,) as float vectors (B, labels)."""
    return F.one_hot(label, labels).float()
