"""Pictures to files and back by whichever family: the steps behind the API and the commands."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from ..container.limits import is_thin
from ..errors import FormatError, ImageError, VlaeError
from ..io.images import Picture, from_array, squared_error
from ..model.info import PAGE
from . import known, smooth
from .choice import candidates, plan
from .family import Job, attempt
from .page import codec as page
from .request import Draw, Rate
from .result import Decoded, Encoded, Progress
from .stored import codec as stored
from .stored import colours

__all__ = ["compress", "compress_one", "decompress", "decompress_one", "plan", "verify"]

EXACT = "kept exactly: a lossy file would hardly be smaller"
"""Notice of a picture for which a lossy file was wanted."""
FINEST, WHOLE = 100.0, "kept exactly: quality 100 is without loss"
"""Quality at which pictures are stored where no model is named, and the notice that says so."""
TWO_LEVELS = "kept exactly: it has two levels at most"
"""Notice of such a picture for which a lossy file was wanted."""
HARDLY = 64
"""Bytes that exact pixels may cost beyond a lossy file."""
FLAT_BITS = 1 / 32
"""Bits a pixel of an exact file up to which no lossy one is tried where no quality is given: as few as that takes."""
FEWER = "kept in {} colours: a lossy file would be much further from it"
"""Notice of a drawn picture that has fewer colours than it had."""
DRAWN, MUCH = 16, 2.0
"""Times the bytes of a lossy file that the exact one takes of a drawn picture at the most (photographs take 20), and by
what factor fewer colours have to be nearer: they make steps of what is smooth."""
QUICK = 1 << 16
"""Pixels of a picture of two levels up to which a palette is tried beside the page model, which is rarely larger."""
THIN = 8
"""Pixels of a side below which a picture is stored: models code patches of at least that size."""

Given = TypeVar("Given")
Kind = TypeVar("Kind", bound=Hashable)
Made = TypeVar("Made")
Encode = Callable[[Sequence[Job]], Iterator[Encoded | VlaeError]]
"""Files of jobs by the models of their family."""


def compress(
    jobs: Sequence[Job], device: str = "cpu", progress: Progress | None = None
) -> Iterator[Encoded | VlaeError]:
    """Yield the file of each picture in order, or what is wrong with it; those of one family are coded together.

    Args:
        jobs: from `plan`.
        device: "cpu", "torch" or "cuda"; the bytes are the same.
        progress: Callback with pictures, or rows of one.
    """

    def kind(job: Job) -> tuple[str, Rate, bool]:
        return job.models[0].family, job.rate, job.auto and not job.models[0].height

    def work(key: tuple[str, Rate, bool], group: Sequence[Job]) -> Iterator[Encoded | VlaeError]:
        name, rate, storable = key
        by_model = partial(known.family(name).encode, rate=rate, device=device, progress=progress)
        if not storable:
            return by_model(group)
        return (attempt(partial(_smallest, job, by_model, progress)) for job in group)

    return _together(jobs, kind, work)


def decompress(
    files: Sequence[bytes], draw: Draw, device: str = "cpu", progress: Progress | None = None
) -> Iterator[Decoded | VlaeError]:
    """Yield the pictures of each file of one picture in order, or what is wrong with it.

    Args:
        files: the files, without metadata in front.
        draw: how they are drawn.
        device: "cpu", "torch" or "cuda"; the pixels are the same.
        progress: Callback with pictures, or rows of one.
    """

    def kind(data: bytes) -> str | VlaeError:
        found = attempt(partial(known.family_of_file, data))
        return found if isinstance(found, VlaeError) else found.name

    def work(key: str | VlaeError, group: Sequence[bytes]) -> Iterator[Decoded | VlaeError]:
        if isinstance(key, VlaeError):
            return iter([key] * len(group))
        return known.family(key).decode(group, draw, device, progress)

    return _together(files, kind, work)


def compress_one(job: Job, device: str = "cpu") -> Encoded:
    """Return the file of a picture.

    Raises:
        VlaeError: it cannot be coded so.
    """
    return _only(compress([job], device))


def decompress_one(data: bytes, draw: Draw, device: str = "cpu") -> Decoded:
    """Return the pictures of a file of one picture, which has no metadata in front.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
        ModelError: the model is unknown or damaged.
        OptionError: its family does not have an option.
    """
    return _only(decompress([data], draw, device))


def verify(made: Encoded, picture: Picture, device: str = "cpu") -> None:
    """Decode a file that was just made of a picture.

    Raises:
        FormatError: it is not what it should be.
    """
    found = decompress_one(made.data, Draw(), device).pictures[0]
    if made.residual_bits is not None and not _is_equal(found, made.exact, picture):
        raise FormatError("the exact picture does not come back: please report this")
    if found.shape[:2] != made.size:
        raise FormatError("a picture of another size comes back: please report this")


def _is_equal(found: np.ndarray, exact: np.ndarray | None, picture: Picture) -> bool:
    if exact is not None:
        return np.array_equal(found, exact)
    return np.array_equal(stored.channels(from_array(found))[0], stored.channels(picture)[0])


def _together(
    items: Sequence[Given],
    kind: Callable[[Given], Kind],
    work: Callable[[Kind, Sequence[Given]], Iterator[Made]],
) -> Iterator[Made]:
    """Yield what comes of each item, in order; items of one kind are worked on together."""
    keys, groups = [], dict[Kind, list[Given]]()
    for item in items:
        keys.append(kind(item))
        groups.setdefault(keys[-1], []).append(item)
    made = {key: work(key, group) for key, group in groups.items()}
    yield from (next(made[key]) for key in keys)


def _only(found: Iterator[Made | VlaeError]) -> Made:
    """Return the first result.

    Raises:
        VlaeError: it is one.
    """
    made = next(found)
    if isinstance(made, VlaeError):
        raise made
    return made


def _smallest(job: Job, encode: Encode, progress: Progress | None) -> Encoded:
    """Return the file of a picture of any size, stored without a model where that takes fewer bytes."""
    picture, rate = job.picture, job.rate
    if two := _as_page(picture, rate.steps):
        if rate.lossless:
            return two
        if rate.target_bytes is None or len(two.data) <= rate.target_bytes:
            return replace(two, notices=(*two.notices, TWO_LEVELS))
    if rate.lossless:
        return _only(encode([job]))
    if rate.quality == FINEST:
        whole = stored.compress(picture, rate.steps, progress=progress)
        return replace(whole, notices=(*whole.notices, WHOLE))
    exact, kept, lossy = stored.Exact(picture, rate.steps), None, None
    if rate.target_bytes is not None:
        kept = exact.within(rate.target_bytes)
        lossy = None if kept else _only(encode([job]))
    elif _is_thin(picture):
        kept = stored.compress(picture, rate.steps)
    else:
        most = FLAT_BITS / 8 * math.prod(picture.size) if rate.quality is None else 0
        kept = exact.within(int(most))
        if not kept:
            lossy = _lossy(job, encode)
            kept = exact.within(len(lossy.data) + HARDLY)
    if kept:
        return replace(kept, notices=(*kept.notices, EXACT))
    assert lossy is not None
    return _with_fewer_colours(picture, lossy, exact.estimate, rate) or lossy


def _with_fewer_colours(picture: Picture, lossy: Encoded, exact: int, rate: Rate) -> Encoded | None:
    """Return the file of a drawn picture in fewer colours, if it is much nearer and no larger than a lossy one.

    Args:
        exact: estimated bytes of the exact file.
    """
    most = len(lossy.data) if rate.target_bytes is None else rate.target_bytes
    pixels = math.prod(picture.size)
    if pixels > colours.MOST_PIXELS or exact > min(DRAWN * most, stored.DRAWN_BITS / 8 * 3 * pixels):
        return None
    shown = attempt(partial(decompress_one, lossy.data, Draw()))
    if isinstance(shown, VlaeError):  # there is no memory to compare them
        return None
    drawn, wanted = (stored.channels(one)[0] for one in (from_array(shown.pictures[0]), replace(picture, deep=None)))
    found = colours.compress_within(picture, most, squared_error(drawn, wanted) / MUCH, rate.steps)
    if found is None or found.exact is None:
        return None
    count = len(np.unique(found.exact[:, :, :3].reshape(-1, 3), axis=0))
    return replace(found, notices=(*found.notices, FEWER.format(count)))


def _is_thin(picture: Picture) -> bool:
    """Return whether a picture is stored because models would code many pixels beside it, or go one by one."""
    return min(picture.size) < THIN or is_thin(*picture.size)


def _lossy(job: Job, encode: Encode) -> Encoded:
    """Return the lossy file of a picture, at a quality that suits it if none is given."""
    if job.rate.quality is not None:
        return _only(encode([job]))
    return smooth.compress(job, lambda one: _only(encode([one])))


def _as_page(picture: Picture, effort: int) -> Encoded | None:
    """Return the exact file of a picture of two levels, by a page model or without one, whichever is smaller.

    Without one where the picture is too thin for it.
    """
    info = next((info for info in candidates() if info.family == PAGE), None)
    if info is None or page.split(picture) is None:
        return None
    try:
        made = page.compress(picture, info)
    except ImageError:
        return stored.compress(picture, effort)
    quick = math.prod(picture.size) <= QUICK
    return stored.Exact(picture, effort, slow=quick).within(len(made.data) - 1) or made
