"""Pictures to one part of a collection: a function that travels to a worker and comes back as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import api
from ..api import ImageLike
from ..container.collection import write_part
from ..errors import VlaeError

Failed = Callable[[int, Exception], None]
"""Callback with the number of a picture that could not be coded, and why."""


def encode_part(
    pictures: Iterable[ImageLike],
    model: str = "auto",
    *,
    names: Sequence[str] | None = None,
    pack: int = 1,
    failed: Failed | None = None,
    **options: Any,
) -> bytes:
    """Return a collection of pictures, whole by itself and fit to be appended or joined.

    Args:
        pictures: each as for `vlae_codec.compress`.
        model: as for `vlae_codec.compress`.
        names: one for each picture, or None; each kept if `pack` is 1.
        pack: pictures of black and white in an archive; 1 for a file each, which any picture can be read from at once.
        failed: Callback with pictures that cannot be coded, which are left out; without it the first one is raised.
        options: of `vlae_codec.compress`, or of `compress_many` if `pack` is more than 1.

    Raises:
        ImageError, ModelError, VlaeError, OSError: as `vlae_codec.compress`.
    """
    every = list(pictures)
    if names is not None and len(names) != len(every):
        raise VlaeError(f"{len(names)} names for {len(every)} pictures")
    if pack < 1:
        raise VlaeError(f"{pack} pictures in an archive: give 1 or more")
    files = list[tuple[str, bytes]]()
    for start in range(0, len(every), pack):
        some = every[start : start + pack]
        try:
            if pack == 1:
                files.append((names[start] if names else "", api.compress(some[0], model, **options)))
            else:
                kept = names[start : start + pack] if names else None
                files.append(("", api.compress_many(some, model, names=kept, **options)))
        except (VlaeError, OSError) as error:
            if failed is None:
                raise
            for number in range(start, start + len(some)):
                failed(number, error)
    return write_part(files)
