"""Labels in payloads: of a model with K labels each payload begins with the image's, in the bit length of K - 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from ..errors import FormatError, ModelError
from ..model.networks import IntegerModel, Integers, Pictures

T = TypeVar("T")


def label_bits(model: IntegerModel) -> int:
    """Bits of the label that payloads of a model begin with; 0 without labels."""
    return max(0, model.labels - 1).bit_length()


def label_rate(model: IntegerModel) -> float:
    """-log2 p(y) of a label among equally likely ones; 0 without labels."""
    return math.log2(max(1, model.labels))


def with_label(model: IntegerModel, path: int, bits: int) -> int:
    """Put a path of so many bits behind the label of a model that `given` made; just the path without labels."""
    return (model.label or 0) << bits | path


def split_label(model: IntegerModel, payload: bytes) -> tuple[int, int, int]:
    """Label of a payload, the number that the bits behind it are, and how many these are.

    Raises:
        FormatError: the model has no such label.
    """
    bits, value = 8 * len(payload) - label_bits(model), int.from_bytes(payload, "big")
    label = value >> bits if bits >= 0 else model.labels
    if label >= max(1, model.labels) and label:
        raise FormatError(f"label {label}, and model {model.name} has {model.labels}")
    return label, value & ((1 << max(0, bits)) - 1), bits


def relabelled(model: IntegerModel, payload: bytes, label: int) -> bytes:
    """Return a payload of any mode with another label."""
    _, rest, bits = split_label(model, payload)
    return (label << bits | rest).to_bytes(len(payload), "big")


def by_label(
    model: IntegerModel, images: Pictures, labels: Integers | None, encode: Callable[[IntegerModel, Pictures], list[T]]
) -> list[T]:
    """Encode images (B, H, W), those of one label by the model given the label; results keep their order.

    Args:
        model: with labels or without.
        images: the images.
        labels: theirs, (B,); by default the most likely ones.
        encode: codes images by a model without labels.
    """
    if not model.labels or model.label is not None:
        return encode(model, images)
    labels = model.likely_labels(images) if labels is None else labels
    found: dict[int, T] = {}
    for label in np.unique(labels).tolist():
        chosen = np.flatnonzero(labels == label)
        found |= zip(chosen.tolist(), encode(model.given(label), images[chosen]), strict=True)
    return [found[number] for number in range(len(images))]


def check_label(model: IntegerModel, label: int) -> None:
    """Refuse a label that a model does not have.

    Raises:
        ModelError: the model has no labels, or fewer.
    """
    if not model.labels:
        raise ModelError(f"model {model.name} has no labels: vlae-models list shows which have")
    if not 0 <= label < model.labels:
        raise ModelError(f"label {label}, and model {model.name} has 0 to {model.labels - 1}")
