"""Parts of a collection in a folder, each named by what is in it: a job that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..io.urls import file_system, is_url
from .encode import encode_part
from .writer import join

Portable: TypeAlias = "NDArray[Any] | bytes | str | None"
"""A picture that travels: an array, an image file or its path; None for one that is missing."""


@dataclass(frozen=True)
class PartTask:
    """How parts are made.

    Attributes:
        folder: where they are kept, a path or a URL that all workers see.
        model: as for `vlae_codec.compress`.
        options: of `encode_part`.
    """

    folder: str
    model: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PartDone:
    """A part: where it is, whether it was there already, and what is wrong with each of its pictures, if anything."""

    path: str
    reused: bool
    errors: tuple[str, ...]


def keep_part(task: PartTask, pictures: Sequence[Portable], names: Sequence[str] | None) -> PartDone:
    """Write a part of pictures, unless it is there.

    Args:
        task: how.
        pictures: each as for `vlae_codec.compress`; what cannot be coded is left out.
        names: one for each picture, or None.

    Raises:
        ModelError: the model is unknown or damaged.
        VlaeError: the part cannot be written.
    """
    path = f"{task.folder}/{_title(task, pictures, names)}.vlz"
    files, inner = file_system(path) if is_url(path) else (None, path)
    errors = [""] * len(pictures)
    note = f"{inner}.errors"

    def failed(number: int, error: Exception) -> None:
        errors[number] = " ".join(str(error).split())

    if files.exists(inner) if files else Path(inner).exists():
        found = files.cat_file(note) if files else Path(note).read_bytes()
        return PartDone(path, True, tuple(json.loads(found)))
    part = encode_part(pictures, task.model, names=names, failed=failed, **task.options)
    packed = json.dumps(errors).encode()
    _ = files.pipe_file(note, packed) if files else Path(note).write_bytes(packed)
    join([part], path, force=True)
    return PartDone(path, False, tuple(errors))


def _title(task: PartTask, pictures: Sequence[Portable], names: Sequence[str] | None) -> str:
    """Return a name that only the same pictures have, coded in the same way."""
    title = hashlib.sha256(repr((task.model, sorted(task.options.items()), names)).encode())
    for picture in pictures:
        if isinstance(picture, np.ndarray):
            title.update(repr((picture.shape, picture.dtype)).encode() + picture.tobytes())
        else:
            title.update(repr(picture).encode())
    return title.hexdigest()[:32]
