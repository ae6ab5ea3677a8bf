"""What a `.vlz` file says of itself, whether its model is here or not; nothing is decoded and no weights are read."""

from __future__ import annotations

from ..container import envelope
from ..container.archive import parse_archive
from ..errors import ModelError
from ..families import known
from ..families.bilevel.archive import identify_archive
from ..families.bilevel.identify import is_archive
from .archive import archive_file_record
from .records import FileRecord, file_record, with_metadata


def describe(data: bytes, source: str = "") -> tuple[FileRecord, ModelError | None]:
    """Return the record of a file, and the error of its model if that is not here.

    Args:
        data: the file.
        source: its name, for the record.

    Raises:
        FormatError: the bytes are no .vlz file, or are damaged.
    """
    inner, metadata = envelope.unwrap(data)
    record, problem = _describe(inner, source)
    return with_metadata(record, metadata, len(data) - len(inner)), problem


def _describe(data: bytes, source: str) -> tuple[FileRecord, ModelError | None]:
    if is_archive(data):
        header = parse_archive(data)
        try:
            return archive_file_record(source, identify_archive(data, header), header), None
        except ModelError as error:
            return archive_file_record(source, None, header), error
    family = known.family_of_file(data)
    file = family.describe(data)
    try:
        return file_record(source, family.identify(data)[0], file, len(data)), None
    except ModelError as error:
        return file_record(source, None, file, len(data)), error
