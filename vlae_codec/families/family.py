"""What a family of models can do: the protocol behind which the codec keeps all differences between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from ..errors import VlaeError
from ..io.images import Picture
from ..model.folder import Tree
from ..model.info import ModelInfo
from ..model.limits import Arrays
from .request import Draw, Rate
from .result import Decoded, Encoded, FileInfo, Progress

Result = TypeVar("Result")


class Job(NamedTuple):
    """A picture to be coded.

    Attributes:
        picture: the picture.
        models: those that may code it, all of one family; the one with the smallest file does.
        rate: how.
        auto: whether no model was named, so that the picture may be stored without one.
    """

    picture: Picture
    models: tuple[ModelInfo, ...]
    rate: Rate
    auto: bool = False


class Family(Protocol):
    """A kind of model and of file; `known.register` makes it known.

    Attributes:
        name: as model.json has it.
        modes: of its files, see `container.header`.
        options: names of those fields of `Rate` that it honours.
    """

    name: str
    modes: frozenset[int]
    options: frozenset[str]

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the family's limits.

        Raises:
            ModelError: one is missing or out of range.
        """

    def load(self, tree: Tree, arrays: Arrays, device: str) -> Any:
        """Return the model of checked settings and integer arrays, on a device ("cpu", "torch" or "cuda").

        Raises:
            ModelError: the arrays do not fit, or the device is not there.
        """

    def probe(self, model: Any) -> None:
        """Put each network of a model to work on a small picture.

        Raises:
            VlaeError: they give numbers beyond what the format allows.
        """

    def takes(self, picture: Picture, info: ModelInfo, rate: Rate) -> bool:
        """Return whether a model is meant for a picture that names none."""

    def encode(
        self, jobs: Sequence[Job], rate: Rate, device: str, progress: Progress | None
    ) -> Iterator[Encoded | VlaeError]:
        """Yield the file of each picture, or what is wrong with it.

        Args:
            jobs: pictures for models of this family.
            rate: that of all of them, its options among those of the family.
            device: "cpu", "torch" or "cuda"; the bytes are the same.
            progress: Callback with pictures or rows.
        """

    def head(self, data: bytes) -> FileInfo:
        """Return what the first bytes of a file say, without its sections.

        Raises:
            FormatError: no file of the family, or cut within its head.
        """

    def describe(self, data: bytes) -> FileInfo:
        """Return what a file says, its checksums unread.

        Raises:
            FormatError: no file of the family, or cut short.
        """

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        """Return the model of a file, and whether all of it is intact; of a lossless one less may be left.

        Raises:
            FormatError: no file of the family, or damaged.
            ModelError: the model is unknown.
        """

    def decode(
        self, files: Sequence[bytes], draw: Draw, device: str, progress: Progress | None
    ) -> Iterator[Decoded | VlaeError]:
        """Yield the pictures of each file, or what is wrong with it.

        Args:
            files: of the family.
            draw: how.
            device: "cpu", "torch" or "cuda"; the pixels are the same.
            progress: Callback with pictures or rows.
        """


def attempt(work: Callable[[], Result]) -> Result | VlaeError:
    """Return what comes of some work, or the error that a user can meet."""
    try:
        return work()
    except VlaeError as error:
        return error


class OneByOne(ABC):
    """A family whose pictures, of any size, are coded and drawn one by one.

    Attributes:
        container: the module of its files, whose `parse_head_of` and `parse_file` give parts that describe themselves.
    """

    container: Any

    def head(self, data: bytes) -> FileInfo:
        """Return what the first bytes of a file say."""
        info: FileInfo = self.container.parse_head_of(data)[0].describe()
        return info

    def describe(self, data: bytes) -> FileInfo:
        """Return what a file says."""
        info: FileInfo = self.container.parse_file(data).describe(len(data))
        return info

    @abstractmethod
    def encode_one(self, job: Job, device: str, progress: Progress | None) -> Encoded:
        """Return the file of a picture; raises VlaeError if it cannot be coded."""

    @abstractmethod
    def decode_one(self, data: bytes, draw: Draw, device: str, progress: Progress | None) -> Decoded:
        """Return the pictures of a file; raises VlaeError if it is damaged or its model unknown."""

    def encode(
        self, jobs: Sequence[Job], rate: Rate, device: str, progress: Progress | None
    ) -> Iterator[Encoded | VlaeError]:
        """Yield the file of each picture, or what is wrong with it."""
        return (attempt(partial(self.encode_one, job, device, progress)) for job in jobs)

    def decode(
        self, files: Sequence[bytes], draw: Draw, device: str, progress: Progress | None
    ) -> Iterator[Decoded | VlaeError]:
        """Yield the pictures of each file, or what is wrong with it."""
        return (attempt(partial(self.decode_one, data, draw, device, progress)) for data in files)
