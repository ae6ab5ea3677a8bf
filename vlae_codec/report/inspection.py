"""What a `.vlz` file says of itself, whether its model is here or not; nothing is decoded and no weights are read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..container import envelope
from ..container.archive import BITS_BACK, KINDS, archive_sections, parse_archive
from ..errors import ModelError
from ..families import known
from ..families.bilevel.archive import identify_archive
from ..families.bilevel.identify import is_archive
from ..families.result import FileInfo
from ..model.info import ModelInfo
from .records import FileRecord, file_record, with_metadata


def describe(data: bytes, source: str = "") -> tuple[FileRecord, ModelError | None]:
    """Return the record of a file, and the error of its model if that is not here.

    Args:
        source: its name, for the record.

    Raises:
        FormatError: the bytes are no .vlz file, or are damaged.
    """
    inner, metadata = envelope.unwrap(data)
    record, problem = _describe(inner, source)
    return with_metadata(record, metadata, len(data) - len(inner)), problem


def _describe(data: bytes, source: str) -> tuple[FileRecord, ModelError | None]:
    identify: Callable[[], ModelInfo]
    if is_archive(data):
        head = parse_archive(data)
        sections, payload = tuple(archive_sections(head)), sum(head.lengths)
        file = FileInfo(head.prefix, KINDS[head.kind], head.kind == BITS_BACK, payload=payload, sections=sections)
        size, images, identify = head.size, head.count, partial(identify_archive, data, head)
    else:
        family = known.family_of_file(data)
        file, size, images, identify = family.describe(data), len(data), 1, lambda: family.identify(data)[0]
    try:
        return file_record(source, identify(), file, size, images), None
    except ModelError as error:
        return file_record(source, None, file, size, images), error
