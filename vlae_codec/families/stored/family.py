"""The family of files without a model, as the registry has it."""

from __future__ import annotations

from typing import Any

from ...container.header import STORED, check
from ...errors import ModelError
from ...io.images import Picture
from ...model import info as names
from ...model.folder import Tree
from ...model.info import ModelInfo
from ...model.limits import Arrays
from ..family import Job, OneByOne
from ..request import Draw, Rate
from ..result import Decoded, Encoded, Progress
from . import codec, container


class StoredFamily(OneByOne):
    """Exact pixels of any picture, by a general coder."""

    name = names.STORED
    container = container
    modes = frozenset({STORED})
    options = frozenset({"quality", "target_bytes", "lossless", "effort"})

    def check(self, tree: Tree) -> None:
        """Refuse any model: the family has none."""
        raise ModelError("the stored family has no models")

    def load(self, tree: Tree, arrays: Arrays, device: str) -> Any:
        """Refuse any model."""
        self.check(tree)

    def probe(self, model: Any) -> None:
        """Do nothing: there is no model."""

    def takes(self, picture: Picture, info: ModelInfo, rate: Rate) -> bool:
        """Return whether the exact pixels are wanted."""
        return rate.lossless

    def encode_one(self, job: Job, device: str, progress: Progress | None) -> Encoded:
        """Return the file of a picture."""
        return codec.compress(job.picture, job.rate.steps, progress=progress)

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        """Return what stands for the model of a verified file."""
        container.parse_file(data)
        check(data, container.NO_MODEL)
        return codec.INFO, True

    def decode_one(self, data: bytes, draw: Draw, device: str, progress: Progress | None) -> Decoded:
        """Return the picture of a file."""
        draw.check((), codec.INFO)
        return Decoded((codec.decompress(data, max_pixels=draw.max_pixels, progress=progress)[0],), codec.INFO)
