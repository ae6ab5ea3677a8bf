"""Pictures to one part of a collection: a function that travels to a worker and comes back as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .. import api
from ..container import envelope
from ..container.collection import write_part
from ..errors import ImageError, VlaeError
from ..families import codec
from ..families.choice import candidates
from ..families.family import Job
from ..families.request import Rate
from ..io.images import Picture
from ..io.metadata import KEEP_NOTHING, Keeping, parse_kinds
from ..sources import ImageLike, read_picture

ERRORS = (VlaeError, OSError)

Failed = Callable[[int, Exception], None]
"""Callback with the number of a picture that could not be coded, and why."""


def encode_part(
    pictures: Iterable[ImageLike | None],
    model: str = "auto",
    *,
    names: Sequence[str] | None = None,
    pack: int = 1,
    failed: Failed | None = None,
    **options: Any,
) -> bytes:
    """Return a collection of pictures, whole by itself and fit to be appended or joined.

    Args:
        pictures: each as for `vlae_codec.compress`; None fails.
        model: as for `vlae_codec.compress`.
        names: one for each picture, or None; archives keep those without folders.
        pack: bilevel pictures in an archive, others get a file each; with 1 all of them do, and any picture
            can be read at once.
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
    if pack == 1:
        coded = compress_each(every, model, failed=failed, **options)
        return write_part([(name, data) for name, data in zip(names or [""] * len(every), coded, strict=True) if data])
    files = list[tuple[str, bytes]]()
    for start in range(0, len(every), pack):
        some = slice(start, start + pack)
        files += _packed(every[some], names[some] if names else None, start, model, failed, options)
    return write_part(files)


def _packed(
    pictures: Sequence[ImageLike | None],
    names: Sequence[str] | None,
    first: int,
    model: str,
    failed: Failed | None,
    options: Mapping[str, Any],
) -> list[tuple[str, bytes]]:
    """One archive of some pictures, or a file of each if they are not fit for an archive."""
    good: dict[int, Picture] = {}
    for number, image in enumerate(pictures):
        try:
            good[number] = _read(image)
        except ERRORS as error:
            _tell(failed, first + number, error)
    kept = [names[number] for number in good] if names else [""] * len(good)
    try:
        plain = names is not None and not any("/" in name for name in kept)
        return [("", api.compress_many(list(good.values()), model, names=kept if plain else None, **options))]
    except VlaeError:
        numbers = list(good)
        report = None if failed is None else lambda number, error: failed(first + numbers[number], error)
        coded = compress_each([pictures[number] for number in numbers], model, failed=report, **options)
        return [(name, data) for name, data in zip(kept, coded, strict=True) if data]


def compress_each(
    pictures: Sequence[ImageLike | None], model: str = "auto", *, failed: Failed | None = None, **options: Any
) -> list[bytes | None]:
    """Return the .vlz file of each picture, the same as `vlae_codec.compress` gives; None for those that failed.

    Bilevel pictures are coded together, which takes half the time.

    Args:
        pictures: each as for `vlae_codec.compress`; None fails.
        model: as for `vlae_codec.compress`.
        failed: Callback with pictures that cannot be coded; without it the first one is raised.
        options: of `vlae_codec.compress`.

    Raises:
        ImageError, ModelError, VlaeError, OSError: as `vlae_codec.compress`.
    """
    device, keep = options.pop("device", "cpu"), parse_kinds(options.pop("keep", "none"))
    rate = Rate(**options)
    jobs, among = dict[int, Job](), candidates(model, rate.lossless)
    for number, image in enumerate(pictures):
        try:
            picture = _read(image, Keeping(keep, rate.lossless))
            jobs[number] = codec.plan(picture, model, rate, among)
        except ERRORS as error:
            _tell(failed, number, error)
    found: list[bytes | None] = [None] * len(pictures)
    for (number, job), made in zip(jobs.items(), codec.compress(list(jobs.values()), device), strict=True):
        if isinstance(made, VlaeError):
            _tell(failed, number, made)
        else:
            found[number] = envelope.wrap(made.data, job.picture.metadata)
    return found


def _read(image: ImageLike | None, keep: Keeping = KEEP_NOTHING) -> Picture:
    if image is None:
        raise ImageError("no picture")
    return read_picture(image, keep)


def _tell(failed: Failed | None, number: int, error: Exception) -> None:
    if failed is None:
        raise error
    failed(number, error)
