"""What kind of file some bytes are, and which model made them; no weights are read."""

from __future__ import annotations

from ...container.header import (
    ARCHIVE,
    COLLECTION,
    LOSSLESS,
    MAGIC,
    VERSION,
    Container,
    LosslessContainer,
    check,
    parse,
    parse_head,
    parse_lossless,
)
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


def identify(data: bytes) -> tuple[ModelInfo, Container | LosslessContainer]:
    """Model and parts of a file of one picture, the checksum of its lossy part verified; no weights are read.

    Raises:
        FormatError: the bytes are no .vlz file of one picture, or are damaged.
        ModelError: the model is unknown.
    """
    container = parse_any(data)
    checked = data if isinstance(container, Container) else data[: container.checked]
    return registry.find_checked(container.prefix, BILEVEL, lambda fingerprint: check(checked, fingerprint)), container


def parse_any(data: bytes) -> Container | LosslessContainer:
    """Return the parts of a file of one picture, its checksums unread.

    Raises:
        FormatError: as `parse` and `parse_lossless`.
    """
    return parse_lossless(data) if parse_head(data)[0] == LOSSLESS else parse(data)
