"""What kind of file some bytes are, and which model made them; no weights are read."""

from __future__ import annotations

from functools import partial

from ...container.header import ARCHIVE, COLLECTION, MAGIC, VERSION, Container, check, parse, parse_head
from ...model.info import BILEVEL, ModelInfo
from .. import registry


def is_collection(data: bytes) -> bool:
    """Return whether a file begins as a collection."""
    return data[:3] == MAGIC + bytes([VERSION << 4 | COLLECTION])


def is_archive(data: bytes) -> bool:
    """Whether a file begins like an archive of many pictures.

    Raises:
        FormatError: it is no .vlz file.
    """
    return parse_head(data)[0] == ARCHIVE


def identify(data: bytes) -> tuple[ModelInfo, Container]:
    """Model and parts of a file of one picture, the checksum of its lossy part verified; no weights are read.

    Raises:
        FormatError: the bytes are no .vlz file of one picture, or are damaged.
        ModelError: the model is unknown.
    """
    container = parse(data)
    return registry.find_checked(container.prefix, BILEVEL, partial(check, data[: container.checked])), container
