"""Smooth pictures, such as large gradients: their steps show at the quality that suits photographs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from ..io.images import Picture
from .family import Job
from .result import Encoded

BITS, QUALITY = 0.1, 85.0
"""Bits a pixel of a lossy file below which a picture is smooth, and the quality that it gets where none is given:
photographs take 0.2 at the least, and gradients come back 0.7 to 0.9 levels off at the default, 0.5 to 0.6 at this."""
NOTICE = "smooth: coded at quality 85, which takes hardly more bytes"
"""Notice of such a picture."""
SIDE, LARGE = 256, 1 << 20
"""Pixels of a side of the sample by which a picture of at least so many pixels is expected to be smooth or not."""

Encode = Callable[[Job], Encoded]


def compress(job: Job, encode: Encode) -> Encoded:
    """Return the lossy file of a picture for which no quality is given, of a smooth one at a higher than the default.

    A file at the higher quality that is as small as a smooth one's at the default says that this would be too, so that
    a picture that is expected to be smooth is coded but once.
    """
    finer = encode(_at_quality(job)) if _is_expected(job, encode) else None
    if finer is None or not _is_smooth(finer):
        made = encode(job)
        if not _is_smooth(made):
            return made
    finer = finer or encode(_at_quality(job))
    return replace(finer, notices=(*finer.notices, NOTICE))


def _at_quality(job: Job) -> Job:
    return job._replace(rate=replace(job.rate, quality=QUALITY))


def _is_smooth(made: Encoded) -> bool:
    return 8 * len(made.data) < BITS * math.prod(made.size)


def _is_expected(job: Job, encode: Encode) -> bool:
    """Return whether the middle of a large picture is smooth, which hardly takes time."""
    if math.prod(job.picture.size) < LARGE:
        return False
    rate = replace(job.rate, effort=1, refine=None)
    return _is_smooth(encode(job._replace(picture=_middle(job.picture), rate=rate)))


def _middle(picture: Picture) -> Picture:
    rows, columns = (slice(max(0, (side - SIDE) // 2), (side + SIDE) // 2) for side in picture.size)
    alpha = None if picture.alpha is None else picture.alpha[rows, columns]
    return replace(picture, pixels=picture.pixels[rows, columns], alpha=alpha)
