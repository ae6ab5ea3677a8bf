"""A colour model's recipe."""

from __future__ import annotations

from dataclasses import dataclass, field

from .config import PhotoConfig, PhotoTraining


@dataclass(frozen=True)
class PhotoRecipe:
    """A named colour model, its data and how it is trained."""

    name: str
    data: str
    description: str = ""
    model: PhotoConfig = field(default_factory=PhotoConfig)
    train: PhotoTraining = field(default_factory=PhotoTraining)
