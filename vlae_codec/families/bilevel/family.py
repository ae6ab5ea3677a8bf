"""The bilevel family, as the registry has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from ...container.header import LOSSLESS, MODES, parse, parse_head, sections
from ...errors import VlaeError
from ...io.adjust import is_hidden_ink, is_ink
from ...io.images import Picture, is_grey
from ...model.folder import Tree
from ...model.info import BILEVEL, ModelInfo
from ...model.limits import Arrays, check_arrays, check_format, check_info, check_tables
from ...model.networks import IntegerModel
from ..family import Job, attempt
from ..request import Draw, Rate
from ..result import Decoded, Encoded, FileInfo, Progress
from . import codec
from .identify import identify


class BilevelFamily:
    """Pictures of 0 and 1 of one size, which the model fixes."""

    name = BILEVEL
    modes = frozenset({*MODES, LOSSLESS})
    options = frozenset({"bits", "quality", "lossless", "effort", "code", "fit", "binarise"})
    draws = frozenset({"seed", "samples", "preview"})

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits."""
        check_format(tree, 1)
        check_info(tree)

    def load(self, tree: Tree, arrays: Arrays, device: str) -> IntegerModel:
        """Return the model of settings and arrays, held against one another."""
        check_tables(tree)
        check_arrays(tree, arrays)
        return IntegerModel(tree, arrays, device)

    def probe(self, model: IntegerModel) -> None:
        """Code and draw an empty picture."""
        blank = np.zeros((1, model.height, model.width), np.uint8)
        z, _ = model.posterior(blank)
        model.draw(model.joined(z, model.likely_labels(blank)) if model.labels else z)

    def takes(self, picture: Picture, info: ModelInfo, rate: Rate) -> bool:
        """Return whether a picture is of the model's size and of bright ink; without loss, whether it is bilevel."""
        if not rate.fit and picture.size != (info.height, info.width):
            return False
        if (rate.lossless and picture.deep is not None) or is_hidden_ink(picture) or not is_grey(picture.pixels):
            return False
        if rate.keeps_pixels:
            return picture.alpha is None and bool(np.isin(picture.pixels, (0, 255)).all())
        return rate.fit or rate.binarise or is_ink(picture)

    def encode(
        self, jobs: Sequence[Job], rate: Rate, device: str, progress: Progress | None
    ) -> Iterator[Encoded | VlaeError]:
        """Yield the files of pictures, which are coded together."""
        ready = [attempt(partial(codec.prepare, job.picture, job.models, rate.fit, rate.keeps_pixels)) for job in jobs]
        good = [one for one in ready if not isinstance(one, VlaeError)]
        made = attempt(
            partial(
                codec.compress_images, good, bits=rate.bits, quality=rate.quality, effort=rate.steps,
                code=rate.code, lossless=rate.lossless, device=device, progress=progress,
            )
        )  # fmt: skip
        files: Iterator[Encoded | VlaeError] = iter([made] * len(good) if isinstance(made, VlaeError) else made)
        yield from (one if isinstance(one, VlaeError) else next(files) for one in ready)

    def head(self, data: bytes) -> FileInfo:
        """Return what the first bytes of a file say."""
        mode, prefix = parse_head(data)
        return FileInfo(prefix, "lossless" if mode == LOSSLESS else MODES[mode], mode == LOSSLESS)

    def describe(self, data: bytes) -> FileInfo:
        """Return what a file says."""
        file = parse(data)
        exact, payload = file.residual is not None, len(file.payload) + len(file.residual or b"")
        mode = "lossless" if exact else MODES[file.mode]
        return FileInfo(file.prefix, mode, exact, payload=payload, sections=tuple(sections(file)))

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        """Return the model of a file, and whether all of it is intact."""
        info, _, whole = identify(data)
        return info, whole

    def decode(
        self, files: Sequence[bytes], draw: Draw, device: str, progress: Progress | None
    ) -> Iterator[Decoded | VlaeError]:
        """Yield the pictures of files, which are drawn together."""
        ready = [attempt(partial(self._open, data, draw, device)) for data in files]
        good = [one for one in ready if not isinstance(one, VlaeError)]
        drawn = iter(codec.draw_images(good, seed=draw.seed, samples=draw.samples, device=device, progress=progress))
        for one in ready:
            if isinstance(one, VlaeError):
                yield one
            else:
                yield Decoded(tuple(next(drawn).astype(bool)), one.model, one.notice or "")

    def _open(self, data: bytes, draw: Draw, device: str) -> codec.OpenedFile:
        file = codec.open_file(data, device, draw.preview, draw.max_pixels)
        draw.check(self.draws if file.residual is None else {"preview"}, file.model)
        return file
