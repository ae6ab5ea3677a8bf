"""The page family, as the registry has it."""

from __future__ import annotations

import numpy as np

from ...container.header import PAGE
from ...io.images import Picture
from ...model import info as names
from ...model.folder import Tree
from ...model.info import ModelInfo
from ...model.limits import Arrays, check_format, check_keys
from ..family import Job, OneByOne
from ..request import Draw, Rate
from ..result import Decoded, Encoded, Progress
from . import codec, container
from .model import PageModel
from .walk import BESIDE, walk

PROBED_SIDE = 24


class PageFamily(OneByOne):
    """Pages of two levels, of any size, without loss."""

    name = names.PAGE
    container = container
    modes = frozenset({PAGE})
    options = frozenset({"lossless"})

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits; shifts are checked with the arrays."""
        check_format(tree, 3)
        check_keys(tree, {"shifts": dict})

    def load(self, tree: Tree, arrays: Arrays, device: str) -> PageModel:
        """Return the model of settings and arrays, held against one another; it computes on numpy for any device."""
        return PageModel(tree, arrays)

    def probe(self, model: PageModel) -> None:
        """Go through a page of a few strokes of ink."""
        page = np.zeros((PROBED_SIDE, PROBED_SIDE + BESIDE), np.uint8)
        page[PROBED_SIDE // 3 :: 3, PROBED_SIDE // 4 : PROBED_SIDE] = 1
        walk(model, page, lambda line, ones: line)

    def takes(self, picture: Picture, info: ModelInfo, rate: Rate) -> bool:
        """Return False: pictures of two levels are found where models of photographs are chosen."""
        return False

    def encode_one(self, job: Job, device: str, progress: Progress | None) -> Encoded:
        """Return the file of a picture."""
        return codec.compress(job.picture, job.models[0], progress)

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        """Return the model of a verified file."""
        return codec.identify(data)[0], True

    def decode_one(self, data: bytes, draw: Draw, device: str, progress: Progress | None) -> Decoded:
        """Return the picture of a file."""
        draw.check((), codec.identify(data)[0])
        pixels, info = codec.decompress(data, max_pixels=draw.max_pixels, progress=progress)
        return Decoded((pixels,), info)
