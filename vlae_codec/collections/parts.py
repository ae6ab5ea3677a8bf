"""Parts of a collection in a folder, each named by what is in it: a job that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..container.collection import check_path
from ..errors import FormatError
from ..families.choice import candidates
from ..io.anywhere import exists, make_folder, read_all, write_all
from .encode import Failed, encode_part
from .reader import Collection

Portable: TypeAlias = "NDArray[Any] | bytes | str | None"
"""A picture that travels: an array, an image file or its path; None for one that is missing."""


@dataclass(frozen=True)
class PartTask:
    """How parts are made.

    Attributes:
        folder: where they are kept, made when it is needed; a path or a URL that all workers see.
        model: as for `vlae_codec.compress`.
        options: of `encode_part`.
    """

    folder: str
    model: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PartDone:
    """A part that was written.

    Attributes:
        path: the part, a path or a URL.
        reused: whether an earlier run had left it.
        tried: pictures that it was made of.
        failed: name (or number in the part) and error of each picture that is not in it.
    """

    path: str
    reused: bool
    tried: int
    failed: tuple[tuple[str, str], ...]


def keep_part(task: PartTask, pictures: Sequence[Portable], names: Sequence[str] | None) -> PartDone:
    """Write a part of pictures, unless it is there.

    Args:
        task: how.
        pictures: each as for `vlae_codec.compress`; what cannot be coded, or has an unfit name, is left out.
        names: one for each picture, or None.

    Raises:
        ModelError: the model is unknown or damaged.
        VlaeError: the part cannot be written.
    """
    path = f"{task.folder}/{_title(task, pictures, names)}.vlz"
    note = f"{path}.failed"
    if (found := _left_before(path, note)) is not None:
        return PartDone(path, True, len(pictures), found)
    errors: dict[int, str] = {}

    def failed(number: int, error: Exception) -> None:
        errors.setdefault(number, " ".join(str(error).split()))

    fit = None if names is None else [_fit(name, number, failed) for number, name in enumerate(names)]
    kept = [None if number in errors else picture for number, picture in enumerate(pictures)]
    part = encode_part(kept, task.model, names=fit, failed=failed, **task.options)
    wrong = tuple((names[number] if names else str(number), errors[number]) for number in sorted(errors))
    make_folder(task.folder)
    write_all(note, json.dumps(wrong).encode())
    write_all(path, part)
    return PartDone(path, False, len(pictures), wrong)


def _left_before(path: str, note: str) -> tuple[tuple[str, str], ...] | None:
    """Return what failed in a part that an earlier run left, or None if there is no whole part."""
    if not exists(path):
        return None
    try:
        Collection(path).close()
        return tuple((name, error) for name, error in json.loads(read_all(note)))
    except (FormatError, OSError, ValueError):
        return None


def _fit(name: str, number: int, failed: Failed) -> str:
    """Return the name, or an empty one if it is unfit, which is a failure of this picture alone."""
    try:
        check_path(name)
    except FormatError as error:
        failed(number, error)
        return ""
    return name


def _title(task: PartTask, pictures: Sequence[Portable], names: Sequence[str] | None) -> str:
    """Return a name that only the same pictures have, coded in the same way by the same models."""
    models = [info.fingerprint for info in candidates(task.model, lossless=True)]
    title = hashlib.sha256(repr((models, sorted(task.options.items()), names)).encode())
    for picture in pictures:
        if isinstance(picture, np.ndarray):
            title.update(repr((picture.shape, picture.dtype)).encode() + picture.tobytes())
        else:
            title.update(repr(picture).encode())
    return title.hexdigest()[:32]
