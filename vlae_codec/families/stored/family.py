"""The family of files without a model, as the registry has it."""

from __future__ import annotations

from typing import Any

from ...container.header import STORED
from ...errors import ModelError
from ...io.images import Picture
from ...model import info as names
from ...model.folder import Tree
from ...model.info import ModelInfo
from ...model.limits import Arrays
from ..family import Job, OneByOne
from ..request import Draw, Rate
from ..result import Decoded, Encoded, FileInfo, Progress
from . import codec
from .container import StoredFile, check_file, file_sections, parse_file, parse_head_of


class StoredFamily(OneByOne):
    """Exact pixels of any picture, by a general coder."""

    name = names.STORED
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
        """Return True: any picture can be coded."""
        return True

    def encode_one(self, job: Job, device: str, progress: Progress | None) -> Encoded:
        """Return the file of a picture."""
        return codec.compress(job.picture, job.rate.steps)

    def head(self, data: bytes) -> FileInfo:
        """Return what the first bytes of a file say."""
        return _described(parse_head_of(data)[0])

    def describe(self, data: bytes) -> FileInfo:
        """Return what a file says."""
        return _described(parse_file(data), len(data))

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        """Return what stands for the model of a verified file."""
        parse_file(data)
        check_file(data)
        return codec.INFO, True

    def decode_one(self, data: bytes, draw: Draw, device: str, progress: Progress | None) -> Decoded:
        """Return the picture of a file."""
        draw.check((), codec.INFO)
        return Decoded((codec.decompress(data, max_pixels=draw.max_pixels, progress=progress)[0],), codec.INFO)


def _described(file: StoredFile, size: int = 0) -> FileInfo:
    """Return what a file of so many bytes says, without sections if its size is not known."""
    sections, sides = tuple(file_sections(file, size)) if size else (), (file.height, file.width)
    return FileInfo(
        file.prefix, "stored, 16 bits" if file.deep else "stored", True, sides, sides,
        (1 if file.grey else 3) + file.alpha, 16 if file.deep else 8, len(file.residual), sections,
    )  # fmt: skip
