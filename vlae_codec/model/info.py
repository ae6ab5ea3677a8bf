"""What is known of a model without its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Traversable

BILEVEL, PHOTO, WINDOWED, PAGE, STORED = "bilevel", "photo", "windowed", "page", "stored"
"""Names of families; the last has no models."""


@dataclass(frozen=True)
class ModelInfo:
    """A model of any family, as the model.json of its folder describes it.

    Attributes:
        name: for people; several models may have one name.
        fingerprint: 64 hex digits, of weights and settings.
        height, width: of its pictures, pixels; 0 of models for pictures of any size.
        auto: whether `-m auto` may choose it.
        folder: of the model's files.
        shipped: whether it came with the package.
        description: one line.
        family: the kind of model, a name that `families.known` has.
        auto_lossless: whether `-m auto` may choose it where the exact pixels are kept.
    """

    name: str
    fingerprint: str
    height: int
    width: int
    auto: bool
    folder: Traversable | Path
    shipped: bool = False
    description: str = ""
    family: str = BILEVEL
    auto_lossless: bool = False
