"""The sender's work on one picture: its latents at a level of quality, coded, with a filter or without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...container.limits import is_thin
from ...exact.backend import Array
from ...io.images import squared_error
from ..request import Rate
from ..result import Progress
from . import coding, rounding
from .compensation import Source
from .container import PhotoFile, write_file
from .masking import masking
from .model import PATCH, PhotoModel
from .restoration import SIZE, fitted, restore
from .target import CLOSE, Search
from .transform import Levels, grid, padded, synthesise

FITTED, ROWS = 1 << 22, 16
"""Pixels of a picture that its filter is fitted to at the most, and rows of latents that are never too many."""

Refine = Callable[[Levels, Array, int, Progress | None], Array]
"""Returns better latents of a padded picture, given it, its latents and the level; a callback follows its steps."""


class Sender:
    """Makes files of one picture.

    Args:
        model: the model.
        levels: the picture (H, W, 3).
        rate: effort, and whether there is a target.
        empty: what the file says but level, payload and filter.
        refine: returns better latents, if they are to be searched for.
        progress: Callback with steps of that search.
    """

    def __init__(
        self,
        model: PhotoModel,
        levels: Levels,
        rate: Rate,
        empty: PhotoFile,
        refine: Refine | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.levels, self.effort, self.empty = model, levels, rate.steps, empty
        self.refine, self.progress, self.several = refine, progress, rate.target_bytes is not None
        self.source = Source(model, levels, rate.steps, self.several)
        self._latents: Array | None = None
        chooses = rate.steps > rounding.PLAIN and not is_thin(*levels.shape[:2])
        self.masking = masking(levels) if chooses and refine is None else None
        # A thin picture has few pixels to fit a filter to beside what drawing them takes.
        self.filters = chooses

    def at(self, level: int) -> tuple[PhotoFile, coding.Coded]:
        """Return the file at a level of quality, and its payload."""
        found = self.code(level)
        return self._file(level, found, self.filters), found

    def within(self, target: int) -> tuple[PhotoFile, coding.Coded]:
        """Return the file that comes nearest to the picture in so many bytes, and its payload.

        Where a filter would take a good part of them, a finer level without one is compared.

        Raises:
            ImageError: no level keeps within them.
        """
        room = target - len(write_file(self.model.fingerprint, self.empty))
        search, spare = Search(self.code, target, room), SIZE * self.filters
        level = search.level(spare)
        fits = len(search.found[level].payload) + spare <= room
        best = self._file(level, search.found[level], self.filters and fits)
        if spare > (1 - CLOSE) * room and (finer := search.level(0)) > level:
            other = self._file(finer, search.found[finer], False)
            if not best.filter or self._error(other) < self._error(best):
                best = other
        return best, search.found[best.level]

    def code(self, level: int) -> coding.Coded:
        """Return the payload at a level of quality."""
        self._latents = None
        latents = self.source.latents(level)
        if self.refine is None:
            found = coding.push(self.model, latents, level, self.effort, self.masking)  # which rounds them
        else:
            ops, inner = self.model.ops, latents[:, 1:-1, 1:-1]
            inner[:] = ops.load(self.refine(padded(self.levels), ops.to_numpy(inner), level, self.progress), False)
            found = coding.push(self.model, latents, level, rounding.PLAIN)
        self._latents = None if self.several else latents
        return found

    def _file(self, level: int, found: coding.Coded, filtered: bool) -> PhotoFile:
        places = grid(self.levels.shape[:2])
        file = replace(self.empty, level=level, payload=found.payload.ljust(coding.least_payload(*places), b"\0"))
        return replace(file, filter=self._filter(file)) if filtered else file

    def _filter(self, file: PhotoFile) -> bytes:
        """Return the restoration filter of a picture; nothing where it saves less than its bytes are worth.

        It is fitted to a stripe of the full width in the middle: of large pictures, and of half of the height where
        another synthesis has been paid for.
        """
        latents = self._rounded(file) if self._latents is None else self._latents
        rows, width = latents.shape[1] - 2, self.levels.shape[1]
        count = min(rows, max(4, FITTED // (PATCH * width)))
        if self.source.sixteenths(file.level):
            count = min(count, max(ROWS, rows // 2))
        top = (rows - count) // 2
        stripe = self.levels[PATCH * top : PATCH * (top + count)]
        drawn = synthesise(self.model, latents[:, top : top + count + 2], file.level, stripe.shape[:2])
        filter_, saved = fitted(drawn, stripe)
        worth = self.model.slope(file.level) * saved / self.levels.shape[2] * len(self.levels) / len(stripe)
        return filter_ if worth > 8 * SIZE else b""

    def _rounded(self, file: PhotoFile) -> Array:
        return coding.pop(self.model, file.payload, *grid(self.levels.shape[:2]), file.level)

    def _error(self, file: PhotoFile) -> int:
        """Return the squared error of the picture that a file gives."""
        found = synthesise(self.model, self._rounded(file), file.level, self.levels.shape[:2])
        if file.filter:
            restore(found, file.filter)
        return squared_error(found, self.levels)
