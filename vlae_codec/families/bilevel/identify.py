"""What kind of file some bytes are, and which model made them; no weights are read."""

from __future__ import annotations

from functools import partial

from ...container.header import ARCHIVE, COLLECTION, MAGIC, VERSION, Container, check, parse, parse_head
from ...errors import FormatError
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


def identify(data: bytes) -> tuple[ModelInfo, Container, bool]:
    """Model and parts of a file of one picture, and whether its checksum is right; no weights are read.

    A lossless file without the right checksum was cut or is damaged: its lossy picture is left, by the first model
    whose fingerprint begins alike.

    Raises:
        FormatError: the bytes are no .vlz file of one picture, or of a lossy one that is damaged.
        ModelError: the model is unknown.
    """
    container = parse(data)
    try:
        return registry.find_checked(container.prefix, BILEVEL, partial(check, data)), container, True
    except FormatError:
        if container.residual is None:
            raise
    return registry.find_checked(container.prefix, BILEVEL, lambda fingerprint: None), container, False
