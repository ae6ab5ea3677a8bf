"""One collection by several workers of any engine: each writes parts, which are joined at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import VlaeError
from ..families.choice import candidates
from ..io.anywhere import exists, size_of
from ..io.urls import is_url
from .parts import PartDone, PartTask
from .writer import join


@dataclass(frozen=True)
class Report:
    """What became of a collection.

    Attributes:
        pictures: in the collection.
        bytes: of it.
        parts, reused: how many parts there were, and how many of them an earlier run had left.
        seconds: all that it took.
        pictures_per_second: of all that were tried.
        failed: name (or number in its part) and error of each picture that is not in it.
    """

    pictures: int
    bytes: int
    parts: int
    reused: int
    seconds: float
    pictures_per_second: float
    failed: tuple[tuple[str, str], ...]

    @property
    def bits_a_picture(self) -> float:
        """Bits of the collection by picture."""
        return round(8 * self.bytes / max(1, self.pictures), 2)


class Job:
    """A collection that is being made; its parts lie in the folder PATH.parts, where a stopped run leaves them.

    Args:
        path: the collection, a path or a URL that all workers see; it must not exist.
        model: as for `vlae_codec.compress`.
        options: of `vlae_codec.collections.encode_part`.

    Raises:
        ModelError: the model is unknown.
        VlaeError: the collection exists.
    """

    def __init__(self, path: str | os.PathLike[str], model: str, options: Mapping[str, Any]) -> None:
        self._started = time.monotonic()
        text = os.fspath(path)
        self.path = text if is_url(text) else os.path.abspath(text)  # workers stand in other folders
        candidates(model)  # an unknown model is an error of the job, not of each picture
        if exists(self.path):
            raise VlaeError(f"{text} exists: give another name")
        self.task = PartTask(f"{self.path}.parts", model, options)

    def finish(self, done: Sequence[PartDone]) -> Report:
        """Join the parts, in order; they stay where they are.

        Raises:
            FormatError: a part is damaged.
            VlaeError: one is missing, or the collection cannot be written.
        """
        pictures = join([one.path for one in done], self.path)
        seconds, tried = time.monotonic() - self._started, sum(one.tried for one in done)
        reused, failed = sum(one.reused for one in done), tuple(pair for one in done for pair in one.failed)
        return Report(
            pictures, size_of(self.path), len(done), reused, round(seconds, 2), round(tried / seconds, 1), failed
        )  # fmt: skip
